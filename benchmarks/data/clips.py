"""Clips cut from a store of frames: windows of one video each, copied only when a batch is taken."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import StudyError


class Clips:
    """All clips of `length` frames within the chosen videos, in order of video and first frame.

    frames: (n_frames, height, width, channels) uint8, the videos one after another; lengths: frames of each video.
    stride: frames between the starts of neighbouring clips. temporal_stride: frames between a clip's own frames; several
    give all clips of the first, then all of the next, an augmentation that shows the same scene at other speeds.
    videos: indices of the videos to cut from, all by default. names: used in error messages only.

    starts: (n_clips,) int64, index into `frames` of each clip's first frame. first: (n_clips,) int64, the same counted
    from the beginning of its video. video: (n_clips,) int64, index of its video. steps: (n_clips,) int64, its temporal
    stride.
    Raises StudyError where a video is shorter than a clip or a setting makes no sense.
    """

    def __init__(
        self,
        frames: NDArray[np.uint8],
        lengths: Sequence[int],
        *,
        length: int,
        stride: int = 1,
        temporal_stride: int | Sequence[int] = 1,
        videos: Sequence[int] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        temporal_strides = (temporal_stride,) if isinstance(temporal_stride, int) else tuple(temporal_stride)
        checked = [("length", length), ("stride", stride), *(("temporal_stride", value) for value in temporal_strides)]
        for what, value in checked:
            if value < 1:
                raise StudyError(f"A clip's {what} must be at least 1, but {value} came; correct the setting.")
        if frames.ndim != 4 or frames.shape[0] != sum(lengths):
            raise StudyError(
                f"Frames of shape ({sum(lengths)}, height, width, channels) were expected for videos of together "
                f"{sum(lengths)} frames, but shape {frames.shape} came; open the store again."
            )
        self.frames = frames
        self.lengths = tuple(int(n) for n in lengths)
        self.length = length
        self.stride = stride
        self.videos = tuple(range(len(self.lengths))) if videos is None else tuple(int(v) for v in videos)

        offsets = np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)
        firsts = [self._firsts(index, step, names) for step in temporal_strides for index in self.videos]
        self._counts = tuple(len(f) for f in firsts)
        self.first: NDArray[np.int64] = np.concatenate([*firsts, np.empty(0, dtype=np.int64)])
        counts = np.asarray(self._counts, dtype=np.int64)
        every = np.asarray(self.videos, dtype=np.int64)
        self.video: NDArray[np.int64] = np.repeat(np.tile(every, len(temporal_strides)), counts)
        steps = np.repeat(np.asarray(temporal_strides, dtype=np.int64), len(every))
        self.steps: NDArray[np.int64] = np.repeat(steps, counts)
        self.starts: NDArray[np.int64] = offsets[self.video] + self.first

    def __len__(self) -> int:
        return len(self.starts)

    def positions(self, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where in `frames` the frames of clips `indices` lie, (batch, length)."""
        chosen = np.asarray(indices, dtype=np.int64)
        found: NDArray[np.int64] = self.starts[chosen][:, None] + np.arange(self.length) * self.steps[chosen][:, None]
        return found

    def take(
        self, indices: Sequence[int] | NDArray[np.int64], out: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """Return clips `indices` as (batch, length, height, width, channels) uint8, in the order given.

        The batch is the only copy made: one contiguous slice per clip, which is what a memory-mapped store reads
        fastest. out: an array of that shape to fill instead of a new one. Raises IndexError beyond the last clip.
        """
        shape = (len(indices), self.length, *self.frames.shape[1:])
        batch = np.empty(shape, dtype=np.uint8) if out is None else out
        if batch.shape != shape:
            raise ValueError(f"out must have shape {shape}, not {batch.shape}")
        chosen = np.asarray(indices, dtype=np.int64)
        for row, (start, step) in enumerate(zip(self.starts[chosen], self.steps[chosen], strict=True)):
            batch[row] = self.frames[start : start + (self.length - 1) * step + 1 : step]
        return batch

    def spans_by_video(self) -> Iterator[range]:
        """Yield the range of clips' indices of each chosen video in order, for each temporal stride in turn."""
        begin = 0
        for count in self._counts:
            yield range(begin, begin + count)
            begin += count

    def _firsts(self, index: int, step: int, names: Sequence[str] | None) -> NDArray[np.int64]:
        """First frames of one video's clips at one temporal stride; raises StudyError where the video has none."""
        if not 0 <= index < len(self.lengths):
            raise StudyError(
                f"Videos 0 to {len(self.lengths) - 1} exist, but video {index} was chosen; correct the list."
            )
        span = (self.length - 1) * step + 1
        if self.lengths[index] < span:
            name = names[index] if names is not None else f"number {index}"
            raise StudyError(
                f"A clip of {self.length} frames, {step} apart, needs a video of at least {span} frames, but "
                f"video {name} has {self.lengths[index]}; choose shorter clips or leave this video out."
            )
        return np.arange(0, self.lengths[index] - span + 1, self.stride, dtype=np.int64)
