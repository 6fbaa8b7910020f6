from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.grid.engine import Workers
from benchmarks.grid.places import Places
from benchmarks.grid.plan import Plan, PlannedCell
from benchmarks.grid.study_run import Prepared, run_prepared
from benchmarks.grid.tracking import Tracker
from benchmarks.study.files import Study
from benchmarks.study.settings import Cell

FakeCell = Callable[[str], tuple[str, ...]]
ONE_FAILS = "sys.exit('shapes differ') if options.seed == 1 else leave_record()"


class Notes:
    """A tracker that notes which cells ended how, and may break at a method of choice."""

    def __init__(self, breaks_at: str = "") -> None:
        self.told: list[tuple[Any, ...]] = []
        self._breaks_at = breaks_at

    def _note(self, name: str, *what: Any) -> None:
        self.told.append((name, *what))
        if name == self._breaks_at:
            raise ConnectionError("no server")

    def update(self, cell: Cell, progress: Any) -> None:
        """Note an update."""
        self._note("update", cell.seed)

    def finish(self, cell: Cell, record_path: Any) -> None:
        """Note a record."""
        self._note("finish", cell.seed)

    def fail(self, cell: Cell, sentence: str) -> None:
        """Note a failure."""
        self._note("fail", cell.seed)

    def close(self) -> None:
        """Note the end."""
        self._note("close")


@pytest.fixture
def prepared(cells: list[Cell], places: Places) -> Prepared:
    """A study of three cells, the first of them done."""
    study = Study("little", "A little study", "synthetic", tuple(cells[:3]), needs_data=False)
    states = ("done", "missing", "stale")
    plan = Plan(tuple(PlannedCell(cell, state, "why") for cell, state in zip(cells, states, strict=False)))  # type: ignore[arg-type]
    return Prepared(study, plan, Workers(2, 1), places)


class TestRunPrepared:
    def test_runs_what_is_left_and_returns_failures(
        self, prepared: Prepared, cells: list[Cell], fake_cell: FakeCell, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Done cells are skipped, stale ones run and are named, failures come back with their sentence."""
        failures = run_prepared(prepared, tracker=None, entry=fake_cell(ONE_FAILS))
        assert list(failures) == [cells[1]]
        assert "shapes differ" in failures[cells[1]]
        assert [prepared.places.record(cell).exists() for cell in cells] == [False, False, True, False]
        said = capsys.readouterr()
        assert f"stale, run again: {cells[2].settings.name} seed 2 (why)" in said.out
        assert "3 runs, 1 done before. 2 to run, 2 at a time" in said.out
        assert len(said.err.strip().splitlines()) == 2

    def test_cells_hear_which_epochs_to_evaluate(
        self, prepared: Prepared, cells: list[Cell], fake_cell: FakeCell
    ) -> None:
        """What the study file asks for reaches the command of every cell."""
        study = replace(prepared.study, evaluate_every=5)
        entry = fake_cell('(work / "every").write_text(str(options.evaluate_every)); leave_record()')
        assert run_prepared(replace(prepared, study=study), tracker=None, entry=entry) == {}
        assert [(prepared.places.folder(cell) / "every").read_text() for cell in cells[1:3]] == ["5", "5"]

    def test_a_tracker_hears_the_ends(self, prepared: Prepared, fake_cell: FakeCell) -> None:
        """Each cell's end, and then the study's."""
        notes = Notes()
        run_prepared(prepared, tracker=lambda _: notes, entry=fake_cell(ONE_FAILS))
        assert {("fail", 1), ("finish", 2)} <= set(notes.told)
        assert notes.told[-1] == ("close",)

    @pytest.mark.parametrize("breaks_at", ["start", "update", "finish", "close"])
    def test_a_tracker_that_breaks_is_told_of_once(
        self, prepared: Prepared, fake_cell: FakeCell, capsys: pytest.CaptureFixture[str], breaks_at: str
    ) -> None:
        """Wherever tracking breaks, every cell is run and there is one warning."""

        def start(_: Study) -> Tracker:
            if breaks_at == "start":
                raise ConnectionError("no server")
            return Notes(breaks_at)

        assert len(run_prepared(prepared, tracker=start, entry=fake_cell(ONE_FAILS))) == 1
        assert capsys.readouterr().err.count("WARNING: Tracking failed") == 1

    def test_with_nothing_left_no_tracker_is_made(
        self, prepared: Prepared, cells: list[Cell], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A finished study starts nothing at all."""
        finished = Prepared(prepared.study, Plan((PlannedCell(cells[0], "done"),)), prepared.workers, prepared.places)

        def start(_: Study) -> Tracker:
            raise AssertionError("a tracker was made")

        assert run_prepared(finished, tracker=start) == {}
        assert "Nothing left to run." in capsys.readouterr().out
