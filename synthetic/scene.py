"""What a scene holds: settings of the set, kinds of anomaly, abnormal ranges."""

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, get_args

REFERENCE_SIZE = 256  # radius and speeds are stated in pixels of a frame of this side
MIN_TEST_FRAMES = 16  # shortest test video in which three ranges and the normal frames between them find room

SquareRule = Literal["equal_area", "equal_side"]
Boundary = Literal["bounce", "cross"]
Split = Literal["train", "test"]


class Kind(IntEnum):
    """Kind of anomaly of an object or a frame; the numbers are those written to files."""

    NORMAL = 0
    SPATIAL = 1
    TEMPORAL = 2
    SPATIO_TEMPORAL = 3

    @property
    def is_square(self) -> bool:
        """Whether the shape is abnormal."""
        return self in (Kind.SPATIAL, Kind.SPATIO_TEMPORAL)

    @property
    def is_fast(self) -> bool:
        """Whether the speed is abnormal."""
        return self in (Kind.TEMPORAL, Kind.SPATIO_TEMPORAL)


@dataclass(frozen=True)
class AbnormalRange:
    """Frames ``start`` to ``stop`` - 1 in which one object is abnormal, all of one kind.

    Under ``cross`` it says from which frame on the next object to enter is abnormal; it stays so until it has left.
    """

    start: int
    stop: int
    kind: Kind


@dataclass(frozen=True)
class SceneSettings:
    """Settings of the set; ``radius`` and the speeds are in pixels (per frame) at 256x256 and scale with the frame.

    size: side of the square frame in pixels.
    square_rule: ``equal_area`` (a square has the circle's area, so brightness does not tell them apart) or
        ``equal_side`` (its side is the circle's diameter).
    objects: number of objects in the scene at any time.
    boundary: ``bounce`` (objects are reflected and always wholly visible) or ``cross`` (they enter, cross and leave,
        and the next one enters as soon as one has left).
    background, foreground: grey levels; noise: standard deviation of sensor noise in grey levels;
    texture: standard deviation of a smooth static background texture in grey levels.
    Raises ValueError where a value is out of range. Source: seed 003 for shapes, radius and speeds.
    """

    size: int = 128
    radius: float = 10.0
    normal_speed: float = 5.0
    fast_speed: float = 10.0
    square_rule: SquareRule = "equal_area"
    objects: int = 3
    boundary: Boundary = "bounce"
    background: int = 32
    foreground: int = 224
    noise: float = 0.0
    texture: float = 0.0
    train_videos: int = 20
    train_frames: int = 100
    test_videos: int = 20
    test_frames: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        self._check_choices()
        self._check_counts()
        self._check_geometry()

    def _check_choices(self) -> None:
        for name, valid in (("square_rule", get_args(SquareRule)), ("boundary", get_args(Boundary))):
            if (value := getattr(self, name)) not in valid:
                raise ValueError(f"{name} must be one of {', '.join(valid)}, got {value!r}.")

    def _check_counts(self) -> None:
        least = {"size": 16, "objects": 1, "train_videos": 1, "train_frames": 1, "test_videos": 1, "seed": 0}
        for name, minimum in (least | {"test_frames": MIN_TEST_FRAMES}).items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
                raise ValueError(f"{name} must be a whole number of at least {minimum}, got {value!r}.")

    def _check_geometry(self) -> None:
        for name in ("radius", "normal_speed", "fast_speed", "noise", "texture"):
            value = getattr(self, name)
            if (
                not isinstance(value, int | float)
                or not math.isfinite(value)
                or value < 0
                or (value == 0 and name not in ("noise", "texture"))
            ):
                raise ValueError(f"{name} must be a finite number above 0 (noise and texture: or 0), got {value!r}.")
        for name in ("background", "foreground"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value <= 255:
                raise ValueError(f"{name} must be a grey level from 0 to 255, got {value!r}.")
        if self.pixel_radius < 1:
            raise ValueError(
                f"radius must be at least 1 pixel in the frame, got {self.radius!r} pixels at {REFERENCE_SIZE}, which "
                f"is {self.pixel_radius:.2f} at size {self.size}."
            )
        # A fast object may meet each wall at most once a frame, so the free way must exceed its step.
        if self.size - 2 * self.pixel_radius <= max(self.pixel_normal_speed, self.pixel_fast_speed):
            raise ValueError(
                f"radius {self.radius!r} and fast_speed {self.fast_speed!r} leave no room to move in a frame of "
                f"{REFERENCE_SIZE} pixels: choose smaller ones."
            )

    @property
    def scale(self) -> float:
        """Frame pixels per pixel at 256x256."""
        return self.size / REFERENCE_SIZE

    @property
    def pixel_radius(self) -> float:
        """Radius of a circle in frame pixels."""
        return self.radius * self.scale

    @property
    def pixel_half_side(self) -> float:
        """Half the side of a square in frame pixels; never more than the circle's radius."""
        return self.pixel_radius * (math.sqrt(math.pi) / 2 if self.square_rule == "equal_area" else 1.0)

    @property
    def pixel_normal_speed(self) -> float:
        """Normal speed in frame pixels per frame."""
        return self.normal_speed * self.scale

    @property
    def pixel_fast_speed(self) -> float:
        """Abnormal speed in frame pixels per frame."""
        return self.fast_speed * self.scale

    def pixel_speed(self, kind: Kind) -> float:
        """Speed of an object of this kind in frame pixels per frame."""
        return self.pixel_fast_speed if kind.is_fast else self.pixel_normal_speed
