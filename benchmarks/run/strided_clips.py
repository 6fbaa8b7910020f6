"""Clips of several temporal strides as one training set: an augmentation that shows the same scene at other speeds."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.data.clips import Clips
from benchmarks.run.contract import Batch
from benchmarks.run.feed import Feed


class StridedClips(Clips):
    """All clips of the parts, part by part; the parts cut the same videos with different temporal strides.

    steps: (n_clips,) int64, frames between a clip's own frames. Clips of one video do not follow each other here, so they
    serve training and not scoring.
    """

    def __init__(self, parts: Sequence[Clips]) -> None:
        plain = parts[0]
        super().__init__(plain.frames, plain.lengths, length=plain.length, stride=plain.stride, videos=plain.videos)
        self.starts = np.concatenate([part.starts for part in parts])
        self.first = np.concatenate([part.first for part in parts])
        self.video = np.concatenate([part.video for part in parts])
        self.steps = np.repeat(np.array([part.temporal_stride for part in parts]), [len(part) for part in parts])

    def positions(self, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where in the store the frames of clips `indices` lie, (batch, length)."""
        chosen = np.asarray(indices, dtype=np.int64)
        offsets = np.arange(self.length)[None] * self.steps[chosen][:, None]
        found: NDArray[np.int64] = self.starts[chosen][:, None] + offsets
        return found

    def take(
        self, indices: Sequence[int] | NDArray[np.int64], out: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """Return clips `indices` as `Clips.take` does."""
        return np.take(self.frames, self.positions(indices), axis=0, out=out)

    def spans_by_video(self) -> Iterator[range]:
        """Refuse: the clips are not in the order of the videos."""
        raise NotImplementedError


class StridedFeed(Feed):
    """A feed of strided clips, whose frames on an accelerator are found clip by clip."""

    def __init__(self, clips: StridedClips, device: torch.device) -> None:
        super().__init__(clips, device)
        self.strided = clips

    def batch(self, indices: NDArray[np.int64], epoch: int | None = None) -> Batch:
        """Return the clips of these indices."""
        if self.on_device is None:
            return super().batch(indices, epoch)
        clips = self.strided
        frames = self.on_device[torch.from_numpy(clips.positions(indices)).to(self.device)]
        return Batch(frames, clips.video[indices], clips.first[indices], indices, epoch)


def training_feed(clips: Clips, device: torch.device) -> Feed:
    """Return the feed that knows how to cut these clips."""
    return StridedFeed(clips, device) if isinstance(clips, StridedClips) else Feed(clips, device)
