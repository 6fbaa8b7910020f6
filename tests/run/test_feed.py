"""Batches cut out of clips: benchmarks/run/feed.py."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from benchmarks.data.clips import Clips
from benchmarks.run.feed import Feed

CPU = torch.device("cpu")
LENGTHS = (20, 25, 18)


class TestFeed:
    @pytest.mark.parametrize("strides", [1, 2, range(1, 5)])
    def test_gives_the_same_batches_from_a_store_on_a_device(self, strides: int | range) -> None:
        """Found in a tensor on the device or taken from the store, frames, places and order are the same."""
        frames = np.arange(sum(LENGTHS), dtype=np.uint8)[:, None, None, None]
        clips = Clips(frames, LENGTHS, length=4, temporal_stride=strides, videos=(0, 2))
        fed, plain = Feed(clips, CPU), Feed(clips, CPU)
        fed.on_device = torch.from_numpy(frames)
        for one, other in zip(fed.shuffled(0, 1, 8), plain.shuffled(0, 1, 8), strict=True):
            assert torch.equal(one.frames, other.frames)
            for name in ("video", "first", "index"):
                assert_array_equal(getattr(one, name), getattr(other, name))
            assert one.epoch == other.epoch == 1
