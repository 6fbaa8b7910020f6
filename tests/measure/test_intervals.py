import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks.errors import StudyError
from benchmarks.measure.intervals import CANDIDATES, REPORTED, bca, percentile, sign_flip_p, student_t, studentised
from benchmarks.measure.statistics import t_interval

VALUES = [1.0, 2.5, 0.3, 4.0, 1.7]


class TestStudentT:
    def test_equals_scipy_and_the_single_row_form(self) -> None:
        """The interval is scipy's and that of t_interval."""
        low, high = student_t(VALUES)
        theirs = stats.ttest_1samp(VALUES, 0).confidence_interval(0.95)
        assert (low, high) == pytest.approx((theirs.low, theirs.high))
        assert (low, high) == pytest.approx(tuple(t_interval(VALUES))[1:])

    def test_by_hand(self) -> None:
        """Values 0, 1, 2 give 1 plus or minus 4.303 / sqrt(3)."""
        low, high = student_t([0.0, 1.0, 2.0])
        assert (low, high) == pytest.approx((1 - 4.30265 / 3**0.5, 1 + 4.30265 / 3**0.5), abs=1e-4)

    def test_coverage_in_a_small_seeded_simulation(self) -> None:
        """Over 4,000 normal samples of 3, 5 and 12 it holds the mean in 93 to 97 %; the percentile bootstrap of 3 does not."""
        assert REPORTED == "student_t"
        generator = np.random.default_rng(1)
        for size in (3, 5, 12):
            low, high = CANDIDATES[REPORTED](generator.normal(0.4, 2.0, (4000, size)))
            assert 0.93 < ((low <= 0.4) & (high >= 0.4)).mean() < 0.97
        low, high = percentile(generator.normal(0.4, 2.0, (300, 3)))
        assert ((low <= 0.4) & (high >= 0.4)).mean() < 0.85


class TestCandidates:
    @pytest.mark.parametrize("name", list(CANDIDATES))
    def test_rows_are_independent_and_move_with_the_values(self, name: str) -> None:
        """A row alone gives what it gives among others; adding a constant moves both bounds by it."""
        rows = np.array([VALUES, [5.0, 1.0, 2.0, 2.2, 9.0]])
        low, high = CANDIDATES[name](rows)
        assert low.shape == high.shape == (2,)
        alone = CANDIDATES[name](rows[1])
        assert (alone[0], alone[1]) == pytest.approx((low[1], high[1]))
        moved = CANDIDATES[name](rows + 10)
        np.testing.assert_allclose(moved[0], low + 10)
        assert np.all(low < rows.mean(axis=1))
        assert np.all(rows.mean(axis=1) < high)

    @pytest.mark.parametrize("name", list(CANDIDATES))
    def test_refuses_one_value_and_nan(self, name: str) -> None:
        """One seed says nothing about spread, and a NaN is no value."""
        for wrong in ([1.0], [1.0, float("nan")]):
            with pytest.raises(StudyError, match="at least two seeds"):
                CANDIDATES[name](wrong)

    def test_bca_is_scipys(self) -> None:
        """The BCa interval is that of scipy.stats.bootstrap with the same draws."""
        theirs = stats.bootstrap((VALUES,), np.mean, n_resamples=999, method="BCa", rng=0).confidence_interval
        assert tuple(map(float, bca(VALUES))) == pytest.approx((theirs.low, theirs.high))

    @pytest.mark.parametrize("name", list(CANDIDATES))
    @pytest.mark.parametrize("value", [0.1, 0.0, 0.8])
    def test_equal_values_are_a_point(self, name: str, value: float) -> None:
        """Values without spread give their value twice, never a low above the high, nor NaN; other rows stay."""
        assert tuple(map(float, CANDIDATES[name]([value] * 3))) == pytest.approx((value, value), abs=1e-15)
        low, high = CANDIDATES[name]([value] * 3)
        assert low <= high
        low, high = CANDIDATES[name]([[value] * 5, VALUES])
        assert (low[1], high[1]) == pytest.approx(tuple(map(float, CANDIDATES[name](VALUES))))

    def test_wider_level_is_wider(self) -> None:
        """A 99 % interval holds the 95 % one."""
        for interval in CANDIDATES.values():
            low, high = interval(VALUES, 0.95)
            wide_low, wide_high = interval(VALUES, 0.99)
            assert wide_low <= low < high <= wide_high


class TestStudentised:
    def test_three_values_have_no_bound(self) -> None:
        """With three values one resample in nine has no standard error: the bounds are infinite, not narrow."""
        low, high = studentised([1.0, 2.0, 4.0])
        assert (low, high) == (-np.inf, np.inf)


class TestSignFlipP:
    @given(st.lists(st.integers(-50, 50), min_size=1, max_size=9), st.sampled_from([1, 1000, 1_000_000]))
    def test_equals_the_enumeration_in_whole_numbers(self, values: list[int], divisor: int) -> None:
        """Thousandths and millionths as floats give what whole numbers give, ties kept."""
        signs = itertools.product((-1, 1), repeat=len(values))
        flipped = [abs(sum(sign * value for sign, value in zip(row, values, strict=True))) for row in signs]
        expected = np.mean([one >= abs(sum(values)) for one in flipped])
        assert float(sign_flip_p([value / divisor for value in values])) == expected

    @pytest.mark.parametrize(
        ("a", "b", "expected"),
        [
            ((0.1, 0.2, -0.1, -0.2), (0, 0, 0, 0), 1.0),
            ((0.897, 0.857, 0.94), (0.903, 0.861, 0.936), 0.75),
            ((0.801, 0.799, 0.8005, 0.7995, 0.8005), (0.8, 0.8, 0.8, 0.8, 0.8), 1.0),
        ],
    )
    def test_ties_of_rounded_differences_are_kept(
        self, a: tuple[float, ...], b: tuple[float, ...], expected: float
    ) -> None:
        """Sums that are equal as decimals count as equal, whatever their last bits are."""
        assert float(sign_flip_p(np.subtract(a, b))) == expected

    def test_rows_are_independent(self) -> None:
        """Many rows at once give what each gives alone."""
        rows = np.random.default_rng(0).normal(size=(2, 3, 7))
        alone = [[float(sign_flip_p(row)) for row in part] for part in rows]
        assert sign_flip_p(rows).tolist() == alone

    def test_all_of_one_sign(self) -> None:
        """Six differences of one sign give 2 / 64, twenty 2 / 2^20."""
        assert float(sign_flip_p([1.0, 2.0, 0.5, 3.0, 1.1, 0.2])) == 2 / 64
        assert float(sign_flip_p(np.arange(1.0, 21.0))) == 2.0**-19

    @pytest.mark.parametrize("count", [21, 60])
    def test_draws_patterns_where_there_are_too_many(self, count: int) -> None:
        """Beyond 20 values the test agrees with the normal limit, gives the same twice, and never 0."""
        values = np.random.default_rng(count).normal(0.3, 1, size=count)
        p = float(sign_flip_p(values))
        assert p == float(sign_flip_p([values])[0])
        limit = 2 * stats.norm.sf(abs(values.sum()) / np.sqrt((values**2).sum()))
        assert p == pytest.approx(limit, abs=0.01)
        assert 0 < float(sign_flip_p(np.ones(count))) < 1e-4

    @pytest.mark.parametrize("wrong", [[], [1.0, float("nan")]])
    def test_refuses(self, wrong: list[float]) -> None:
        """No values and NaN are refused."""
        with pytest.raises(StudyError, match="at least one finite value"):
            sign_flip_p(wrong)
