"""What the pool holds: settings of the set, the camera of a frame, the look of a video, swimmers.

The water lies in the plane z = 0, in metres: x along the lanes from 0 to the pool's length, y across them from the
near edge at 0, z up.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Split = Literal["train", "test"]
Floats = npt.NDArray[np.float64]
Colour = tuple[float, float, float]  # B, G, R, 0 to 255

MIN_TEST_FRAMES = 20


@dataclass(frozen=True)
class PoolSettings:
    """Settings of the set.

    width, height: of a frame in pixels; the default is a fifth of 1600x900, the size that seed 004 trains at.
    length: of the pool in metres; lanes, lane_width: how many and how wide in metres.
    noise: standard deviation of sensor noise in grey levels. train_swimmers: whether training videos hold swimmers too,
    as an annotated set does that has to be inpainted first.
    Raises ValueError where a value is out of range.
    """

    width: int = 320
    height: int = 180
    length: float = 25.0
    lanes: int = 4
    lane_width: float = 2.5
    noise: float = 2.0
    train_videos: int = 9
    train_frames: int = 40
    test_videos: int = 8
    test_frames: int = 50
    train_swimmers: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        least = {
            "width": 64,
            "height": 36,
            "lanes": 1,
            "train_videos": 1,
            "train_frames": 1,
            "test_videos": 1,
            "seed": 0,
        }
        for name, minimum in (least | {"test_frames": MIN_TEST_FRAMES}).items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
                raise ValueError(f"{name} must be a whole number of at least {minimum}, got {value!r}.")
        for name, low in (("length", 10.0), ("lane_width", 1.5), ("noise", 0.0)):
            value = getattr(self, name)
            if not math.isfinite(value) or value < low:
                raise ValueError(f"{name} must be a finite number of at least {low:g}, got {value!r}.")

    @property
    def breadth(self) -> float:
        """Width of the pool across its lanes, in metres."""
        return self.lanes * self.lane_width


@dataclass(frozen=True)
class Camera:
    """A pinhole camera.

    place: (x, y, z) in metres; target: the point (x, y) of the water in the middle of the view; roll: radians;
    view: how many metres of the water the frame's middle row shows.
    """

    place: tuple[float, float, float]
    target: tuple[float, float]
    roll: float
    view: float

    def homography(self, width: int, height: int) -> Floats:
        """Return the (3, 3) matrix from the water's plane (x, y, 1) to homogeneous pixel coordinates."""
        place = np.array(self.place)
        sight = np.array([*self.target, 0.0]) - place
        distance = float(np.linalg.norm(sight))
        forward = sight / distance
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        turned = (
            math.cos(self.roll) * right + math.sin(self.roll) * down,
            math.cos(self.roll) * down - math.sin(self.roll) * right,
        )
        focal = width * distance / self.view
        lens = np.array([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])
        rotation = np.stack([*turned, forward])
        return np.asarray(lens @ np.stack([rotation[:, 0], rotation[:, 1], -rotation @ place], axis=1))


@dataclass(frozen=True)
class Wave:
    """A plane wave of the surface: direction (radians), length (metres), speed (metres per frame), phase (radians)."""

    direction: float
    length: float
    speed: float
    phase: float


@dataclass(frozen=True)
class Look:
    """What one competition's pool looks like.

    water, deck: colours; ropes: the two colours that a rope's floats alternate in; waves: of the surface;
    glare: place (x, y) in metres, reach in metres and strength in grey levels of the light's reflection.
    """

    water: Colour
    deck: Colour
    ropes: tuple[Colour, Colour]
    waves: tuple[Wave, ...]
    glare: tuple[float, float, float, float]


@dataclass(frozen=True)
class Swimmer:
    """A swimmer, crossing the pool along a lane from wall to wall.

    lane: counted from 0; start: the frame in which he leaves the wall, before the video's first where negative;
    speed: metres per frame, negative towards x = 0; stroke: phase of the arms; submerged: under water, without foam.
    """

    lane: int
    start: int
    speed: float
    stroke: float
    submerged: bool
    cap: Colour
    skin: Colour

    def x(self, frame: int, length: float) -> float | None:
        """Return where along the pool his middle is, None where he is not in the pool."""
        margin = 1.2
        way = abs(self.speed) * (frame - self.start)
        if frame < self.start or way > length - 2 * margin:
            return None
        return margin + way if self.speed > 0 else length - margin - way
