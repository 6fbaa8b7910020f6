from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from benchmarks.measure.pixel_curves import LevelCounts, pixel_auc, pro
from benchmarks.measure.regions import find_regions
from benchmarks.measure.score_levels import to_levels

SHAPE = (3, 5, 6)
MAPS = arrays(np.float32, SHAPE, elements=st.integers(0, 9).map(lambda number: number / 8))
MASKS = arrays(np.bool_, SHAPE)


def counts(maps: np.ndarray, masks: np.ndarray) -> LevelCounts:
    """Counts of one video."""
    return LevelCounts.of(to_levels(maps), find_regions(masks, np.arange(len(masks))))


def slow_pro(maps: np.ndarray, masks: np.ndarray, limit: float) -> float:
    """PRO as its papers say it: threshold by threshold, region by region, then ten thousand strips."""
    regions = []
    for frame, mask in enumerate(masks):
        labels, number = ndimage.label(mask, structure=np.ones((3, 3)))
        regions += [(frame, labels == label) for label in range(1, number + 1)]
    points = [(0.0, 0.0)]
    for threshold in sorted(set(maps.ravel().tolist()), reverse=True):
        above = maps >= threshold
        overlap = np.mean([above[frame][region].mean() for frame, region in regions])
        points.append((float(above[~masks].mean()), float(overlap)))
    x, y = np.transpose(points)
    strips = (np.arange(10_000) + 0.5) / 10_000 * limit
    return float(np.interp(strips, x, y).mean())


class TestPixelAuc:
    @given(MAPS, MASKS)
    def test_is_the_area_over_all_pixels(self, maps: np.ndarray, masks: np.ndarray) -> None:
        """It equals scikit-learn's on the joined pixels; with one class alone it is undefined."""
        value = pixel_auc(counts(maps, masks))
        if masks.all() or not masks.any():
            assert value is None
        else:
            assert value == pytest.approx(roc_auc_score(masks.ravel(), maps.ravel()), abs=1e-12)

    @given(MAPS, MASKS)
    def test_an_inverted_map_is_as_wrong_as_it_was_right(self, maps: np.ndarray, masks: np.ndarray) -> None:
        """Maps turned upside down give 1 minus the value."""
        value, turned = pixel_auc(counts(maps, masks)), pixel_auc(counts(maps.max() - maps, masks))
        if value is not None and turned is not None:
            assert value + turned == pytest.approx(1)


class TestPro:
    @given(MAPS, MASKS, st.sampled_from([0.05, 0.3, 1.0]))
    def test_is_the_mean_overlap_of_regions(self, maps: np.ndarray, masks: np.ndarray, limit: float) -> None:
        """It equals the definition followed step by step; without normal or abnormal pixels it is undefined."""
        value = pro(counts(maps, masks), limit)
        if masks.all() or not masks.any():
            assert value is None
        else:
            # the strips of the slow one miss a step's rise by half a strip each
            assert value == pytest.approx(slow_pro(maps, masks, limit), abs=2e-3)

    def test_small_regions_count_as_much_as_large_ones(self) -> None:
        """A large region found and a small one missed is half, up to what chance adds below the limit."""
        masks = np.zeros((1, 20, 20), dtype=bool)
        masks[0, :8, :8] = masks[0, 15, 15] = True
        maps = np.zeros((1, 20, 20), dtype=np.float32)
        maps[0, :8, :8] = 1.0
        assert pro(counts(maps, masks)) == pytest.approx(0.5 + 0.5 * 0.15)

    def test_chance(self) -> None:
        """A constant map gives half the limit: its curve is the diagonal."""
        masks = np.zeros(SHAPE, dtype=bool)
        masks[1, 2:4, 2:4] = True
        assert pro(counts(np.full(SHAPE, 0.5, np.float32), masks)) == pytest.approx(0.15)


class TestInvariances:
    @given(MAPS, MASKS)
    def test_monotone_transforms_change_nothing(self, maps: np.ndarray, masks: np.ndarray) -> None:
        """Only the order of pixels counts."""
        moved = np.exp(2 * maps) / 8
        for metric in (pixel_auc, pro):
            assert metric(counts(moved, masks)) == metric(counts(maps, masks))

    @given(MAPS, MASKS, st.permutations(range(SHAPE[0])))
    def test_frames_and_axes_may_come_in_any_order(self, maps: np.ndarray, masks: np.ndarray, order: list[int]) -> None:
        """Permuted frames, mirrored and transposed ones give the same."""
        for change in (
            lambda video: video[order],
            lambda video: video[:, ::-1],
            lambda video: video[:, :, ::-1],
            lambda video: np.ascontiguousarray(video.swapaxes(1, 2)),
        ):
            for metric in (pixel_auc, pro):
                assert metric(counts(change(maps), change(masks))) == pytest.approx(metric(counts(maps, masks)))

    @given(MAPS, MASKS)
    def test_videos_add_up(self, maps: np.ndarray, masks: np.ndarray) -> None:
        """One video frame by frame counts as the whole."""
        parts = reduce(add, (counts(maps[i : i + 1], masks[i : i + 1]) for i in range(len(maps))))
        whole = counts(maps, masks)
        assert pixel_auc(parts) == pixel_auc(whole)
        assert pro(parts) == pytest.approx(pro(whole))

    def test_a_perfect_map(self) -> None:
        """The mask as map gives 1 in both, a map upside down 0 AUC and 0 PRO."""
        masks = np.zeros(SHAPE, dtype=bool)
        masks[0, :2, :2] = masks[2, 3:, 1] = True
        perfect = counts(masks.astype(np.float32), masks)
        assert (pixel_auc(perfect), pro(perfect)) == (1.0, 1.0)
        wrong = counts(1 - masks.astype(np.float32), masks)
        assert (pixel_auc(wrong), pro(wrong)) == (0.0, 0.0)
