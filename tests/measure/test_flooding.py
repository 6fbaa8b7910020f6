import numpy as np
import pytest
from scipy import ndimage

from benchmarks.measure import flooding
from benchmarks.measure.flooding import add_changes, flood
from benchmarks.measure.regions import Regions, find_regions
from benchmarks.measure.score_levels import LEVELS, Levels, to_levels


def video(frames: int = 9) -> tuple[Levels, Regions]:
    """Noise with equal pixels in it, and two boxes in every second frame."""
    maps = np.random.default_rng(0).random((frames, 8, 9)).astype(np.float32).round(2)
    masks = np.zeros(maps.shape, dtype=bool)
    masks[::2, 1:4, 1:5] = masks[::2, 6:8, 6:9] = True
    maps[masks] += np.float32(0.3)
    return to_levels(maps), find_regions(masks, np.arange(frames))


class TestFlood:
    def test_counts_components_at_every_threshold(self) -> None:
        """With nothing true, what is false at a threshold are all components of the pixels at or above it."""
        levels, _ = video()
        nothing = find_regions(np.zeros(levels.shape, dtype=bool), np.arange(len(levels)))
        false, found = flood(levels, nothing, 0.1)
        assert found.shape == (0, LEVELS)
        for level in np.unique(levels):
            expected = sum(ndimage.label(frame >= level, structure=np.ones((3, 3)))[1] for frame in levels)
            assert false[level] == expected

    def test_a_threshold_between_two_levels_counts_as_the_upper_one(self) -> None:
        """Between two levels nothing changes, and above the highest nothing is detected."""
        levels, truth = video()
        false, found = flood(levels, truth, 0.1)
        seen = np.unique(levels)
        assert false[seen[3] + 1] == false[seen[4]]
        assert np.array_equal(found[:, seen[3] + 1], found[:, seen[4]])
        assert (false[seen[-1] + 1], found[:, seen[-1] + 1].sum()) == (0, 0)

    def test_long_videos_are_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Sorting a few frames at a time changes nothing."""
        whole = flood(*video(), 0.1)
        monkeypatch.setattr(flooding, "_FRAMES_AT_ONCE", 2)
        cut = flood(*video(), 0.1)
        assert all(np.array_equal(one, other) for one, other in zip(whole, cut, strict=True))

    def test_interpreted_and_compiled_loops_agree(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without numba the same lines give the same numbers."""
        pytest.importorskip("numba")
        compiled = flood(*video(), 0.1)
        monkeypatch.setattr(flooding.importlib.util, "find_spec", lambda _: None)
        flooding._loop.cache_clear()
        try:
            assert flooding._loop()[0] is add_changes
            interpreted = flood(*video(), 0.1)
        finally:
            flooding._loop.cache_clear()
        assert all(np.array_equal(one, other) for one, other in zip(compiled, interpreted, strict=True))
