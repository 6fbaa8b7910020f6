from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from benchmarks.errors import StudyError
from benchmarks.measure.metrics import frame_metrics
from benchmarks.measure.statistics import (
    VideoPairs,
    bootstrap_over_videos,
    interquartile_mean,
    paired_difference,
    probability_of_improvement,
    t_interval,
)

Ped2 = Callable[..., pd.DataFrame]


def small_study(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Five videos of uneven length with ties; one is abnormal throughout."""
    rng = np.random.default_rng(seed)
    video = np.repeat(np.arange(5), [3, 9, 4, 6, 5])
    label = np.where(video == 2, 1, rng.integers(0, 2, video.size))
    return rng.integers(0, 6, video.size) + label, label, video.astype(str)


class TestVideoPairs:
    @pytest.mark.parametrize("seed", range(5))
    def test_equals_the_resampled_frames(self, seed: int) -> None:
        """AUCs from counts of pairs equal those of the frames written out, for whatever multiset of videos."""
        scores, label, video = small_study(seed)
        pairs = VideoPairs.of(scores, label, video)
        for counts in np.random.default_rng(seed).multinomial(5, [0.2] * 5, size=20):
            rows = np.concatenate(
                [np.tile(np.flatnonzero(video == str(i)), count) for i, count in enumerate(counts)]
            ).astype(int)
            # each copy of a video is a video of its own
            copies = np.concatenate(
                [
                    np.repeat([f"{i}.{k}" for k in range(count)], (video == str(i)).sum())
                    for i, count in enumerate(counts)
                ]
            )
            expected = frame_metrics(scores[rows], label[rows], copies)
            for got, want in (
                (pairs.micro_auc(counts[None])[0], expected.micro_auc),
                (pairs.macro_auc(counts[None])[0], expected.macro_auc),
            ):
                assert got == pytest.approx(np.nan if want is None else want, nan_ok=True)

    def test_every_video_once_is_the_plain_auc(self, ped2_frames: Ped2) -> None:
        """Taking each of Ped2's videos once gives sklearn's AUC."""
        table = ped2_frames(4)
        pairs = VideoPairs.of(table["mse"], table["label"], table["video"])
        assert pairs.micro_auc(np.ones((1, 12), dtype=int))[0] == pytest.approx(
            roc_auc_score(table["label"], table["mse"])
        )


class TestBootstrapOverVideos:
    @pytest.mark.parametrize("seed", range(3))
    def test_equals_the_naive_bootstrap(self, seed: int) -> None:
        """The interval is that of drawing whole videos and calling sklearn on what was drawn."""
        scores, label, video = small_study(seed)
        counts = np.random.default_rng(7).multinomial(5, [0.2] * 5, size=300)
        areas = []
        for draw in counts:
            weight = draw[video.astype(int)]
            if len(set(label[weight > 0])) == 2:
                areas.append(roc_auc_score(label, scores, sample_weight=weight))
        interval = bootstrap_over_videos(scores, label, video, draws=300, seed=7)
        np.testing.assert_allclose(interval, np.quantile(areas, [0.025, 0.975]))

    def test_resamples_videos_not_frames(self) -> None:
        """Frames that repeat each other within a video make the interval no narrower."""
        scores, label, video = small_study(1)
        one = bootstrap_over_videos(scores, label, video, draws=200)
        many = bootstrap_over_videos(np.repeat(scores, 50), np.repeat(label, 50), np.repeat(video, 50), draws=200)
        np.testing.assert_allclose(many, one)

    def test_contains_the_estimate_on_ped2(self, ped2_frames: Ped2) -> None:
        """On Ped2's structure the interval holds the AUC, and a lower level gives a narrower one."""
        table = ped2_frames(4)
        data = (table["mse"], table["label"], table["video"])
        low, high = bootstrap_over_videos(*data)
        assert low < frame_metrics(*data).micro_auc < high
        inner_low, inner_high = bootstrap_over_videos(*data, level=0.5)
        assert low < inner_low < inner_high < high

    def test_macro(self, ped2_frames: Ped2) -> None:
        """The macro AUC has an interval too, another than the micro AUC's."""
        table = ped2_frames(4)
        data = (table["mse"], table["label"], table["video"])
        low, high = bootstrap_over_videos(*data, metric="macro_auc", draws=500)
        assert low < frame_metrics(*data).macro_auc < high
        assert (low, high) != bootstrap_over_videos(*data, draws=500)

    def test_seed_decides(self) -> None:
        """The same seed gives the same interval, another one another."""
        data = small_study(2)
        assert bootstrap_over_videos(*data, seed=1) == bootstrap_over_videos(*data, seed=1)
        assert bootstrap_over_videos(*data, seed=1) != bootstrap_over_videos(*data, seed=2)

    @pytest.mark.parametrize(
        ("label", "video"), [([0, 1, 0, 1], "aaaa"), ([0, 0, 1, 1], "aabb"), ([1, 1, 1, 1], "aabb")]
    )
    def test_none_where_undefined(self, label: list[int], video: str) -> None:
        """One video, too many draws of one class, and one class overall have no interval."""
        assert bootstrap_over_videos([1, 2, 3, 4], label, list(video)) is None

    @pytest.mark.parametrize("wrong", [{"metric": "eer"}, {"draws": 0}, {"level": 1.0}])
    def test_refuses(self, wrong: dict[str, Any]) -> None:
        """Another metric, no draws and an impossible level are refused."""
        with pytest.raises(StudyError):
            bootstrap_over_videos(*small_study(0), **wrong)


class TestTInterval:
    def test_known_value(self) -> None:
        """Mean 3 of 1 to 5: half width 2.776 * sqrt(2.5 / 5)."""
        estimate = t_interval([1, 2, 3, 4, 5])
        assert estimate.mean == 3
        assert estimate.high - 3 == pytest.approx(3 - estimate.low)
        assert estimate.high - 3 == pytest.approx(2.7764451 * 0.5**0.5)

    def test_agrees_with_scipy(self) -> None:
        """It is the confidence interval of the one-sample t test."""
        values = [0.9, 0.93, 0.91]
        expected = stats.ttest_1samp(values, 0).confidence_interval(0.9)
        assert t_interval(values, level=0.9)[1:] == pytest.approx((expected.low, expected.high))

    def test_one_seed_has_no_interval(self) -> None:
        """A single seed gives a mean and None."""
        assert t_interval([0.9]) == (0.9, None, None)

    def test_equal_seeds_have_no_width(self) -> None:
        """Without spread the interval is the mean, not NaN."""
        assert t_interval([0.5, 0.5, 0.5]) == (0.5, 0.5, 0.5)

    @pytest.mark.parametrize("values", [[], [0.5, float("nan")]])
    def test_refuses(self, values: list[float]) -> None:
        """No values and NaN are refused."""
        with pytest.raises(StudyError, match="finite values"):
            t_interval(values)

    def test_covers(self) -> None:
        """Over many normal samples of five about 95 % of the intervals hold the mean."""
        samples = np.random.default_rng(0).normal(size=(2000, 5))
        hits = [low <= 0 <= high for _, low, high in map(t_interval, samples)]
        assert 0.935 < np.mean(hits) < 0.965


class TestPairedDifference:
    def test_pairs_by_seed(self) -> None:
        """Seeds are matched whatever their order, and those without a partner are named."""
        result = paired_difference({2: 0.9, 0: 0.8, 1: 0.7}, {0: 0.75, 2: 0.8, 5: 0.1})
        assert result.seeds == (0, 2)
        assert result.unpaired == (1, 5)
        assert result.mean == pytest.approx(0.075)
        assert result.low < result.mean < result.high

    @pytest.mark.parametrize(("pairs", "smallest"), [(2, 0.5), (5, 0.0625), (6, 0.03125), (12, 2.0**-11)])
    def test_smallest_p_value(self, pairs: int, smallest: float) -> None:
        """With n pairs of one sign p is 2^(1-n): five pairs can never reach 0.05."""
        a = {seed: 0.9 + 0.001 * seed for seed in range(pairs)}
        assert paired_difference(a, dict.fromkeys(range(pairs), 0.8)).exact_p == pytest.approx(smallest)

    @given(st.lists(st.integers(-20, 20), min_size=2, max_size=7))
    def test_p_value_is_the_enumeration(self, differences: list[int]) -> None:
        """The p value counts the sign patterns whose mean is at least as far from 0."""
        d = np.array(differences)
        signs = 1 - 2 * ((np.arange(2**d.size)[:, None] >> np.arange(d.size)) & 1)
        expected = np.mean(np.abs(signs @ d) >= abs(d.sum()))
        got = paired_difference(dict(enumerate(map(float, d))), dict.fromkeys(range(d.size), 0.0)).exact_p
        assert got == pytest.approx(expected)

    @given(st.lists(st.floats(0, 1), min_size=2, max_size=5))
    @example([0.0, 2.2250738585072014e-308])
    def test_is_antisymmetric(self, values: list[float]) -> None:
        """Turning the contrast round turns the mean and keeps p."""
        a, b = dict(enumerate(values)), dict(enumerate(values[::-1]))
        one, two = paired_difference(a, b), paired_difference(b, a)
        assert one.mean == -two.mean
        assert (one.p_value, one.exact_p) == pytest.approx((two.p_value, two.exact_p))

    def test_ties_of_three_seeds_are_kept(self) -> None:
        """Differences of -6, -4 and +4 thousandths: six of the eight sign patterns are at least as far from 0."""
        a, b = (0.897, 0.857, 0.94), (0.903, 0.861, 0.936)
        assert paired_difference(dict(enumerate(a)), dict(enumerate(b))).exact_p == 0.75

    def test_one_pair(self) -> None:
        """One pair gives a mean, no interval, and no evidence."""
        result = paired_difference({0: 0.9}, {0: 0.8})
        assert (result.low, result.high, result.p_value, result.exact_p) == (None, None, 1.0, 1.0)

    @given(st.lists(st.floats(-1, 1), min_size=3, max_size=8), st.floats(0.005, 0.5))
    def test_p_value_belongs_to_the_interval(self, values: list[float], alpha: float) -> None:
        """The t test rejects at a level where, and only where, the interval of that level leaves 0 out."""
        assume(np.ptp(values) > 1e-6)
        found = paired_difference(dict(enumerate(values)), dict.fromkeys(range(len(values)), 0.0), 1 - alpha)
        assume(abs(found.p_value - alpha) > 1e-9)
        assert found.low is not None
        assert found.high is not None
        assert (found.p_value < alpha) == (found.low > 0 or found.high < 0)

    def test_p_value_without_spread(self) -> None:
        """Equal differences are certain where they are not 0, and no evidence where they are."""
        one = paired_difference(dict.fromkeys(range(4), 0.9), dict.fromkeys(range(4), 0.8))
        none = paired_difference(dict.fromkeys(range(4), 0.8), dict.fromkeys(range(4), 0.8))
        assert (one.p_value, none.p_value) == (0.0, 1.0)

    def test_false_positives(self) -> None:
        """Under no effect at most about 5 % of eight-seed contrasts fall below 0.05."""
        noise = np.random.default_rng(0).normal(size=(300, 8))
        found = [paired_difference(dict(enumerate(row)), dict.fromkeys(range(8), 0.0)) for row in noise]
        assert np.mean([one.p_value <= 0.05 for one in found]) < 0.08
        assert np.mean([one.exact_p <= 0.05 for one in found]) < 0.08

    @pytest.mark.parametrize("b", [{}, {1: 0.5}])
    def test_refuses_no_common_seed(self, b: dict[int, float]) -> None:
        """Settings without a seed in common cannot be paired."""
        with pytest.raises(StudyError, match="seed on both sides"):
            paired_difference({0: 0.9}, b)

    def test_takes_any_number_of_seeds(self) -> None:
        """Forty pairs are as good as four."""
        many = {seed: 0.5 + 0.01 * seed for seed in range(40)}
        found = paired_difference(many, dict.fromkeys(many, 0.4))
        assert found.seeds == tuple(range(40))
        assert found.exact_p < 1e-4


class TestInterquartileMean:
    def test_by_hand(self) -> None:
        """Of eight values the middle four count, so an outlier does not."""
        assert interquartile_mean([1, 2, 3, 4, 5, 6, 7, 1000]) == 4.5

    def test_few_values(self) -> None:
        """With three nothing can be cut."""
        assert interquartile_mean([1, 2, 6]) == 3


class TestProbabilityOfImprovement:
    def test_by_hand(self) -> None:
        """Of six pairs four are better and one is a tie."""
        assert probability_of_improvement([2, 3], [1, 2, 2.5]) == pytest.approx(4.5 / 6)

    def test_extremes(self) -> None:
        """Always better is 1, equal is one half."""
        assert probability_of_improvement([2, 3], [0, 1]) == 1
        assert probability_of_improvement([1, 2], [1, 2]) == 0.5
