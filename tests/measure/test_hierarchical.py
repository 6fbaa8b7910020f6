import itertools

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from benchmarks.errors import StudyError
from benchmarks.measure.hierarchical import SeedVideoDifference, hierarchical_bootstrap, two_way_t
from benchmarks.measure.intervals import student_t
from benchmarks.measure.metrics import frame_metrics
from benchmarks.measure.statistics import VideoPairs

VIDEO = np.repeat(["a", "b", "c", "d"], 12)
LABEL = np.tile([0] * 5 + [1] * 7, 4)


def runs(seeds: int, shift: float, seed: int) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.normal(shift * LABEL) for _ in range(seeds)]


def difference_of(a: list[np.ndarray], b: list[np.ndarray]) -> SeedVideoDifference:
    return SeedVideoDifference.of(*([VideoPairs.of(one, LABEL, VIDEO) for one in side] for side in (a, b)))


class TestSeedVideoDifference:
    def test_by_seed_is_the_difference_of_aucs(self) -> None:
        """Each seed's value is micro AUC of a minus that of b."""
        a, b = runs(3, 2.0, 0), runs(3, 1.0, 1)
        expected = []
        for one, other in zip(a, b, strict=True):
            areas = [frame_metrics(scores, LABEL, VIDEO).micro_auc for scores in (one, other)]
            assert None not in areas
            expected.append(areas[0] - areas[1])  # type: ignore[operator]
        np.testing.assert_allclose(difference_of(a, b).by_seed(), expected)

    def test_without_a_video(self) -> None:
        """Leaving a video out is measuring without its frames."""
        a, b = runs(1, 2.0, 0), runs(1, 1.0, 1)
        kept = VIDEO != "c"
        left = [frame_metrics(one[0][kept], LABEL[kept], VIDEO[kept]).micro_auc for one in (a, b)]
        assert difference_of(a, b).without_each_video()[2] == pytest.approx(left[0] - left[1])  # type: ignore[operator]

    def test_monotone_transforms_change_nothing(self) -> None:
        """AUC ranks: a monotone transform of all scores leaves the difference."""
        a, b = runs(2, 2.0, 0), runs(2, 1.0, 1)
        moved = difference_of([np.exp(one) for one in a], [3 * one + 1 for one in b])
        np.testing.assert_array_equal(moved.wins, difference_of(a, b).wins)

    def test_refuses_other_frames(self) -> None:
        """Both sides have to be on the same frames."""
        a = [VideoPairs.of(runs(1, 1.0, 0)[0], LABEL, VIDEO)]
        b = [VideoPairs.of(runs(1, 1.0, 0)[0][:-1], LABEL[:-1], VIDEO[:-1])]
        with pytest.raises(StudyError, match="same frames"):
            SeedVideoDifference.of(a, b)


def every_draw(a: list[np.ndarray], b: list[np.ndarray], label: np.ndarray, video: np.ndarray) -> np.ndarray:
    """The mean difference of AUC, measured frame by frame, for each equally likely draw of seeds and of videos."""
    names = np.unique(video)
    found = []
    for seeds in itertools.product(range(len(a)), repeat=len(a)):
        for drawn in itertools.product(names, repeat=len(names)):
            rows = np.concatenate([np.flatnonzero(video == name) for name in drawn])
            differences = [
                roc_auc_score(label[rows], a[seed][rows]) - roc_auc_score(label[rows], b[seed][rows]) for seed in seeds
            ]
            found.append(np.mean(differences))
    return np.array(found)


class TestHierarchicalBootstrap:
    def test_draws_seeds_and_videos_as_a_double_loop_does(self) -> None:
        """Two seeds, two videos: of sixteen draws, nine differ; each comes as often as it should, and no other."""
        few = np.isin(VIDEO, ("a", "b"))
        label, video = LABEL[few], VIDEO[few]
        a, b = ([one[few] for one in runs(2, shift, seed)] for shift, seed in ((2.0, 6), (1.0, 7)))
        difference = SeedVideoDifference.of(*([VideoPairs.of(one, label, video) for one in side] for side in (a, b)))
        expected, times = np.unique(every_draw(a, b, label, video).round(9), return_counts=True)
        draws = 20_000
        drawn, counts = np.unique(difference.bootstrap(draws, np.random.default_rng(0)).round(9), return_counts=True)
        assert len(expected) == 9
        np.testing.assert_allclose(drawn, expected, atol=1e-8)
        # Four standard errors of a share of a quarter.
        np.testing.assert_allclose(counts / draws, times / 16, atol=4 * np.sqrt(0.25 * 0.75 / draws))
        # Each outcome has more than a fortieth, so the interval reaches from the least to the greatest.
        np.testing.assert_allclose(hierarchical_bootstrap(difference), expected[[0, -1]], atol=1e-8)

    def test_of_equal_sides_is_zero(self) -> None:
        """A side against itself has no difference, whatever is drawn."""
        a = runs(3, 1.0, 0)
        low, high = hierarchical_bootstrap(difference_of(a, a), draws=200)
        assert (low, high) == (0.0, 0.0)

    def test_holds_the_mean_and_is_repeatable(self) -> None:
        """The interval lies around the mean difference, and a seed gives it again."""
        difference = difference_of(runs(4, 2.0, 0), runs(4, 0.5, 1))
        low, high = hierarchical_bootstrap(difference, draws=400, seed=3)
        assert low < difference.by_seed().mean() < high
        assert hierarchical_bootstrap(difference, draws=400, seed=3) == (low, high)


class TestTwoWayT:
    @pytest.mark.parametrize("level", [0.95, 0.5])
    def test_is_the_formula_written_out(self, level: float) -> None:
        """Variance over seeds by n, plus the jackknife's over videos; degrees of freedom by Satterthwaite."""
        a, b = runs(3, 2.0, 0), runs(3, 1.0, 1)

        def areas(kept: np.ndarray) -> list[float]:
            return [
                roc_auc_score(LABEL[kept], one[kept]) - roc_auc_score(LABEL[kept], other[kept])
                for one, other in zip(a, b, strict=True)
            ]

        by_seed = areas(np.full(VIDEO.shape, True))
        left_out = [np.mean(areas(name != VIDEO)) for name in np.unique(VIDEO)]
        n, v, mean = 3, 4, np.mean(by_seed)
        seeds = sum((value - mean) ** 2 for value in by_seed) / (n - 1) / n
        videos = (v - 1) / v * sum((value - np.mean(left_out)) ** 2 for value in left_out)
        freedom = (seeds + videos) ** 2 / (seeds**2 / (n - 1) + videos**2 / (v - 1))
        half = stats.t.ppf((1 + level) / 2, freedom) * np.sqrt(seeds + videos)
        np.testing.assert_allclose(two_way_t(difference_of(a, b), level), (mean - half, mean + half), rtol=1e-9)

    def test_is_wider_than_over_seeds(self) -> None:
        """Videos add variance to that of the seeds; with twelve seeds the degrees of freedom do not make up for it."""
        difference = difference_of(runs(12, 2.0, 0), runs(12, 1.0, 1))
        low, high = two_way_t(difference)
        narrow_low, narrow_high = student_t(difference.by_seed())
        assert high - low > narrow_high - narrow_low
        assert (low + high) / 2 == pytest.approx(difference.by_seed().mean())
