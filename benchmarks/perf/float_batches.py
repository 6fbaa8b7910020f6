"""Float32 batches in [-1, 1] straight from the frame store: one compiled pass that reads a byte and writes four.

The values are those of `mnad.score.to_frames` bit for bit, which takes a copy and three passes.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.clips import Clips


def float_batch(clips: Clips, indices: NDArray[np.int64], out: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fill ``out`` (batch, length, height, width, channels) float32 with the clips ``indices``, scaled; return it.

    Raises ValueError where ``out`` has another shape or is not contiguous, IndexError beyond the last clip.
    """
    shape = (len(indices), clips.length, *clips.frames.shape[1:])
    if out.shape != shape or not out.flags.c_contiguous:
        raise ValueError(f"out must be contiguous with shape {shape}, not {out.shape}")
    frames = clips.positions(indices)
    size = int(np.prod(shape[2:]))
    # A plain view of the memory map: nothing is read here.
    _scale(np.asarray(clips.frames).reshape(-1), frames.reshape(-1) * size, size, out.reshape(-1))
    return out


@numba.njit(cache=True, error_model="numpy")
def _scale(stored: NDArray[np.uint8], begins: NDArray[np.int64], size: int, out: NDArray[np.float32]) -> None:
    for row in range(begins.size):
        frame = stored[begins[row] : begins[row] + size]
        scaled = out[row * size : (row + 1) * size]
        for j in range(size):
            scaled[j] = np.float32(frame[j]) / np.float32(127.5) - np.float32(1)
