import itertools

import numpy as np
import pandas as pd
import pytest

from benchmarks.report.factorial import fit_factorial


def grid(*, drop: tuple[tuple[str, str], ...] = (), seeds: int = 3, noise: float = 0.0) -> pd.DataFrame:
    """AUC with known effects: memory +1, prediction +6, both together 2 more; seeds differ."""
    generator = np.random.default_rng(0)
    rows = [
        {
            "seed": seed,
            "task": task,
            "memory": memory,
            "method": "MNAD",
            "value": 80
            + 3 * seed
            + (memory == "own")
            + 6 * (task == "prediction")
            + 2 * (memory == "own" and task == "prediction")
            + generator.normal(0, noise or 1e-9),
        }
        for seed, task, memory in itertools.product(range(seeds), ("reconstruction", "prediction"), ("own", "none"))
        if (task, memory) not in drop
    ]
    return pd.DataFrame(rows)


FACTORS = ("task", "memory", "method")
MEMORY, TASK = "memory: own − none", "task: prediction − reconstruction"


class TestFitFactorial:
    def test_known_effects(self) -> None:
        """Main effects are averages over the other factor, the interaction is the difference of differences."""
        found = {one.name: one for one in fit_factorial(grid(), FACTORS).effects}
        assert set(found) == {MEMORY, TASK, f"{TASK} × {MEMORY}"}
        assert found[MEMORY].mean == pytest.approx(2, abs=1e-6)
        assert found[TASK].mean == pytest.approx(7, abs=1e-6)
        assert found[f"{TASK} × {MEMORY}"].mean == pytest.approx(2, abs=1e-6)

    def test_intervals_hold_the_truth(self) -> None:
        """With noise the interval lies around the effect and holds it."""
        found = {one.name: one for one in fit_factorial(grid(seeds=8, noise=0.5), FACTORS).effects}
        for name, truth in ((MEMORY, 2.0), (TASK, 7.0)):
            assert found[name].low < truth < found[name].high
            assert found[name].low < found[name].mean < found[name].high

    def test_incomplete_says_what_is_missing(self) -> None:
        """Without one cell main effects remain, the interaction cannot be told apart, and the cell is named."""
        found = fit_factorial(grid(drop=(("prediction", "none"),)), FACTORS)
        assert found.missing == ("task=prediction, memory=none",)
        assert {one.name for one in found.effects} == {MEMORY, TASK}
        assert found.confounded == (f"{TASK} × {MEMORY}",)
        assert found.mixed == {MEMORY, TASK}
        assert fit_factorial(grid(), FACTORS).mixed == set()

    def test_supervision_is_nested_in_memory(self) -> None:
        """Cells that cannot be are not missed: memory is compared without supervision, supervision within memory."""
        generator = np.random.default_rng(1)
        gains = {("none", "none"): 0.0, ("own", "none"): -3.0, ("own", "uniform_balance"): -1.0}
        rows = [
            {
                "seed": seed,
                "task": task,
                "memory": memory,
                "supervision": supervision,
                "value": 70 + gain + 4 * (task == "prediction") + generator.normal(0, 1e-9),
            }
            for seed, task in itertools.product(range(3), ("reconstruction", "prediction"))
            for (memory, supervision), gain in gains.items()
        ]
        found = fit_factorial(pd.DataFrame(rows), ("task", "memory", "supervision"))
        effects = {one.name: one.mean for one in found.effects}
        assert effects[MEMORY] == pytest.approx(-3, abs=1e-6)
        assert effects["supervision: uniform_balance − none"] == pytest.approx(2, abs=1e-6)
        assert (found.confounded, found.mixed, found.missing) == ((), set(), ())

    def test_too_few_runs_give_no_effects(self) -> None:
        """Where nothing is left to judge the noise by, no effect is given."""
        assert fit_factorial(grid(seeds=1).head(2), FACTORS).effects == ()
