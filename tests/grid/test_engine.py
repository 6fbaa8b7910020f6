import itertools
import json
import pickle
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.errors import StudyError
from benchmarks.grid import dispatch, engine
from benchmarks.grid.engine import Workers, run_cells
from benchmarks.grid.events import Event
from benchmarks.grid.fleet import Fleet
from benchmarks.grid.places import Places
from benchmarks.grid.process import Ended
from benchmarks.grid.worker import Returned
from benchmarks.run.cell_lock import alone_at
from benchmarks.study.settings import Cell

FakeCell = Callable[[str], tuple[str, ...]]
Alive = Callable[[list[int]], int]
WaitUntil = Callable[[Callable[[], bool]], bool]
ROOT = Path(__file__).resolve().parents[2]
ONE_OF_EACH = """
    if options.seed == 1:
        raise RuntimeError("shapes differ")
    if options.seed == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    progress(phase="train", epoch=1, epochs=1, epochs_done=[{"epoch": 1}])
    leave_record()
"""
SLEEPY = """
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    progress(phase="train", pids=[os.getpid(), child.pid])
    time.sleep(600)
"""


class TestRunCells:
    def test_a_cell_that_fails_stops_no_other(self, cells: list[Cell], places: Places, fake_cell: FakeCell) -> None:
        """A crash and a kill are reported for their cells alone; the others leave records."""
        heard: list[Event] = []
        ended = run_cells(cells, places, Workers(2, 1), listeners=[heard.append], entry=fake_cell(ONE_OF_EACH))
        assert [ended[cell].state for cell in cells] == ["done", "failed", "failed", "done"]
        assert [places.record(cell).exists() for cell in cells] == [True, False, False, True]
        kinds = Counter((event.kind, event.cell.seed) for event in heard)
        assert [kinds["started", cell.seed] for cell in cells] == [1, 1, 1, 1]
        assert [kinds["done", cell.seed] + kinds["failed", cell.seed] for cell in cells] == [1, 1, 1, 1]
        assert "shapes differ" in next(e.sentence for e in heard if e.kind == "failed" and e.cell.seed == 1)

    def test_listeners_see_the_progress_files(self, cells: list[Cell], places: Places, fake_cell: FakeCell) -> None:
        """The last state of a cell's progress file is reported before its end."""
        heard: list[Event] = []
        run_cells(cells[:1], places, Workers(1, 1), listeners=[heard.append], entry=fake_cell(ONE_OF_EACH))
        assert [event.kind for event in heard] == ["started", "progress", "done"]
        assert heard[1].progress["epochs_done"] == [{"epoch": 1}]

    def test_progress_of_an_earlier_attempt_is_no_news(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell
    ) -> None:
        """A progress file that the cell has not touched yet is not shown as its own."""
        places.folder(cells[0]).mkdir(parents=True)
        places.progress(cells[0]).write_text('{"phase": "failed", "error": "old"}')
        heard: list[Event] = []
        run_cells(cells[:1], places, Workers(1, 1), listeners=[heard.append], entry=fake_cell("leave_record()"))
        assert [event.kind for event in heard] == ["started", "done"]

    def test_starts_in_the_order_given(self, cells: list[Cell], places: Places, fake_cell: FakeCell) -> None:
        """One at a time, cells come in the order of the study."""
        heard: list[Event] = []
        run_cells(cells[::-1], places, Workers(1, 1), listeners=[heard.append], entry=fake_cell("leave_record()"))
        assert [event.cell.seed for event in heard if event.kind == "started"] == [3, 2, 1, 0]

    def test_runs_no_more_than_jobs_at_a_time(self, cells: list[Cell], places: Places, fake_cell: FakeCell) -> None:
        """With two jobs there are never three cells, and once there are two."""
        entry = fake_cell("""
            come = [pathlib.Path(options.work) / f"came-{seed}" for seed in range(4)]
            here = pathlib.Path(options.work) / f"here-{options.seed}"
            here.touch()
            come[options.seed].touch()
            end = time.monotonic() + 60
            while not (come[0].exists() and come[1].exists()) and time.monotonic() < end:
                time.sleep(0.05)
            print(len(list(pathlib.Path(options.work).glob("here-*"))), come[0].exists() and come[1].exists())
            here.unlink()
            leave_record()
        """)
        run_cells(cells, places, Workers(2, 1), entry=entry)
        said = [places.output(cell).read_text().split() for cell in cells]
        assert max(int(number) for number, _ in said) <= 2
        assert {together for _, together in said} == {"True"}

    def test_a_long_cell_holds_up_no_other(self, cells: list[Cell], places: Places, fake_cell: FakeCell) -> None:
        """While one worker has a long cell the other one does all the rest: none waits for a worker that is busy."""
        entry = fake_cell("""
            come = [pathlib.Path(options.work) / f"came-{seed}" for seed in range(4)]
            come[options.seed].touch()
            end = time.monotonic() + 60
            while options.seed == 0 and not all(file.exists() for file in come) and time.monotonic() < end:
                time.sleep(0.05)
            print(all(file.exists() for file in come))
            leave_record()
        """)
        run_cells(cells, places, Workers(2, 1), entry=entry)
        assert places.output(cells[0]).read_text() == "True\n"

    def test_hands_out_no_more_cells_than_there_are_places(self, cells: list[Cell], places: Places) -> None:
        """A cell that waits has no worker yet: Dask would give it one by guessed durations, and leave another idle."""
        run = dispatch.Dispatch(cells, places, [])
        fleet = Fleet(SimpleNamespace(nthreads=lambda: {"one": 1, "other": 1}, status="running"), None)
        handed: list[tuple[Cell, str]] = []
        in_hand: list[int] = []
        ends = iter(cells)

        def hand(cell: Cell, address: str) -> SimpleNamespace:
            handed.append((cell, address))
            end = SimpleNamespace(status="finished", result=lambda timeout: Returned(Ended("done", "", 1.0)))
            end.add_done_callback = lambda _: None
            return end

        def end_one() -> None:
            for cell in itertools.islice(ends, 1):
                in_hand.append(len(run.futures))
                run._news.put((cell, run.futures[cell], None))

        run.follow(dispatch.Means(fleet, hand, lambda _: None, end_one, None, None))
        assert [cell for cell, _ in handed] == cells
        assert {address for _, address in handed[:2]} == {"one", "other"}
        assert max(in_hand) == 2

    def test_two_commands_share_the_work(self, cells: list[Cell], places: Places, fake_cell: FakeCell) -> None:
        """Each cell is trained once, whoever meets it; both commands end with every record, and none has failed."""
        entry = fake_cell("""
            from benchmarks.run.cell_lock import CellHeldError, HELD, alone_at
            record = pathlib.Path(options.results, "runs", settings.dataset, settings.profile, settings.name)
            try:
                with alone_at(work, "a run"):
                    if (record / f"seed-{options.seed}.json").exists():
                        sys.exit(0)
                    with open(pathlib.Path(options.work) / "trained", "a") as file:
                        print(options.seed, file=file, flush=True)
                    time.sleep(0.5)
                    leave_record()
            except CellHeldError:
                sys.exit(HELD)
        """)
        command = textwrap.dedent(f"""
            import pathlib, pickle, sys
            from benchmarks.grid.engine import Workers, run_cells
            cells, places = pickle.loads(pathlib.Path({str(places.results.parent / "cells")!r}).read_bytes())
            ended = run_cells(cells, places, Workers(2, 1), entry={entry!r})
            print([ended[cell].state for cell in cells])
        """)
        (places.results.parent / "cells").write_bytes(pickle.dumps((cells, places)))
        commands = [
            subprocess.Popen([sys.executable, "-c", command], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in "ab"
        ]
        assert [one.communicate(timeout=300)[0] for one in commands] == [f"{['done'] * 4}\n"] * 2
        assert sorted((places.work / "trained").read_text().split()) == ["0", "1", "2", "3"]

    def test_a_cell_that_somebody_has_is_waited_for(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell
    ) -> None:
        """The others go first; then its record is looked at, and only one that is not good for the study is made again."""
        heard: list[tuple[str, int]] = []
        with ExitStack() as theirs:
            for cell in cells[:2]:
                places.folder(cell).mkdir(parents=True)
                theirs.enter_context(alone_at(places.folder(cell), "a run"))

            def listen(event: Event) -> None:
                heard.append((event.kind, event.cell.seed))
                if heard[-1] == ("done", 3):
                    for cell in cells[:2]:
                        places.record(cell).parent.mkdir(parents=True, exist_ok=True)
                        places.record(cell).write_text("{}")
                    theirs.close()

            ended = run_cells(
                cells,
                places,
                Workers(1, 1),
                listeners=[listen],
                entry=fake_cell("leave_record()"),
                settled=lambda cell: cell.seed == 0,
            )
        assert {end.state for end in ended.values()} == {"done"}
        assert heard[:2] == [("held", 0), ("held", 1)]
        assert heard[-3:] == [("elsewhere", 0), ("started", 1), ("done", 1)]

    def test_each_worker_has_an_accelerator_of_its_own(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two cells at a time on two accelerators: each cell sees one, and both are used."""
        monkeypatch.setattr(engine, "accelerators", lambda: ("3", "5"))
        entry = fake_cell("""
            come = [pathlib.Path(options.work) / f"came-{seed}" for seed in range(2)]
            come[options.seed].touch()
            end = time.monotonic() + 60
            while not all(file.exists() for file in come) and time.monotonic() < end:
                time.sleep(0.05)
            print(os.environ["CUDA_VISIBLE_DEVICES"], options.device)
            leave_record()
        """)
        run_cells(cells[:2], places, Workers(2, 1, "cuda"), entry=entry)
        assert sorted(places.output(cell).read_text() for cell in cells[:2]) == ["3 cuda\n", "5 cuda\n"]

    def test_a_listener_that_raises_ends_the_cells(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell, alive: Alive, wait_until: WaitUntil
    ) -> None:
        """Whatever ends the engine, running cells are killed and the error gets out."""

        def stop(event: Event) -> None:
            if event.kind == "progress":
                raise RuntimeError("enough")

        with pytest.raises(RuntimeError, match="enough"):
            run_cells(cells, places, Workers(2, 1), listeners=[stop], entry=fake_cell(SLEEPY))
        assert wait_until(lambda: alive(pids_of(cells, places)) == 0)

    def test_nothing_to_do_imports_no_dask(self, tmp_path: Path) -> None:
        """Without cells the engine returns before Dask, torch or pandas are imported."""
        code = """
            import sys
            from pathlib import Path
            from benchmarks.grid.engine import Workers, run_cells
            from benchmarks.grid.places import Places
            assert run_cells([], Places(None, Path("r"), Path("w")), Workers(2, 1)) == {}
            print([name for name in ("dask", "distributed", "torch", "pandas") if name in sys.modules])
        """
        run = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == "[]"


def pids_of(cells: list[Cell], places: Places) -> list[int]:
    """Processes of cells that wrote them down."""
    files = [file for cell in cells if (file := places.progress(cell)).exists()]
    return [pid for file in files for pid in json.loads(file.read_text())["pids"]]


class TestInterrupt:
    @pytest.fixture
    def study(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell, tmp_path: Path, wait_until: WaitUntil
    ) -> subprocess.Popen[str]:
        """A process that runs two sleeping cells with children of their own, and is in the middle of it."""
        settings = tmp_path / "settings.json"
        settings.write_text(json.dumps(cells[0].settings.to_dict()))
        code = f"""
            import json, signal, sys
            from pathlib import Path
            # Started in the background by a script, this process would inherit a deaf ear for Ctrl-C.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            from benchmarks import cli
            from benchmarks.grid.engine import Workers, run_cells
            from benchmarks.grid.places import Places
            from benchmarks.study.settings import Cell, Settings
            settings = Settings.from_dict(json.loads(Path({str(settings)!r}).read_text()))
            places = Places(None, Path({str(places.results)!r}), Path({str(places.work)!r}))

            class Parser:
                def parse_args(self, _, options):
                    options.run, options.runs_cells = self.run, True
                def run(self, _):
                    run_cells([Cell(settings, seed) for seed in range(4)], places, Workers(2, 1), entry={fake_cell(SLEEPY)!r})

            cli._parser = Parser
            sys.exit(cli.main([]))
        """
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        assert wait_until(lambda: len(pids_of(cells, places)) == 4)
        return process

    def test_control_c_leaves_no_orphan(
        self, study: "subprocess.Popen[str]", cells: list[Cell], places: Places, alive: Alive, wait_until: WaitUntil
    ) -> None:
        """SIGINT ends cells and their children, with status 130 and one line."""
        pids = pids_of(cells, places)
        assert alive(pids) == 4
        study.send_signal(signal.SIGINT)
        _, said = study.communicate(timeout=60)
        assert wait_until(lambda: alive(pids) == 0)
        assert study.returncode == 130
        assert said.strip().splitlines() == [
            "Interrupted; cells that ran were stopped, and the same command continues."
        ]

    def test_a_kill_leaves_no_orphan(
        self, study: "subprocess.Popen[str]", cells: list[Cell], places: Places, alive: Alive, wait_until: WaitUntil
    ) -> None:
        """SIGKILL of the engine ends cells and their children too."""
        pids = pids_of(cells, places)
        study.kill()
        study.communicate(timeout=60)
        assert wait_until(lambda: alive(pids) == 0)


class TestWorkers:
    def test_fills_the_cores(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A cell a core by default; fewer cells share the cores out."""
        monkeypatch.setattr(engine, "cores", lambda: 8)
        assert Workers.choose(jobs=None, threads=None) == Workers(8, 1)
        assert Workers.choose(jobs=3, threads=None) == Workers(3, 2)
        assert Workers.choose(jobs=16, threads=None) == Workers(16, 1)
        assert Workers.choose(jobs=2, threads=1) == Workers(2, 1)

    def test_takes_a_cell_an_accelerator(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """With CUDA it is accelerators that count."""
        monkeypatch.setattr(engine, "cores", lambda: 16)
        monkeypatch.setattr(engine, "accelerators", lambda: ("0", "1"))
        assert Workers.choose(jobs=None, threads=None, device="cuda") == Workers(2, 8, "cuda")

    @pytest.mark.parametrize(("jobs", "threads", "named"), [(0, None, "--jobs"), (None, -1, "--threads")])
    def test_refuses_numbers_below_one(self, jobs: int | None, threads: int | None, named: str) -> None:
        """No cells at a time is no way to run them."""
        with pytest.raises(StudyError, match=f"Expected {named} to be at least 1"):
            Workers.choose(jobs=jobs, threads=threads)
