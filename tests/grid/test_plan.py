import gzip
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.grid.estimate import _START as START
from benchmarks.grid.places import Places, read_json
from benchmarks.grid.plan import Plan, PlannedCell, describe_plan, describe_total, make_plan
from benchmarks.run.labelling import Difference
from benchmarks.run.record_file import read_content
from benchmarks.run.recorded_code import Fingerprint
from benchmarks.study.settings import Cell, Settings

ROOT = Path(__file__).resolve().parents[2]
NOW = Fingerprint("now", {"mnad/memory.py": "1", "mnad/losses.py": "2"})

TABLE = "video,frame,label,plain.mse\n01,4,0,0.1\n01,5,1,0.2\n"


def fingerprint(_: Settings, __: str = "record") -> Fingerprint:
    """The code as it is now."""
    return NOW


def leave_record(places: Places, cell: Cell, **changes: Any) -> None:
    """A record as a cell of today leaves it, but for changes."""
    record = {
        "schema": 1,
        "settings": cell.settings.to_dict(),
        "settings_hash": cell.settings.hash,
        "seed": cell.seed,
        "epochs": [],
        "parameters": 1,
        "metrics": {"plain": {}},
        "headline": {"variant": "plain", "score": "mse"},
        "fingerprint": {"digest": NOW.digest, "modules": NOW.modules},
        "hardware": {"device": "cpu", "threads": 2},
        "phases": {"train": {"seconds": 30.0}, "evaluate": {"seconds": 20.0}},
    }
    places.record(cell).parent.mkdir(parents=True, exist_ok=True)
    places.record(cell).write_text(json.dumps(record | changes))
    places.record(cell).with_suffix(".csv.gz").write_bytes(gzip.compress(TABLE.encode()))


def leave_progress(places: Places, cell: Cell, **content: Any) -> None:
    """A progress file of an earlier attempt."""
    places.folder(cell).mkdir(parents=True, exist_ok=True)
    places.progress(cell).write_text(json.dumps(content))


class TestMakePlan:
    def look_at(self, cell: Cell, places: Places) -> tuple[str, str]:
        """State and reason of one cell."""
        (planned,) = make_plan([cell], places, fingerprint=fingerprint).cells
        return planned.state, planned.reason

    def test_no_record_is_missing(self, cells: list[Cell], places: Places) -> None:
        """A cell nobody has begun is missing."""
        assert self.look_at(cells[0], places) == ("missing", "")

    def test_asks_for_no_file_that_is_not_there(
        self, cells: list[Cell], places: Places, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Folders are listed once, so that a study of thousands of cells is planned in a moment."""
        leave_record(places, cells[0])
        leave_progress(places, cells[1], phase="train", epochs_done=[{"epoch": 1}])
        read: list[Path] = []
        for name, reader in (("plan.read_content", read_content), ("places.read_json", read_json)):
            monkeypatch.setattr(
                f"benchmarks.grid.{name}", lambda file, reader=reader: read.append(file) or reader(file)
            )
        many = [*cells, *(Cell(cells[0].settings, seed) for seed in range(4, 1000))]
        plan = make_plan(many, places, fingerprint=fingerprint)
        assert (plan.count("done"), plan.count("missing")) == (1, 999)
        assert read == [places.record(cells[0]), places.progress(cells[1])]

    def test_a_record_of_this_code_is_done(self, cells: list[Cell], places: Places) -> None:
        """Settings, seed and fingerprint agree."""
        leave_record(places, cells[0])
        assert self.look_at(cells[0], places) == ("done", "")
        assert self.look_at(cells[1], places) == ("missing", "")

    def test_a_record_of_other_code_is_stale(self, cells: list[Cell], places: Places) -> None:
        """The files that changed since are named: edited, gone and new ones."""
        files = {"mnad/memory.py": "0", "mnad/losses.py": "2", "mnad/old.py": "3"}
        leave_record(places, cells[0], fingerprint={"digest": "then", "modules": files})
        assert self.look_at(cells[0], places) == ("stale", "changed since: mnad/memory.py, mnad/old.py")

    def test_a_fast_record_is_good_for_the_fast_mode_alone(self, cells: list[Cell], places: Places) -> None:
        """The default mode runs it again; the other way round a record of the default mode is good for both."""
        leave_record(places, cells[0], mode="fast")
        leave_record(places, cells[1], mode="record")
        default, fast = (
            make_plan(cells[:2], places, fingerprint=fingerprint, mode=mode) for mode in ("record", "fast")
        )
        assert [(one.state, one.reason) for one in default.cells] == [("stale", "made in the mode fast"), ("done", "")]
        assert not fast.to_run

    def test_a_record_is_held_against_the_code_of_its_mode(self, cells: list[Cell], places: Places) -> None:
        """A fast record rests on more code than the default's, and is compared with that."""
        asked: list[str] = []

        def of_mode(_: Settings, mode: str) -> Fingerprint:
            asked.append(mode)
            return NOW

        leave_record(places, cells[0], mode="fast")
        make_plan(cells[:1], places, fingerprint=of_mode)
        assert asked == ["fast"]

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 2}'])
    def test_a_record_that_cannot_be_read_does_not_count(self, cells: list[Cell], places: Places, text: str) -> None:
        """A torn file, or one of another schema, is no record."""
        leave_record(places, cells[0])
        places.record(cells[0]).write_text(text)
        state, reason = self.look_at(cells[0], places)
        assert state == "damaged"
        assert str(places.record(cells[0])) in reason

    def test_a_module_that_moved_is_no_change(self, cells: list[Cell], places: Places) -> None:
        """What a module says counts, not where it lay when the record was made; only what differs is named."""
        files = {"mnad/gone.py": "1", "mnad/losses.py": "0"}
        leave_record(places, cells[0], fingerprint={"digest": NOW.digest, "modules": files})
        assert self.look_at(cells[0], places) == ("done", "")
        leave_record(places, cells[0], fingerprint={"digest": "then", "modules": files})
        assert self.look_at(cells[0], places) == ("stale", "changed since: mnad/losses.py")

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (None, "there is none"),
            (b"", "cut off"),
            (gzip.compress(TABLE.encode())[:-9], "cut off"),
            (gzip.compress(b"video,frame\n01,4\n"), "begins with the columns video, frame;"),
            (gzip.compress(TABLE.replace("0.1\n", "\n").replace("4,0,", "4,0.5,").encode()), "the label 0.5"),
            (gzip.compress(f"{TABLE}02,1,0,0.3\n".encode()), "3 rows for 2"),
        ],
        ids=["missing", "empty", "cut", "other columns", "other labels", "other rows"],
    )
    def test_a_record_without_its_table_is_damaged(
        self, cells: list[Cell], places: Places, content: bytes | None, said: str
    ) -> None:
        """A lost or damaged table of terms is named, and the cell runs again, even where stale records are kept."""
        leave_record(places, cells[0], data={"scored_frames": 2})
        table = places.record(cells[0]).with_suffix(".csv.gz")
        if content is None:
            table.unlink()
        else:
            table.write_bytes(content)
        plan = make_plan(cells[:1], places, fingerprint=fingerprint, keep_stale=True)
        assert plan.to_run == plan.cells
        assert plan.cells[0].state == "damaged"
        assert str(table) in plan.cells[0].reason
        assert said in plan.cells[0].reason
        assert "`reproduce` runs the cell again" in plan.cells[0].reason

    @pytest.mark.parametrize(
        ("difference", "state", "reason"),
        [
            (Difference(), "done", ""),
            (
                Difference("test frames differ from those it was made on", ("01",)),
                "stale",
                "test frames differ from those",
            ),
            (Difference(labels=("01",)), "relabelled", "labels of video 01 differ from those it was measured on"),
            (Difference(labels=tuple("abcde")), "relabelled", "labels of video a, b, c and 2 more differ"),
        ],
        ids=["same", "frames", "labels", "many labels"],
    )
    def test_data_that_differs_is_named(
        self, cells: list[Cell], places: Places, difference: Difference, state: str, reason: str
    ) -> None:
        """Other frames make a record stale; other labels make it one to be measured again, which trains nothing."""
        leave_record(places, cells[0])
        asked: list[object] = []

        def compare(*record: object) -> Difference:
            asked.append(record[2])
            return difference

        plan = make_plan(cells[:1], places, fingerprint=fingerprint, compare=compare)
        assert asked == [{"01": bytes([2, 2, 2, 2, 0, 1])}]
        assert plan.cells[0].state == state
        assert plan.cells[0].reason.startswith(reason)
        assert bool(plan.to_run) == (state == "stale")
        assert bool(plan.to_measure) == (state == "relabelled")
        assert ("no training" in describe_plan(plan, 1)) == (state == "relabelled")

    def test_a_last_attempt_that_failed_is_told(self, cells: list[Cell], places: Places) -> None:
        """The sentence of the failure is the reason."""
        leave_progress(places, cells[0], phase="failed", error="The loss was NaN.")
        assert self.look_at(cells[0], places) == ("failed", "The loss was NaN.")

    def test_a_record_outlives_an_older_failure(self, cells: list[Cell], places: Places) -> None:
        """What is done is done, whatever failed before."""
        leave_progress(places, cells[0], phase="failed", error="The loss was NaN.")
        leave_record(places, cells[0])
        assert self.look_at(cells[0], places) == ("done", "")

    def test_a_cell_that_was_stopped_resumes(self, cells: list[Cell], places: Places) -> None:
        """The plan says after which epoch."""
        leave_progress(places, cells[0], phase="train", epochs_done=[{"epoch": 1}])
        assert self.look_at(cells[0], places) == ("missing", "resumes after epoch 1 of 2")

    def test_stale_cells_run_again_unless_they_are_kept(self, cells: list[Cell], places: Places) -> None:
        """Stale, missing and failed cells are to run, in the order of the study."""
        leave_record(places, cells[0])
        leave_record(places, cells[1], fingerprint={"digest": "then", "modules": {}})
        leave_progress(places, cells[2], phase="failed", error="E.")
        plan = make_plan(cells, places, fingerprint=fingerprint)
        assert [one.state for one in plan.cells] == ["done", "stale", "failed", "missing"]
        assert [one.cell.seed for one in plan.to_run] == [1, 2, 3]
        kept = make_plan(cells, places, fingerprint=fingerprint, keep_stale=True)
        assert [one.cell.seed for one in kept.to_run] == [2, 3]

    def test_time_comes_from_the_same_settings(self, cells: list[Cell], places: Places) -> None:
        """Another seed's core-seconds, shared by the threads of a cell."""
        leave_record(places, cells[0])
        plan = make_plan(cells[:2], places, threads=4, fingerprint=fingerprint)
        assert plan.cells[1].seconds == pytest.approx(START + (30 + 20) * 2 / 4)

    def test_a_record_without_the_epochs_asked_for_is_stale(self, cells: list[Cell], places: Places) -> None:
        """A study that evaluates epochs wants their AUC in the record; another study does not care."""
        leave_record(places, cells[0], epochs=[{"epoch": 1}, {"epoch": 2, "micro_auc": 0.9}])
        leave_record(places, cells[1], epochs=[{"epoch": 1, "micro_auc": None}, {"epoch": 2, "micro_auc": 0.9}])
        plan = make_plan(cells[:2], places, fingerprint=fingerprint, evaluate_every=1)
        assert [(one.state, one.reason) for one in plan.cells] == [
            ("stale", "1 of 2 epochs were not evaluated"),
            ("done", ""),
        ]
        assert not make_plan(cells[:2], places, fingerprint=fingerprint, evaluate_every=2).to_run
        assert not make_plan(cells[:2], places, fingerprint=fingerprint).to_run

    def test_imports_nothing_heavy(self, places: Places) -> None:
        """A plan, with the real fingerprint, needs neither torch nor Dask nor numpy."""
        code = (
            "import sys; from benchmarks.cli import main; "
            f"status = main(['plan', 'smoke', '--device', 'cpu', '--results', {str(places.results)!r}]); "
            "heavy = [n for n in ('torch', 'dask', 'distributed', 'numpy', 'pandas', 'mlflow') if n in sys.modules]; "
            "print(heavy); sys.exit(status)"
        )
        run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert run.stdout.splitlines()[-1] == "[]"


class TestPlan:
    @pytest.mark.parametrize(("jobs", "seconds"), [(1, 60.0), (2, 40.0), (3, 30.0), (9, 30.0)])
    def test_time_is_that_of_the_last_cell_to_end(self, cells: list[Cell], jobs: int, seconds: float) -> None:
        """Cells start in order as workers become free."""
        planned = tuple(
            PlannedCell(cell, "missing", seconds=each) for cell, each in zip(cells[:3], (10, 20, 30), strict=True)
        )
        assert Plan(planned).seconds(jobs) == seconds

    def test_what_is_done_takes_no_time(self, cells: list[Cell]) -> None:
        """Only cells to run count."""
        planned = (PlannedCell(cells[0], "done", seconds=10), PlannedCell(cells[1], "missing", seconds=20))
        assert Plan(planned).seconds(1) == 20


class TestDescribePlan:
    def test_names_every_cell_with_state_time_and_reason(self, cells: list[Cell]) -> None:
        """One line a cell, then how many are in which state."""
        plan = Plan(
            (
                PlannedCell(cells[0], "done", seconds=50.0),
                PlannedCell(cells[1], "failed", "The loss was NaN.", 50.0),
                PlannedCell(cells[2], "missing", seconds=70.0),
            )
        )
        first, *lines, last = describe_plan(plan, jobs=1).splitlines()
        assert first == "synthetic, profile smoke"
        name = cells[0].settings.name
        assert [line.split() for line in lines] == [
            ["done", name, "seed", "0"],
            ["failed", name, "seed", "1", "about", "50", "s", "The", "loss", "was", "NaN."],
            ["missing", name, "seed", "2", "about", "1", "min", "10", "s"],
        ]
        assert last == "3 cells: 1 done, 1 missing, 1 failed. 2 to run, 1 at a time: about 2 min 00 s."

    def test_tells_settings_of_one_name_apart(self, cells: list[Cell]) -> None:
        """In a sweep the readable names agree, so the plan says what differs."""
        swept = Cell(replace(cells[0].settings, items=50), 0)
        plan = Plan(tuple(PlannedCell(cell, "missing", seconds=1.0) for cell in (cells[0], cells[1], swept)))
        lines = describe_plan(plan, jobs=1).splitlines()[1:4]
        assert ["items=50" in line for line in lines] == [False, False, True]


class TestDescribeTotal:
    def test_nothing_to_run(self, cells: list[Cell]) -> None:
        """A finished study says so."""
        assert describe_total(Plan((PlannedCell(cells[0], "done"),)), 2) == "Nothing left to run."

    def test_unknown_times_are_not_made_up(self, cells: list[Cell]) -> None:
        """Where no cell's time is known there is none; where some are, the others are counted apart."""
        unknown = PlannedCell(cells[0], "missing")
        assert describe_total(Plan((unknown,)), 2).endswith("how long is not known before a first record.")
        mixed = Plan((unknown, PlannedCell(cells[1], "missing", seconds=30.0)))
        assert describe_total(mixed, 2) == "2 to run, 2 at a time: about 30 s, without 1 whose time is not known."

    def test_workers_of_a_cluster_say_how_many(self, cells: list[Cell]) -> None:
        """Before they do, the time is that of one run after another."""
        plan = Plan(tuple(PlannedCell(cell, "missing", seconds=30.0) for cell in cells[:2]))
        assert describe_total(plan, None) == "2 to run, as many at a time as workers take: about 1 min 00 s on one."
