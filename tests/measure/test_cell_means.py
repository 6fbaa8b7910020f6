import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from benchmarks.errors import StudyError
from benchmarks.measure.cell_means import welch_contrast


def of(weights: list[float], *cells: list[float]) -> tuple[float, float, float, float]:
    """The contrast of these cells' runs as four floats."""
    found = welch_contrast(weights, *([f(cell) for cell in cells] for f in (np.mean, lambda c: np.var(c, ddof=1), len)))
    return tuple(float(value) for value in found)  # type: ignore[return-value]


class TestWelchContrast:
    def test_two_cells_are_welchs_t_test(self) -> None:
        """Of two settings the interval and p are scipy's for unequal variances."""
        one, other = [80.1, 83.0, 79.2, 85.5], [70.0, 70.4, 70.1]
        mean, low, high, p = of([1, -1], one, other)
        test = stats.ttest_ind(one, other, equal_var=False)
        interval = test.confidence_interval(0.95)
        assert (mean, low, high, p) == pytest.approx(
            (np.mean(one) - np.mean(other), interval.low, interval.high, test.pvalue)
        )

    def test_the_standard_error_is_hc2_of_a_regression_on_cells(self) -> None:
        """For any weights; degrees of freedom: half the width over the standard error is a t quantile of Satterthwaite's."""
        generator = np.random.default_rng(0)
        cells = {
            name: generator.normal(70, spread, n).tolist()
            for name, spread, n in zip("abcd", (1, 2, 4, 0.5), (3, 6, 12, 4), strict=True)
        }
        weights = [0.5, -0.5, 1.0, -1.0]
        mean, low, high, _ = of(weights, *cells.values())
        table = pd.DataFrame(
            [(name, value) for name, values in cells.items() for value in values], columns=["cell", "value"]
        )
        theirs = smf.ols("value ~ 0 + cell", table).fit(cov_type="HC2").t_test(np.array(weights))
        error = float(theirs.sd.squeeze())
        assert mean == pytest.approx(float(theirs.effect.squeeze()))
        parts = np.array([w**2 * np.var(c, ddof=1) / len(c) for w, c in zip(weights, cells.values(), strict=True)])
        freedom = parts.sum() ** 2 / sum(part**2 / (len(c) - 1) for part, c in zip(parts, cells.values(), strict=True))
        assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, freedom) * error)

    def test_a_setting_that_spreads_more_widens_its_own_contrasts_alone(self) -> None:
        """What one pooled variance would spread over all."""
        calm, wild = [80.0, 80.5, 81.0], [60.0, 70.0, 80.0]
        quiet = of([1, -1, 0, 0], calm, [79.0, 79.5, 80.0], wild, wild)
        loud = of([0, 0, 1, -1], calm, [79.0, 79.5, 80.0], wild, wild)
        assert quiet == of([1, -1], calm, [79.0, 79.5, 80.0])
        assert loud[2] - loud[1] > 10 * (quiet[2] - quiet[1])

    def test_many_studies_at_once(self) -> None:
        """Leading axes are studies; each is what it is by itself."""
        generator = np.random.default_rng(1)
        means, variances = generator.normal(size=(5, 3)), generator.uniform(0.5, 2, (5, 3))
        together = welch_contrast([1, -2, 1], means, variances, [3, 4, 5])
        for index in range(5):
            alone = welch_contrast([1, -2, 1], means[index], variances[index], [3, 4, 5])
            assert [float(part[index]) for part in together] == pytest.approx([float(part) for part in alone])

    def test_without_spread_the_estimate_is_known(self) -> None:
        """Equal runs: no width, p of 0 or, without a difference, 1."""
        assert of([1, -1], [2.0, 2.0], [1.0, 1.0]) == (1, 1, 1, 0)
        assert of([1, -1], [2.0, 2.0], [2.0, 2.0]) == (0, 0, 0, 1)

    def test_one_run_says_nothing_of_its_spread(self) -> None:
        """A cell that counts needs two runs; one of weight 0 may have fewer."""
        with pytest.raises(StudyError, match="at least two runs"):
            welch_contrast([1, -1], [2, 1], [1, float("nan")], [2, 1])
        assert welch_contrast([1, -1, 0], [2, 1, 9], [1, 1, 0], [2, 2, 1]).mean == 1
