"""What scores without a network rest on: the mean frame, and the distance of frames to a reference.

The reference is the mean frame, or for each frame the one before.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def mean_frame(batches: Iterable[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """Return the mean over all frames (height, width, channels), in grey levels.

    batches: arrays (n, height, width, channels) uint8 that together hold the frames
    Raises ValueError if there are none.
    """
    total: NDArray[np.float64] | None = None
    count = 0
    for frames in batches:
        added = frames.sum(axis=0, dtype=np.float64)
        total = added if total is None else total + added
        count += len(frames)
    if total is None or not count:
        message = "a mean frame needs at least one frame, but none came"
        raise ValueError(message)
    return total / count


def mean_squared_error(
    frames: NDArray[np.uint8], reference: NDArray[np.uint8] | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean squared difference (n,) between frames and a reference, both scaled to [0, 1].

    frames: (n, height, width, channels) uint8; reference: one frame, or one for each
    """
    difference: NDArray[np.float64] = (frames.astype(np.float64) - reference) / 255.0
    error: NDArray[np.float64] = np.square(difference).mean(axis=(1, 2, 3))
    return error
