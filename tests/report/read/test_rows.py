import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.report.read.records import by_cell, load_records
from benchmarks.report.read.rows import Row, absent_cells, departures, make_rows
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell, Settings


def settings(**factors: object) -> Settings:
    return resolve(**{"dataset": "ped2", "method": "mnad", "task": "prediction", "profile": "smoke", **factors})


class TestMakeRows:
    def test_a_row_per_setting(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Seeds of a setting share a row, profiles do not, and seeds without a record are named."""
        small, smoke = settings(profile="small"), settings()
        write_record(tmp_path, smoke, 1)
        rows = make_rows([Cell(smoke, 0), Cell(smoke, 1), Cell(small, 0)], by_cell(load_records(tmp_path)))
        assert [row.settings for row in rows] == [smoke, small]
        assert [(len(row.records), row.missing) for row in rows] == [(1, (0,)), (0, (0,))]


class TestDepartures:
    def test_only_what_the_factors_do_not_give(self) -> None:
        """A named factor is no departure, another number of items is."""
        assert departures(settings(skip=False, preset="paper", supervision="uniform_rc2020")) == {}
        assert departures(settings(task="denoising", noise=0.4)) == {}
        assert departures(settings(items=50)) == {"items": 50}


class TestRow:
    def test_auc_over_seeds(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Several seeds give their mean inside a t interval, a single one the bootstrap over videos."""
        for seed in range(3):
            write_record(tmp_path, settings(), seed)
        records = load_records(tmp_path)
        many, single = Row(settings(), tuple(records)).auc(), Row(settings(), tuple(records[:1])).auc()
        assert many is not None
        assert single is not None
        assert many.mean == pytest.approx(sum(one.content["headline"]["micro_auc"] for one in records) / 3)
        assert many.basis == "seeds"
        assert single.basis == "videos"
        assert [single.low, single.high] == records[0].content["headline"]["interval"]

    @pytest.mark.parametrize(
        ("factors", "auc"),
        [
            ({}, 97.0),
            ({"memory": "none"}, 94.3),
            ({"profile": "paper"}, 97.0),
            ({"epochs": 7}, 97.0),
            ({"skip": False}, None),
            ({"supervision": "uniform_balance"}, None),
            ({"items": 50}, None),
            ({"separateness_weight": 0.0}, None),
            ({"memory": "memae"}, None),
            ({"dataset": "synthetic"}, None),
        ],
    )
    def test_published_stands_beside_the_same_method_only(self, factors: dict[str, object], auc: float | None) -> None:
        """Geometry and length may differ from the paper's, the method may not."""
        figure = Row(settings(**factors), ()).published()
        assert (figure.auc if figure else None) == auc

    def test_label_tells_rows_apart(self) -> None:
        """Whatever differs shows in the label."""
        variants = [{}, {"memory": "none"}, {"skip": False}, {"items": 50}, {"preset": "paper"}, {"memory": "memae"}]
        assert len({Row(settings(**factors), ()).label for factors in variants}) == len(variants)


class TestAbsentCells:
    def test_says_why(self, tmp_path: Path) -> None:
        """A failed cell gives its sentence; any other was not run, whatever an interrupted run has left on this machine."""
        cells = [Cell(settings(), seed) for seed in range(3)]
        for cell, content in zip(
            cells, [{"phase": "failed", "error": "The disk is full."}, {"phase": "train"}], strict=False
        ):
            (tmp_path / cell.slug).mkdir()
            (tmp_path / cell.slug / "progress.json").write_text(json.dumps(content))
        absent = absent_cells(make_rows(cells, {}), tmp_path)
        assert [(one.cell.seed, one.failed) for one in absent] == [(0, True), (1, False), (2, False)]
        assert [one.reason for one in absent] == [
            "failed: The disk is full.",
            "not run yet",
            "not run yet",
        ]

    def test_damaged_progress_is_named(self, tmp_path: Path) -> None:
        """A progress file that is no JSON is refused by name."""
        cell = Cell(settings(), 0)
        (tmp_path / cell.slug).mkdir()
        (tmp_path / cell.slug / "progress.json").write_text("{")
        with pytest.raises(StudyError, match=r"progress\.json"):
            absent_cells(make_rows([cell], {}), tmp_path)
