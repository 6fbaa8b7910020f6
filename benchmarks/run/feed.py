"""Clips from a store, as batches on the device."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.data.clips import Clips
from benchmarks.run.contract import Batch
from benchmarks.run.streams import numpy_stream


class Feed:
    """Cuts batches out of clips. On an accelerator the frames are moved there once and indexed there."""

    def __init__(self, clips: Clips, device: torch.device) -> None:
        self.clips = clips
        self.device = device
        self.on_device: torch.Tensor | None = None
        if device.type != "cpu":
            self.on_device = torch.from_numpy(np.ascontiguousarray(clips.frames)).to(device)

    def batch(self, indices: NDArray[np.int64], epoch: int | None = None) -> Batch:
        """Return the clips of these indices."""
        clips = self.clips
        if self.on_device is None:
            frames = torch.from_numpy(clips.take(indices))
        else:
            positions = torch.from_numpy(clips.positions(indices)).to(self.device, non_blocking=True)
            frames = self.on_device[positions]
        return Batch(frames, clips.video[indices], clips.first[indices], indices, epoch)

    def shuffled(self, seed: int, epoch: int, size: int) -> Iterator[Batch]:
        """Yield an epoch's batches in the order fixed by (seed, epoch); the last incomplete batch is dropped."""
        order = numpy_stream(seed, "order", epoch).permutation(len(self.clips))
        for start in range(0, len(order) - size + 1, size):
            yield self.batch(order[start : start + size], epoch)

    def by_video(self, size: int) -> Iterator[tuple[int, Iterator[Batch]]]:
        """Yield each video's index with its batches, in the order of the video."""
        for span in self.clips.spans_by_video():
            indices = np.arange(span.start, span.stop, dtype=np.int64)
            pieces = (indices[start : start + size] for start in range(0, len(indices), size))
            yield int(self.clips.video[span.start]), (self.batch(piece) for piece in pieces)
