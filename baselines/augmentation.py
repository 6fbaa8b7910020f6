"""Augmentation of frames with their regions: geometry moves both, light changes the frame alone (seed 004).

Random crop, rotation and flips are one affine map, so that a frame is interpolated once; saturation, brightness and a
blur ("normal filtering") follow. The document names the kinds and no ranges, and lets its augmented set be six times as
large; here each kind is drawn again each time, with even odds.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SMALLEST_CROP, LARGEST_TURN = 0.7, 15.0  # share of the side, degrees
SATURATION, BRIGHTNESS = (0.6, 1.4), (0.7, 1.3)
BLUR = (0.5, 1.2)  # pixels


@dataclass(frozen=True)
class Augmentation:
    """What is done to one frame and its region.

    crop: side of what stays, as a share, resized to the frame's size; centre: of it, (x, y) as shares of the frame;
    turn: degrees; mirror, upside_down: flips; saturation, brightness: factors; blur: standard deviation in pixels.
    """

    crop: float = 1.0
    centre: tuple[float, float] = (0.5, 0.5)
    turn: float = 0.0
    mirror: bool = False
    upside_down: bool = False
    saturation: float = 1.0
    brightness: float = 1.0
    blur: float = 0.0


def draw_augmentation(rng: np.random.Generator) -> Augmentation:
    """Draw each kind with even odds, and its strength evenly from its range."""
    crop, turn, mirror, upside_down, saturation, brightness, blur = rng.random(7) < 0.5
    # Drawn whether used or not, so that one kind's odds move no other's numbers.
    side, x, y = rng.uniform(SMALLEST_CROP, 1), rng.random(), rng.random()
    angle, colour, light, width = (
        rng.uniform(-LARGEST_TURN, LARGEST_TURN), rng.uniform(*SATURATION), rng.uniform(*BRIGHTNESS), rng.uniform(*BLUR)
    )  # fmt: skip
    side = side if crop else 1.0
    return Augmentation(
        crop=side,
        centre=(side / 2 + x * (1 - side), side / 2 + y * (1 - side)),
        turn=angle if turn else 0.0,
        mirror=bool(mirror),
        upside_down=bool(upside_down),
        saturation=colour if saturation else 1.0,
        brightness=light if brightness else 1.0,
        blur=width if blur else 0.0,
    )


def augment(
    frame: NDArray[np.uint8], region: NDArray[np.bool_] | None, how: Augmentation
) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
    """Return the frame (height, width, channels) uint8 and its region (height, width) bool, changed alike.

    What comes in from beyond the edge is mirrored, in both: reflected water counts as water.
    """
    height, width, channels = frame.shape
    matrix = _affine(how, width, height)
    moved = _warp(frame, matrix).reshape(height, width, channels)
    if region is not None:
        region = _warp(region.astype(np.uint8) * np.uint8(255), matrix) >= 128
    if how.saturation != 1 and channels == 3:
        hsv = cv2.cvtColor(moved, cv2.COLOR_BGR2HSV).astype(np.float32)
        hsv[..., 1] = np.clip(hsv[..., 1] * how.saturation, 0, 255)
        moved = np.asarray(cv2.cvtColor(np.rint(hsv).astype(np.uint8), cv2.COLOR_HSV2BGR), dtype=np.uint8)
    if how.brightness != 1:
        moved = np.asarray(cv2.convertScaleAbs(moved, alpha=how.brightness), dtype=np.uint8)
    if how.blur > 0:
        moved = np.asarray(cv2.GaussianBlur(moved, (0, 0), how.blur), dtype=np.uint8)
    return moved.reshape(height, width, channels), region


def _affine(how: Augmentation, width: int, height: int) -> NDArray[np.float64]:
    """The (2, 3) matrix from pixels of the result to pixels of the frame; pixel centres lie at whole numbers."""
    angle = np.deg2rad(how.turn)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    flip = np.diag([-1.0 if how.mirror else 1.0, -1.0 if how.upside_down else 1.0])
    linear = how.crop * turn @ flip
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    source = np.array([how.centre[0] * width - 0.5, how.centre[1] * height - 0.5])
    return np.column_stack([linear, source - linear @ middle])


def _warp(image: NDArray[np.uint8], matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(image, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(warped, dtype=np.uint8)
