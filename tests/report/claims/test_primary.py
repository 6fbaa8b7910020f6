import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.report.claims.primary import STUDY, PrimaryAnswer, answer_primary, primary_lines
from benchmarks.report.claims.rules import read_rules
from benchmarks.report.claims.trained import Training
from benchmarks.report.read import interim
from benchmarks.report.read.interim import PRECISION, is_primary, primary_cells, without_interim
from benchmarks.report.read.records import Record, load_records
from benchmarks.study.files import load_study

RULES = read_rules()
CELLS = primary_cells(RULES.primary)
Runs = Callable[..., list[Record]]


@pytest.fixture(autouse=True)
def _unanswered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the project's own records say by now."""
    monkeypatch.setattr(interim, "REFERENCE", tmp_path / "reference")


@pytest.fixture
def runs(tmp_path: Path, write_record: Callable[..., Path], trained_run: Callable[..., dict[str, Any]]) -> Runs:
    """Function that makes the question's records: (gain by task and score in points, cells, started)."""

    def make(
        gains: dict[tuple[str, str], float], cells: Any = CELLS, started: str = "2027-01-02T03:04:05+00:00"
    ) -> list[Record]:
        for cell in cells:
            settings = cell.settings
            replaced = trained_run(settings, started)
            path = write_record(tmp_path, settings, cell.seed, 1.0, **replaced)
            content = json.loads(path.read_text())
            variant = content["headline"]["variant"]
            for score, metrics in content["metrics"][variant].items():
                kind = "published" if score == content["headline"]["score"] and settings.memory != "none" else "error"
                gain = gains.get((settings.task, kind), 0.0) if settings.memory != "none" else 0.0
                noise = 0.1 * np.sin(7 * cell.seed + 3 * (settings.memory == "none"))
                metrics["per_video"]["micro_auc"] = 0.8 + (gain + noise) / 100
            path.write_text(json.dumps(content))
        return load_records(tmp_path, interim=True)

    return make


def asked(records: list[Record]) -> PrimaryAnswer:
    return answer_primary(records, RULES, Training(RULES.trained))


def gains(reconstruction: tuple[float, float], prediction: tuple[float, float]) -> dict[tuple[str, str], float]:
    """Gains of each task under the published score and under PSNR."""
    named = {"reconstruction": reconstruction, "prediction": prediction}
    return {
        (task, kind): one
        for task, both in named.items()
        for kind, one in zip(("published", "error"), both, strict=True)
    }


class TestCells:
    def test_are_those_of_the_study(self) -> None:
        """The study file of the plan's first step holds the question's runs and no others."""
        study = load_study(STUDY)
        assert set(study.cells) == set(CELLS)
        assert len(CELLS) == 24
        assert {cell.settings.precision for cell in CELLS} == {PRECISION}


class TestAnswer:
    def test_open_until_all_are_there(self, runs: Runs) -> None:
        """With one run missing nothing is computed, and the runs are kept from every other view."""
        records = runs(gains((5.0, 5.0), (5.0, 5.0)), CELLS[:-1])
        found = asked(records)
        assert (found.done, found.wanted, found.complete, found.answers) == (23, 24, False, ())
        assert "**Open: 23 of 24 runs.**" in primary_lines(found)[0]
        assert without_interim(records) == []

    def test_views_do_not_load_them(self, runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Whoever loads records gets none of the question's until all are there, and a line with their number."""
        runs(gains((5.0, 5.0), (5.0, 5.0)), CELLS[:-1])
        assert load_records(tmp_path) == []
        assert "Held back until all runs of the primary question are there: 23" in capsys.readouterr().err
        runs(gains((5.0, 5.0), (5.0, 5.0)), CELLS[-1:])
        assert {record.cell for record in load_records(tmp_path)} == set(CELLS)
        assert all(map(is_primary, CELLS))

    def test_an_answered_question_holds_nobody_elses_runs_back(
        self, runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Once the reference has all runs, a stranger's first ones are shown beside them."""
        records = runs(gains((5.0, 5.0), (5.0, 5.0)))
        monkeypatch.setattr(interim, "REFERENCE", tmp_path / "runs")
        assert without_interim(records[:3]) == records[:3]

    def test_four_words(self, runs: Runs) -> None:
        """A clear gain is supported, a gain of nothing has no practical effect; published rises are excluded or not."""
        records = runs(gains((5.0, 5.0), (0.0, 0.0)))
        found = asked(records)
        assert (found.word("reconstruction"), found.word("prediction")) == ("supported", "no practical effect")
        assert [one.excluded for one in found.of("reconstruction")] == [False, False]
        assert [one.excluded for one in found.of("prediction")] == [True, True]
        assert [round(one.published or 0, 1) for one in found.answers] == [3.8, 3.8, 2.7, 2.7]
        assert without_interim(records) == records
        (first, _, *lines) = primary_lines(found)
        assert "reconstruction: **supported**; prediction: **no practical effect**" in first
        assert len(lines) == 4
        assert "6 seeds, 97.5 % interval: no practical effect; the published +2.7 is excluded." in lines[-1]

    def test_both_scores_must_agree(self, runs: Runs) -> None:
        """A loss under one score and a gain under the other leave a task open; a loss under both is opposite."""
        found = asked(runs(gains((3.0, 0.0), (-4.0, -4.0))))
        assert [one.judgement.word for one in found.of("reconstruction")] == ["supported", "no practical effect"]
        assert (found.word("reconstruction"), found.word("prediction")) == ("open", "opposite")

    def test_runs_before_the_freeze_do_not_count(self, runs: Runs) -> None:
        """They shaped the plan."""
        records = runs(gains((5.0, 5.0), (5.0, 5.0)), started="2026-11-22T16:13:29+00:00")
        assert asked(records).done == 0
        assert without_interim(records) == records

    def test_pairs_that_may_not_meet_leave_it_open(self, runs: Runs) -> None:
        """All runs are there, but one side's last seed was made in another mode."""
        runs(gains((5.0, 5.0), (5.0, 5.0)))
        records = runs(gains((5.0, 5.0), (5.0, 5.0)), CELLS[:0])
        path = next(
            r.path for r in records if r.seed == 5 and r.settings.memory == "none" and r.settings.task == "prediction"
        )
        path.write_text(json.dumps(json.loads(path.read_text()) | {"mode": "fast"}))
        found = asked(load_records(path.parents[4]))
        assert (found.word("reconstruction"), found.word("prediction")) == ("supported", "open")
        assert "only 5 of 6 pairs" in found.of("prediction")[0].judgement.reason
