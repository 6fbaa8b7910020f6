"""Pixel masks of a video in one NumPy array, as ShanghaiTech releases them."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.arrays import map_array
from benchmarks.errors import StudyError
from benchmarks.reading import expected


def array_masks(path: Path, length: int) -> "ArrayMasks":
    """Return the masks of a video of `length` frames; raises StudyError where the file holds another array.

    path: .npy of (length, height, width), any value but 0 abnormal; the array itself is not read here.
    """
    with expected(f"{length} masks", path):
        shape = map_array(path).shape
    if len(shape) != 3 or shape[0] != length:
        raise StudyError(
            f"{length} masks, one per frame, were expected in {path}, but it holds an array of shape {shape}; restore "
            "the masks or the video."
        )
    return ArrayMasks(path)


# Masks of a video are read one after another, so one array is all that is kept.
@lru_cache(maxsize=1)
def _array(path: Path) -> NDArray[np.generic]:
    with expected("masks", path):
        return np.array(map_array(path))


@dataclass(frozen=True)
class ArrayMasks:
    """Pixel masks of one video in one array (length, height, width)."""

    path: Path

    def __call__(self, index: int) -> NDArray[np.bool_]:
        """Return the mask of frame `index` as (height, width) bool."""
        return np.asarray(_array(self.path)[index] != 0)
