"""One compiled pass from stored bytes to scaled batches: benchmarks/perf/float_batches.py."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.data.clips import Clips
from benchmarks.perf.float_batches import float_batch
from mnad.score import to_frames


def clips_of(channels: int, temporal_stride: int) -> Clips:
    frames = np.random.default_rng(0).integers(0, 256, (24, 5, 7, channels), dtype=np.uint8)
    frames.flags.writeable = False  # as a store's
    return Clips(frames, (10, 14), length=3, temporal_stride=temporal_stride)


class TestFloatBatch:
    @given(st.sampled_from((1, 3)), st.integers(1, 3), st.lists(st.integers(0, 9), min_size=1, max_size=5))
    def test_equals_the_scaling_of_mnad(self, channels: int, temporal_stride: int, chosen: list[int]) -> None:
        """Every value is that of taking the clips and scaling them, to the last bit."""
        clips = clips_of(channels, temporal_stride)
        indices = np.asarray(chosen, dtype=np.int64)
        out = np.full((len(chosen), 3, 5, 7, channels), np.nan, dtype=np.float32)
        assert float_batch(clips, indices, out) is out
        np.testing.assert_array_equal(out, to_frames(torch.from_numpy(clips.take(indices))).numpy())

    def test_all_256_levels(self) -> None:
        """No level of grey is rounded differently."""
        levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
        out = np.empty((1, 1, 16, 16, 1), dtype=np.float32)
        float_batch(Clips(levels, (1,), length=1), np.zeros(1, dtype=np.int64), out)
        np.testing.assert_array_equal(out[0], to_frames(torch.from_numpy(levels)).numpy())

    def test_refuses_another_shape(self) -> None:
        """Nothing is written beyond an array that is too small."""
        with pytest.raises(ValueError, match="shape"):
            float_batch(clips_of(1, 1), np.zeros(2, dtype=np.int64), np.empty((1, 3, 5, 7, 1), dtype=np.float32))

    def test_refuses_a_clip_that_is_not_there(self) -> None:
        """Clips beyond the last are an error, not stray memory."""
        with pytest.raises(IndexError):
            float_batch(clips_of(1, 1), np.asarray([999]), np.empty((1, 3, 5, 7, 1), dtype=np.float32))
