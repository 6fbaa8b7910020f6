"""Clips of several temporal strides as one training set."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from benchmarks.data.clips import Clips
from benchmarks.run.feed import Feed
from benchmarks.run.strided_clips import StridedClips, StridedFeed, training_feed

CPU = torch.device("cpu")
LENGTHS = (20, 25, 18)


def numbered() -> NDArray[np.uint8]:
    """Frames of one pixel that say their place in the store."""
    return np.arange(sum(LENGTHS), dtype=np.uint8)[:, None, None, None]


def part(step: int, stride: int = 1) -> Clips:
    """Clips of four frames so far apart, of the first and last video."""
    return Clips(numbered(), LENGTHS, length=4, stride=stride, temporal_stride=step, videos=(0, 2))


def strided(stride: int = 1) -> StridedClips:
    """Strides 1 to 4 together."""
    return StridedClips([part(step, stride) for step in (1, 2, 3, 4)])


class TestStridedClips:
    def test_hold_every_clip_of_every_stride_once(self) -> None:
        """For a video of n frames, n - 3 s clips at each stride s; their frames lie s apart and within the video."""
        clips = strided()
        assert len(clips) == sum(n - 3 * step for n in (20, 18) for step in (1, 2, 3, 4))
        frames = clips.take(np.arange(len(clips)))[..., 0, 0, 0].astype(int)
        assert len({tuple(row) for row in frames}) == len(clips)
        for row, step, video, first in zip(frames, clips.steps, clips.video, clips.first, strict=True):
            begin = {0: 0, 2: 45}[int(video)]
            assert row.tolist() == [begin + first + step * place for place in range(4)]
            assert row[-1] < begin + LENGTHS[video]

    def test_begin_as_the_plain_clips(self) -> None:
        """Stride 1 comes first, clip for clip as without the augmentation."""
        plain, clips = part(1), strided()
        chosen = np.arange(len(plain))
        assert_array_equal(clips.take(chosen), plain.take(chosen))
        assert_array_equal(clips.starts[: len(plain)], plain.starts)

    def test_fill_an_array_that_is_given(self) -> None:
        """As `Clips.take` does, for a feed that keeps its memory."""
        out = np.zeros((2, 4, 1, 1, 1), dtype=np.uint8)
        clips = strided()
        assert clips.take([0, len(clips) - 1], out) is out
        assert_array_equal(out, clips.take([0, len(clips) - 1]))

    def test_refuse_to_be_scored(self) -> None:
        """They are not in the order of the videos, and say so."""
        with pytest.raises(NotImplementedError):
            strided().spans_by_video()


class TestTrainingFeed:
    def test_gives_the_same_batches_from_a_store_on_a_device(self) -> None:
        """Found in a tensor on the device or taken from the store, frames, places and order are the same."""
        clips = strided()
        fed, plain = training_feed(clips, CPU), Feed(clips, CPU)
        assert isinstance(fed, StridedFeed)
        fed.on_device = torch.from_numpy(numbered())
        for one, other in zip(fed.shuffled(0, 1, 8), plain.shuffled(0, 1, 8), strict=True):
            assert torch.equal(one.frames, other.frames)
            for name in ("video", "first", "index"):
                assert_array_equal(getattr(one, name), getattr(other, name))
            assert one.epoch == other.epoch == 1

    def test_is_the_plain_feed_of_plain_clips(self) -> None:
        """Without strides nothing changes."""
        assert type(training_feed(part(1), CPU)) is Feed
