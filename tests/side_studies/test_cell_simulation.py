import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from side_studies.coverage.cell_simulation import INTERVALS, Design, designs, simulated_bounds

DRAWS = 600  # two standard errors of a coverage of 95 % are 1.8 points


def covered(design: Design, seeds: int) -> dict[str, float]:
    """Share of studies whose interval holds the truth, by interval."""
    bounds = simulated_bounds(design, seeds, DRAWS, seed=1)
    return {
        name: float(((low <= design.effect) & (design.effect <= high)).mean()) for name, (low, high) in bounds.items()
    }


class TestDesigns:
    @pytest.mark.parametrize("design", designs(), ids=lambda design: design.name)
    def test_the_pooled_models_first_coefficient_is_the_effect(self, design: Design) -> None:
        """Both intervals are of one quantity, so that their coverage can be compared."""
        model = np.column_stack([design.columns, np.ones(design.truth.size)])
        coefficients = np.linalg.lstsq(model, design.truth, rcond=None)[0]
        assert coefficients[0] == pytest.approx(design.effect, abs=1e-9)
        assert design.weights.sum() == pytest.approx(0, abs=1e-12)

    def test_have_names_of_their_own(self) -> None:
        """A row of the table is one design."""
        assert len({design.name for design in designs()}) == len(designs())


class TestIntervals:
    def test_pooled_is_ordinary_least_squares_with_the_seed_as_a_block(self) -> None:
        """The interval of one study is statsmodels' own, with cells of unequal size."""
        design = next(one for one in designs() if one.repeats is not None)
        assert design.repeats is not None
        counts = 3 * design.repeats
        runs = np.random.default_rng(0).normal(80, 2, (1, counts.max(), counts.size))
        table = pd.DataFrame(
            [
                {"value": runs[0, seed, cell], "seed": seed, **{f"x{at}": value for at, value in enumerate(design.columns[cell])}}
                for cell, count in enumerate(counts)
                for seed in range(count)
            ]
        )  # fmt: skip
        names = " + ".join(f"x{at}" for at in range(design.columns.shape[1]))
        theirs = smf.ols(f"value ~ C(seed) + {names}", table).fit().conf_int().loc["x0"]
        low, high = INTERVALS["pooled_ols"](design, runs, counts)
        assert (low[0], high[0]) == pytest.approx(tuple(theirs))

    def test_hc3_is_that_of_a_regression_on_cells(self) -> None:
        """Its standard error is statsmodels', its quantile that of the residual's degrees of freedom."""
        design = designs()[0]
        runs = np.random.default_rng(0).normal(80, 2, (1, 4, 4))
        table = pd.DataFrame(
            [{"value": runs[0, seed, cell], "cell": str(cell)} for cell in range(4) for seed in range(4)]
        )
        fit = smf.ols("value ~ 0 + cell", table).fit(cov_type="HC3", use_t=True)
        theirs = fit.t_test(design.weights).conf_int()[0]
        low, high = INTERVALS["hc3"](design, runs, np.full(4, 4))
        assert (low[0], high[0]) == pytest.approx(tuple(theirs))

    def test_wider_settings_make_the_pooled_interval_miss(self) -> None:
        """Where the effect rests on the settings that spread most, one variance for all is too small; Welch's holds."""
        design = next(one for one in designs() if one.repeats is not None)
        for seeds in (6, 12):
            found = covered(design, seeds)
            assert found["welch"] > 0.92
            assert found["pooled_ols"] < 0.90

    def test_the_reported_interval_holds_the_truth_in_every_design(self) -> None:
        """About as often as it says, and not much more where seeds share nothing."""
        for design in designs():
            found = np.mean([covered(design, seeds)["welch"] for seeds in (4, 6)])
            assert 0.925 < found < (0.975 if design.common == 0 else 0.99), design.name

    def test_what_seeds_have_in_common_makes_the_interval_wide_and_never_narrow(self) -> None:
        """Runs of one seed taken for independent: a variance in common leaves the difference of two settings."""
        with_common = next(one for one in designs() if one.common > 0)
        assert covered(with_common, 8)["welch"] > 0.95

    def test_with_equal_variances_the_pooled_interval_holds(self) -> None:
        """Where all settings spread alike, pooled least squares is right too: it is the spread that breaks it."""
        unequal = next(one for one in designs() if one.repeats is not None)
        equal = Design(unequal.name, np.ones(6), unequal.truth, unequal.weights, unequal.columns, unequal.repeats)
        assert 0.93 < covered(equal, 6)["pooled_ols"] < 0.975
