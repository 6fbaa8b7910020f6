"""Score maps made ready to be measured: of one size at most, and smoothed by a width that nobody tuned."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE: Final = 128
"""Largest side of maps that are measured: two thousand of them take 66 MB as levels."""
SIGMA: Final = 1 / 64
"""Standard deviation of the smoothing as a share of a map's side: 4 pixels at 256 × 256, as is common for
anomaly maps of about that size."""


def smooth(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Smooth each of some maps (n, side, side) by a Gaussian of `SIGMA` times the side; they are mirrored at their edges."""
    sigma = SIGMA * maps.shape[1]
    return np.stack([cv2.GaussianBlur(one, (0, 0), sigma) for one in maps])
