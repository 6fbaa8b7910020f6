"""Invented records for tests of the views."""

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks.report.claims.claim_judging import ClaimVerdict, judge_claim
from benchmarks.report.claims.claims import Claim, Contrast, Side
from benchmarks.report.claims.paired_effects import Evidence
from benchmarks.report.read.groups import Group
from benchmarks.report.read.records import by_cell, load_records
from benchmarks.report.read.rows import Row, make_rows
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell, Settings


def _load() -> ModuleType:
    specification = importlib.util.spec_from_file_location("fake_records", Path(__file__).with_name("fake_records.py"))
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def write_record() -> Callable[..., Path]:
    """Function that writes one invented record: (results, settings, seed, shift, **replaced) -> path."""
    return _load().write_record


@pytest.fixture(scope="session")
def trained_run() -> Callable[..., dict[str, Any]]:
    """Function that names the keys of a trained run's record that started after the freeze: (settings) -> replaced."""
    return _load().trained_run


@pytest.fixture
def trained_pairs(
    tmp_path: Path, write_record: Callable[..., Path], trained_run: Callable[..., dict[str, Any]]
) -> Callable[..., Path]:
    """Function that writes MNAD's trained runs on Ped2 with a memory that stands out: (seeds, **settings) -> results."""

    def write(seeds: int = 3, *, started: str = "2027-01-02T03:04:05+00:00", **chosen: Any) -> Path:
        chosen = {"profile": "cpu", "epochs": 20, **chosen}
        for task in ("reconstruction", "prediction"):
            for memory in ("own", "none"):
                one = resolve(dataset="ped2", method="mnad", task=task, memory=memory, **chosen)
                for seed in range(seeds):
                    shift = 0.7 if memory == "none" else 1.1
                    write_record(tmp_path, one, seed, shift, **trained_run(one, started))
        return tmp_path

    return write


@pytest.fixture(scope="session")
def core_cells() -> Callable[..., list[Cell]]:
    """Function that names the core cells of a study: (dataset, seeds) -> cells."""

    def cells(dataset: str, seeds: Sequence[int] = (0, 1, 2)) -> list[Cell]:
        factors = [("mnad", "reconstruction"), ("mnad", "prediction"), ("memae", "reconstruction")]
        settings = [
            resolve(dataset=dataset, method=method, task=task, memory=memory, profile="cpu")
            for method, task in factors
            for memory in ("own", "none")
        ]
        return [Cell(setting, seed) for setting in settings for seed in seeds]

    return cells


@pytest.fixture
def core_results(
    tmp_path: Path, write_record: Callable[..., Path], core_cells: Callable[..., list[Cell]]
) -> Callable[..., Path]:
    """Function that writes a record for each given cell, memory standing out more: (cells) -> results folder."""

    def write(cells: Sequence[Cell]) -> Path:
        for cell in cells:
            write_record(tmp_path, cell.settings, cell.seed, 0.7 if cell.settings.memory == "none" else 1.1)
        return tmp_path

    return write


@pytest.fixture
def write_rows(tmp_path: Path, write_record: Callable[..., Path]) -> Callable[..., list[Row]]:
    """Function that writes a record of each setting and seed and reads them as rows: (settings, seeds, **replaced)."""

    def write(settings: Sequence[Settings], seeds: Sequence[int] = (0, 1, 2), /, **replaced: Any) -> list[Row]:
        cells = [Cell(one, seed) for one in settings for seed in seeds]
        for cell in cells:
            write_record(tmp_path, cell.settings, cell.seed, 1.0, **replaced)
        return make_rows(cells, by_cell(load_records(tmp_path)))

    return write


@pytest.fixture(scope="session")
def judged_claim() -> Callable[..., ClaimVerdict]:
    """Function that judges a claim of a gain above half a point by one contrast for each list of effects."""

    def judge(*effects: Sequence[float]) -> ClaimVerdict:
        group = Group("ped2", "cpu")
        evidence = []
        for number, values in enumerate(effects, 1):
            shared = {"method": "mnad", "task": "prediction"}
            sides = Side({**shared, "items": 10 + number}), Side({**shared, "memory": "none"})
            contrast = Contrast(f"contrast {number}", "", "auc", *sides, "higher", 0.5, ("ped2",))
            runs = (tuple(values), (0.0,) * len(values))
            by_seed = dict(enumerate(values))
            evidence.append(Evidence(contrast, group, by_seed, None, None, None, (), False, (), runs, margin=0.5))
        claim = Claim("C1", "memory", "Memory helps.", "a test", ("ped2",), tuple(one.contrast for one in evidence))
        return judge_claim(claim, group, evidence)

    return judge
