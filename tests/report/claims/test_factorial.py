import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.report.claims.factorial import factorial_tables
from benchmarks.report.claims.factorial_fit import Factorial, fit_factorial
from benchmarks.report.read.records import load_records
from benchmarks.report.tables.render import Table
from benchmarks.study.presets import resolve

FACTORS = ("task", "memory", "skip")
MEMORY, TASK, SKIP = "memory: own − none", "task: prediction − reconstruction", "skip: on − off"
Level = tuple[str, str, str]


def truth(task: str, memory: str, skip: str) -> float:
    """Memory +1, prediction +6, skips +3; with memory, prediction 2 more; with all three, 4 more."""
    own, prediction, on = memory == "own", task == "prediction", skip == "on"
    return 80.0 + own + 6 * prediction + 3 * on + 2 * (own and prediction) + 4 * (own and prediction and on)


def grid(
    *, drop: Callable[[Level], bool] = lambda _: False, seeds: int = 3, noise: Callable[[Level], float] = lambda _: 1e-9
) -> pd.DataFrame:
    """Runs of all settings but those to drop; noise: a setting's standard deviation."""
    generator = np.random.default_rng(0)
    cells = itertools.product(("reconstruction", "prediction"), ("own", "none"), ("on", "off"))
    rows = [
        {
            **dict(zip(FACTORS, cell, strict=True)),
            "seed": seed,
            "value": truth(*cell) + generator.normal(0, noise(cell)),
        }
        for cell in cells
        if not drop(cell)
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows)


def means(found: Factorial) -> dict[str, float]:
    return {one.name: one.mean for one in found.effects}


class TestFitFactorial:
    def test_known_effects(self) -> None:
        """Main effects are means over the other factors, interactions differences of differences, to the third order."""
        found = fit_factorial(grid(), FACTORS)
        expected = {
            MEMORY: 1 + 2 / 2 + 4 / 4,
            TASK: 6 + 2 / 2 + 4 / 4,
            SKIP: 3 + 4 / 4,
            f"{TASK} × {MEMORY}": 2 + 4 / 2,
            f"{TASK} × {SKIP}": 4 / 2,
            f"{MEMORY} × {SKIP}": 4 / 2,
            f"{TASK} × {MEMORY} × {SKIP}": 4,
        }
        assert means(found) == pytest.approx(expected, abs=1e-6)
        assert (found.confounded, found.follows, found.missing, found.runs) == ((), {}, (), 24)

    def test_a_mean_says_what_it_is_the_mean_of(self) -> None:
        """Memory's effect is +1 in reconstruction, +3 in prediction without skips, +7 with them."""
        memory = next(one for one in fit_factorial(grid(), FACTORS).effects if one.name == MEMORY)
        assert (memory.held, memory.possible) == (4, 4)
        assert (memory.least, memory.greatest) == pytest.approx((1, 7), abs=1e-6)

    def test_a_setting_that_spreads_widely_widens_its_own_effects_alone(self) -> None:
        """Each cell has its own variance: prediction's pairs stay sharp where reconstruction with memory is noisy."""
        noisy = grid(seeds=6, noise=lambda cell: 8.0 if cell[:2] == ("reconstruction", "own") else 0.1)
        of = {one.name: one for one in fit_factorial(noisy, FACTORS).effects}
        assert of[MEMORY].high - of[MEMORY].low > 3
        calm = fit_factorial(noisy[noisy["task"] == "prediction"], FACTORS)
        assert all(one.high - one.low < 0.5 for one in calm.effects)

    def test_intervals_hold_the_truth(self) -> None:
        """With noise of unequal sizes the interval lies around the effect and holds it."""
        found = fit_factorial(grid(seeds=8, noise=lambda cell: 2.0 if cell[1] == "own" else 0.5), FACTORS)
        memory = next(one for one in found.effects if one.name == MEMORY)
        assert memory.low < 3 < memory.high
        assert memory.low < memory.mean < memory.high
        assert memory.p < 0.05

    def test_incomplete_says_what_is_missing(self) -> None:
        """Without one cell, effects are means of what is left, what needs it cannot be distinguished, and it is named."""
        found = fit_factorial(grid(drop=lambda cell: cell == ("prediction", "none", "on")), FACTORS)
        memory = next(one for one in found.effects if one.name == MEMORY)
        assert (memory.held, memory.possible) == (3, 4)
        assert memory.mean == pytest.approx((1 + 1 + 3) / 3, abs=1e-6)
        assert found.confounded == (f"{TASK} × {MEMORY} × {SKIP}",)
        assert found.missing == ("task=prediction, memory=none, skip=on",)

    def test_a_factor_that_goes_with_another_is_no_factor(self) -> None:
        """Where skips come with prediction alone, the two are one factor, and memory's interaction is with both."""
        found = fit_factorial(grid(drop=lambda cell: (cell[0] == "prediction") != (cell[2] == "on")), FACTORS)
        assert found.follows == {"skip": "task"}
        assert means(found) == pytest.approx({MEMORY: 4, TASK: 9 + 6 / 2, f"{TASK} × {MEMORY}": 6}, abs=1e-6)

    def test_settings_with_too_few_seeds_take_no_part(self) -> None:
        """Two runs have no variance that one could rest on."""
        runs = grid()
        thin = runs[~((runs["task"] == "prediction") & (runs["seed"] == 2))]
        found = fit_factorial(thin, FACTORS)
        assert means(found) == pytest.approx({MEMORY: 1, SKIP: 3, f"{MEMORY} × {SKIP}": 0}, abs=1e-6)
        assert found.runs == 12
        assert fit_factorial(grid(seeds=2), FACTORS) == Factorial((), (), {}, (), 0)

    def test_supervision_is_nested_in_memory(self) -> None:
        """Cells that cannot be are not missed: memory is compared without supervision, supervision within memory."""
        gains = {("none", "none"): 0.0, ("own", "none"): -3.0, ("own", "uniform_balance"): -1.0}
        rows = [
            {
                "seed": seed,
                "task": task,
                "memory": memory,
                "supervision": supervision,
                "value": 70 + gain + 4 * (task == "prediction"),
            }
            for seed, task in itertools.product(range(3), ("reconstruction", "prediction"))
            for (memory, supervision), gain in gains.items()
        ]
        found = fit_factorial(pd.DataFrame(rows), ("task", "memory", "supervision"))
        effects = means(found)
        assert effects[MEMORY] == pytest.approx(-3, abs=1e-6)
        assert effects["supervision: uniform_balance − none"] == pytest.approx(2, abs=1e-6)
        assert not any("memory" in name and "supervision" in name for name in effects)
        assert (found.confounded, found.missing) == ((), ())


@pytest.fixture
def tables(tmp_path: Path, write_record: Callable[..., Path]) -> Callable[..., dict[str, Table]]:
    """Function that writes records of settings with so many seeds and makes the tables: ((factors, seeds), ...)."""

    def make(*asked: tuple[dict[str, Any], int]) -> dict[str, Table]:
        for factors, seeds in asked:
            for seed in range(seeds):
                write_record(tmp_path, resolve(dataset="ped2", profile="small", **factors), seed)
        return {table.title: table for table in factorial_tables(load_records(tmp_path))}

    return make


RECONSTRUCTION: dict[str, Any] = {"method": "mnad", "task": "reconstruction"}
MEMAE: dict[str, Any] = {"method": "memae", "task": "reconstruction"}


class TestFactorialTables:
    def test_methods_stand_apart(self, tables: Callable[..., dict[str, Table]]) -> None:
        """Each method has a table of its own, with the paired means' own difference."""
        both = [({**method, "memory": memory}, 3) for method in (RECONSTRUCTION, MEMAE) for memory in ("own", "none")]
        found = tables(*both)
        assert len(found) == 2
        assert {title.rpartition(", ")[2] for title in found} == {"MNAD", "MemAE"}
        assert all([row[0] for row in table.rows] == [MEMORY] for table in found.values())

    def test_few_seeds_are_shown_pair_by_pair(self, tables: Callable[..., dict[str, Table]]) -> None:
        """Where a side has too few seeds there is a table of pairs, with an interval from two seeds on."""
        found = tables(
            ({**RECONSTRUCTION, "memory": "own"}, 4),
            ({**RECONSTRUCTION, "memory": "none"}, 2),
            ({**RECONSTRUCTION, "memory": "own", "skip": True}, 1),
        )
        (table,) = found.values()
        assert "pairs with few seeds" in table.title
        cells = {row[1]: row for row in table.rows}
        assert set(cells) == {MEMORY, SKIP}
        assert (cells[MEMORY][2], cells[MEMORY][4]) == ("reconstruction, without skips", "2")
        assert "[" in cells[MEMORY][3]
        assert (cells[SKIP][2], cells[SKIP][4]) == ("reconstruction, memory", "1")
        assert "[" not in cells[SKIP][3]

    def test_enough_seeds_are_not_shown_twice(self, tables: Callable[..., dict[str, Table]]) -> None:
        """A pair that the fit holds is not among the pairs with few seeds."""
        found = tables(
            ({**RECONSTRUCTION, "memory": "own"}, 3),
            ({**RECONSTRUCTION, "memory": "none"}, 3),
            ({**RECONSTRUCTION, "memory": "own", "skip": True}, 1),
        )
        pairs = next(table for title, table in found.items() if "few seeds" in title)
        assert [row[1] for row in pairs.rows] == [SKIP]
        assert len(found) == 2

    def test_precision_and_mode_never_meet(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Runs in float32, or in the mode fast, have a table of their own that says so."""
        for memory, seed in itertools.product(("own", "none"), range(3)):
            for precision, mode in (("bfloat16", "record"), ("bfloat16", "fast"), ("float32", "record")):
                chosen = {**RECONSTRUCTION, "memory": memory, "precision": precision}
                folder = tmp_path / f"{precision}-{mode}"
                write_record(folder, resolve(dataset="ped2", profile="small", **chosen), seed, mode=mode)
        records = [one for folder in sorted(tmp_path.iterdir()) for one in load_records(folder)]
        found = factorial_tables(records)
        assert len(found) == 3
        endings = {
            "3 of 60 epochs, MNAD, mode=record",
            "3 of 60 epochs, MNAD, mode=fast",
            "3 of 60 epochs, float32, MNAD",
        }
        assert all(any(table.title.endswith(ending) for table in found) for ending in endings)
        assert all("6 runs" in table.notes[0] for table in found)
