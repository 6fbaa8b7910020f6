import json
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.grid import process
from benchmarks.grid.places import Places
from benchmarks.grid.process import Ended, cell_job, kill_all, run_job
from benchmarks.study.settings import Cell

FakeCell = Callable[[str], tuple[str, ...]]
Alive = Callable[[list[int]], int]
WaitUntil = Callable[[Callable[[], bool]], bool]


class TestCellJob:
    def test_is_the_documented_command(self, cells: list[Cell], places: Places) -> None:
        """The command is `-m benchmarks.run.cell` with the options of a cell, and absolute paths."""
        job = cell_job(cells[1], places, threads=2, device="cuda")
        assert job.arguments[:2] == ("-m", "benchmarks.run.cell")
        options = dict(zip(job.arguments[2:-1:2], job.arguments[3:-1:2], strict=True))
        assert set(options) == {"--settings", "--seed", "--results", "--work", "--threads", "--device", "--mode"}
        assert [options[f"--{name}"] for name in ("seed", "threads", "device", "mode")] == ["1", "2", "cuda", "record"]
        assert all(Path(options[name]).is_absolute() for name in ("--settings", "--results", "--work"))
        assert job.arguments[-1] == "--quiet"
        assert job.environment == {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}

    def test_names_the_data_where_there_is_some(self, cells: list[Cell], places: Places) -> None:
        """A study with data passes its root on."""
        job = cell_job(cells[0], Places(Path("d"), places.results, places.work), threads=1, device="cpu")
        assert job.arguments[job.arguments.index("--data-root") + 1] == str(Path("d").absolute())

    def test_passes_on_which_epochs_to_evaluate(self, cells: list[Cell], places: Places) -> None:
        """A study that looks between epochs says so to its cells, and to no other's."""
        job = cell_job(cells[0], places, threads=1, device="cpu", evaluate_every=2)
        assert job.arguments[job.arguments.index("--evaluate-every") + 1] == "2"
        assert "--evaluate-every" not in cell_job(cells[0], places, threads=1, device="cpu").arguments

    def test_can_be_sent_to_a_worker(self, cells: list[Cell], places: Places) -> None:
        """A job survives pickling."""
        job = cell_job(cells[0], places, threads=1, device="cpu")
        assert pickle.loads(pickle.dumps(job)) == job


def run(cell: Cell, places: Places, entry: tuple[str, ...]) -> Ended:
    """Run a cell's command to its end."""
    return run_job(cell_job(cell, places, threads=3, device="cpu", entry=entry))


class TestRunJob:
    def test_a_cell_that_leaves_its_record_is_done(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell
    ) -> None:
        """Status 0 and a record mean done; the settings file is what the cell was given."""
        ended = run(cells[0], places, fake_cell("print(os.environ['OMP_NUM_THREADS']); leave_record()"))
        assert (ended.state, ended.sentence) == ("done", "")
        assert places.output(cells[0]).read_text() == "3\n"
        assert json.loads((places.folder(cells[0]) / "settings.json").read_text()) == cells[0].settings.to_dict()

    def test_a_refusal_is_the_sentence_itself(self, cells: list[Cell], places: Places, fake_cell: FakeCell) -> None:
        """Status 2 gives the last line of stderr, unadorned."""
        entry = fake_cell(
            "print('noise', file=sys.stderr); print('Expected A, but got B.', file=sys.stderr); sys.exit(2)"
        )
        ended = run(cells[0], places, entry)
        assert (ended.state, ended.sentence) == ("failed", "Expected A, but got B.")

    def test_a_crash_shows_its_last_line_and_log(self, cells: list[Cell], places: Places, fake_cell: FakeCell) -> None:
        """A traceback gives its last line and says where the rest is."""
        ended = run(cells[0], places, fake_cell("raise RuntimeError('shapes differ')"))
        assert ended.state == "failed"
        assert "crashed with status 1: RuntimeError: shapes differ" in ended.sentence
        assert str(places.output(cells[0])) in ended.sentence
        assert "Traceback" in places.output(cells[0]).read_text()

    @pytest.mark.parametrize(
        ("kills", "out_of_memory", "said"), [((3, 4), True, "because memory ran out"), ((3, 3), False, "from outside")]
    )
    def test_a_killed_cell_names_memory_where_the_kernel_counted_it(
        self,
        kills: tuple[int, int],
        out_of_memory: bool,
        said: str,
        cells: list[Cell],
        places: Places,
        fake_cell: FakeCell,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """SIGKILL is the kernel's for want of memory if its count has risen, somebody else's if not."""
        counts = iter(kills)
        monkeypatch.setattr(process, "memory_kills", lambda: next(counts))
        ended = run(cells[0], places, fake_cell("os.kill(os.getpid(), signal.SIGKILL)"))
        assert (ended.state, ended.out_of_memory) == ("failed", out_of_memory)
        assert f"was killed {said}" in ended.sentence

    def test_another_signal_is_named(self, cells: list[Cell], places: Places, fake_cell: FakeCell) -> None:
        """A segmentation fault is called by its name."""
        ended = run(cells[0], places, fake_cell("os.kill(os.getpid(), signal.SIGSEGV)"))
        assert "was ended by SIGSEGV" in ended.sentence

    def test_success_without_a_record_is_a_failure(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell
    ) -> None:
        """A cell must not be counted as done because it said so."""
        ended = run(cells[0], places, fake_cell("pass"))
        assert ended.state == "failed"
        assert str(places.record(cells[0])) in ended.sentence

    def test_a_folder_that_cannot_be_made_is_a_failure(
        self, cells: list[Cell], tmp_path: Path, fake_cell: FakeCell
    ) -> None:
        """A work folder that is a file fails the cell with a sentence and no traceback."""
        (tmp_path / "work").write_text("")
        ended = run(cells[0], Places(None, tmp_path / "results", tmp_path / "work"), fake_cell("leave_record()"))
        assert ended.state == "failed"
        assert "Expected to start the cell" in ended.sentence

    def test_cancelling_kills_the_cell_and_its_children(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell, alive: Alive, wait_until: WaitUntil
    ) -> None:
        """Once cancelled is true, neither the cell nor what it started lives on."""
        entry = fake_cell("""
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            progress(phase="train", pids=[os.getpid(), child.pid])
            time.sleep(600)
        """)
        job = cell_job(cells[0], places, threads=1, device="cpu", entry=entry)
        ended = run_job(job, places.progress(cells[0]).exists)
        pids = json.loads(places.progress(cells[0]).read_text())["pids"]
        assert ended.state == "cancelled"
        assert wait_until(lambda: alive(pids) == 0)

    def test_a_crash_takes_the_cells_children_along(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell, alive: Alive, wait_until: WaitUntil
    ) -> None:
        """What a crashed cell had started does not outlive it."""
        entry = fake_cell("""
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            progress(phase="train", pids=[child.pid])
            os._exit(7)
        """)
        ended = run(cells[0], places, entry)
        (pid,) = json.loads(places.progress(cells[0]).read_text())["pids"]
        assert "status 7" in ended.sentence
        assert wait_until(lambda: alive([pid]) == 0)


class TestKillAll:
    def test_ends_what_runs_in_other_threads(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell, alive: Alive, wait_until: WaitUntil
    ) -> None:
        """Cells that other threads wait for are gone when it returns."""
        entry = fake_cell("progress(phase='train', pids=[os.getpid()]); time.sleep(600)")
        with ThreadPoolExecutor() as pool:
            futures = [
                pool.submit(run_job, cell_job(cell, places, threads=1, device="cpu", entry=entry)) for cell in cells[:2]
            ]
            assert wait_until(lambda: all(places.progress(cell).exists() for cell in cells[:2]))
            kill_all()
            pids = [pid for cell in cells[:2] for pid in json.loads(places.progress(cell).read_text())["pids"]]
            assert wait_until(lambda: alive(pids) == 0)
            assert [future.result().state for future in futures] == ["failed", "failed"]
