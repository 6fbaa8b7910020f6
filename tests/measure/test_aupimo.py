"""AUPIMO against a loop over frames, thresholds and false rates."""

import math

import numpy as np
import pytest

from benchmarks.measure.aupimo import aupimo
from benchmarks.measure.regions import Regions, find_regions
from benchmarks.measure.score_levels import Levels, to_levels

BOUNDS = (0.003, 0.2)


def video(seed: int) -> tuple[Levels, Regions, np.ndarray]:
    """Maps of few distinct values, their regions and masks; the first frames are normal."""
    rng = np.random.default_rng(seed)
    masks = rng.random((6, 8, 9)) < 0.15
    masks[:3] = False
    maps = np.round(rng.random(masks.shape) + 0.4 * masks, 1 if seed % 2 else 3)
    return to_levels(maps), find_regions(masks, np.arange(6)), masks


def brute_force(videos: list[tuple[Levels, Regions, np.ndarray]], points: int = 4000) -> float:
    """The mean recall at each of many false rates, evenly spaced by their logarithm."""
    normal = np.concatenate([levels[~masks.any(axis=(1, 2))].ravel() for levels, _, masks in videos])
    frames = [(one, mask) for levels, _, masks in videos for one, mask in zip(levels, masks, strict=True) if mask.any()]
    thresholds = sorted({int(value) for levels, _, _ in videos for value in levels.ravel()})
    rates = np.array([(normal >= threshold).mean() for threshold in thresholds])
    recalls = np.array([np.mean([(one[mask] >= t).mean() for one, mask in frames]) for t in thresholds])
    # Midpoints of equal steps of the logarithm; the lowest threshold whose rate is allowed, or none at all.
    steps = np.exp(math.log(BOUNDS[0]) + (np.arange(points) + 0.5) / points * math.log(BOUNDS[1] / BOUNDS[0]))
    return float(np.mean([recalls[rates <= step].max(initial=0.0) for step in steps]))


class TestAupimo:
    @pytest.mark.parametrize("seed", range(4))
    def test_brute_force(self, seed: int) -> None:
        """The sum over levels is the integral over false rates, ties and several videos included."""
        videos = [video(seed), video(seed + 10)]
        found = aupimo([(levels, regions) for levels, regions, _ in videos], BOUNDS)
        assert found == pytest.approx(brute_force(videos), abs=1e-3)

    def test_known_maps(self) -> None:
        """The mask itself gives 1, a constant 0, whatever the bounds."""
        _, regions, masks = video(0)
        assert aupimo([(to_levels(masks), regions)]) == pytest.approx(1)
        assert aupimo([(to_levels(np.ones(masks.shape)), regions)]) == 0

    def test_monotone_transforms_change_nothing(self) -> None:
        """Only the order of pixels counts."""
        levels, regions, _ = video(1)
        assert aupimo([(levels, regions)], BOUNDS) == aupimo([(levels // 2 + 7, regions)], BOUNDS)

    def test_a_class_is_absent(self) -> None:
        """Without a normal or an abnormal frame it is undefined."""
        levels, _, masks = video(0)
        assert aupimo([(levels, find_regions(np.zeros_like(masks), np.arange(6)))]) is None
        assert aupimo([(levels, find_regions(np.ones_like(masks), np.arange(6)))]) is None
