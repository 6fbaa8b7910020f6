"""Frames with what a method got wrong laid over them."""

from typing import Final

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from scipy.signal import convolve2d

WINDOW: Final = 4
THRESHOLD: Final = 4 * 255
"""Of the sum of absolute differences in grey levels over a window (source document 001: `threshold = 4*255`)."""
# Orange on grey frames stands out for everybody, and prints darker than what is abnormal is lit.
_MARK: Final = np.array([213, 94, 0], dtype=np.float64)


def grey(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean over channels in grey levels; images: (..., height, width, channels) -> (..., height, width)."""
    return np.asarray(images.astype(np.float64).mean(axis=-1))


def error_map(target: NDArray[np.uint8], output: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Sum of absolute differences in grey levels over 4×4 windows, (height, width), as source document 001 has it.

    target, output: (height, width, channels) uint8. A frame is compared with what a method was to give: for
    reconstruction, as there, that is its input.
    """
    difference = np.abs(grey(output) - grey(target))
    return np.asarray(convolve2d(difference, np.ones((WINDOW, WINDOW)), mode="same"))


def marked(target: NDArray[np.uint8], output: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The target in grey, pixels whose 4×4 error exceeds the threshold in orange: (height, width, 3) uint8."""
    picture = np.repeat(grey(target)[..., None], 3, axis=-1)
    picture[error_map(target, output) > THRESHOLD] = _MARK
    return np.rint(picture).astype(np.uint8)


def heated(target: NDArray[np.uint8], error: NDArray[np.floating], highest: float) -> NDArray[np.uint8]:
    """The target in grey under its error as heat, the more opaque the larger: (height, width, 3) uint8.

    error: (height, width); highest: the error that is drawn in full.
    """
    share = np.clip(np.asarray(error, dtype=np.float64) / max(highest, np.finfo(np.float64).tiny), 0, 1)
    heat = 255 * mpl.colormaps["inferno"](share)[..., :3]
    opaque = np.sqrt(share)[..., None]
    laid: NDArray[np.float64] = (1 - opaque) * 0.8 * grey(target)[..., None] + opaque * heat
    return np.rint(laid).astype(np.uint8)
