import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from benchmarks.errors import StudyError
from benchmarks.grid import engine, worker
from benchmarks.grid.cluster import Cluster
from benchmarks.grid.engine import Workers, run_cells
from benchmarks.grid.events import Event
from benchmarks.grid.places import Places
from benchmarks.study.settings import Cell

FakeCell = Callable[[str], tuple[str, ...]]
ENDS = """
    if options.seed == 1:
        raise RuntimeError(f"shapes differ in {work}")
    (work / "look.npz").write_text("arrays")
    (work / "checkpoint.safetensors").write_text("weights")
    progress(phase="train", epoch=1, epochs=1, epochs_done=[{"epoch": 1}])
    leave_record()
"""
ANSWER = {"code": {}, "versions": {}, "gpus": []}


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster of somebody's, whose two workers are threads that answer at once and have a folder of their own."""
    import dask
    from distributed import LocalCluster

    monkeypatch.setenv(worker.HOME, str(tmp_path / "home"))
    for module in (engine, worker):
        monkeypatch.setattr(module, "installation", lambda *_: ANSWER)
    quick = {"distributed.comm.timeouts.connect": "1s", "distributed.scheduler.worker-ttl": None}
    with (
        dask.config.set(quick),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            protocol="tcp://",
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
        ) as started,
    ):
        yield started


@pytest.fixture
def scheduler(cluster: Any) -> str:
    """Its address."""
    address: str = cluster.scheduler_address
    return address


def unshared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers miss the client's disk."""
    monkeypatch.setattr(engine, "_sign", lambda _: nullcontext(Path("/no/sign")))


class TestWork:
    def test_a_worker_with_the_clients_disk_writes_there(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell, scheduler: str, tmp_path: Path
    ) -> None:
        """Nothing travels, and its own folder stays empty; jobs and threads are the workers'."""
        taken: list[Workers] = []
        workers = Workers(None, None, cluster=Cluster(scheduler))
        ended = run_cells(cells, places, workers, entry=fake_cell(ENDS), greeted=taken.append)
        assert [ended[cell].state for cell in cells] == ["done", "failed", "done", "done"]
        assert (taken[0].jobs, taken[0].threads) == (2, max(1, len(os.sched_getaffinity(0)) // 2))
        assert not (tmp_path / "home").exists()
        assert not list(places.work.glob(".client.*"))

    def test_without_it_all_comes_to_the_client(
        self,
        cells: list[Cell],
        places: Places,
        fake_cell: FakeCell,
        scheduler: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Records, inspections and logs lie at the client, progress is heard, and the worker keeps no finished cell."""
        unshared(monkeypatch)
        heard: list[Event] = []
        ended = run_cells(
            cells,
            places,
            Workers(None, 1, cluster=Cluster(scheduler)),
            entry=fake_cell(ENDS),
            listeners=[heard.append],
        )
        assert [ended[cell].state for cell in cells] == ["done", "failed", "done", "done"]
        done = [cell for cell in cells if cell.seed != 1]
        assert all(places.record(cell).is_file() for cell in done)
        assert all((places.folder(cell) / "look.npz").is_file() for cell in done)
        assert not any((places.folder(cell) / "checkpoint.safetensors").exists() for cell in cells)
        assert {event.cell.seed for event in heard if event.kind == "progress"} == {0, 2, 3}
        assert "shapes differ" in places.output(cells[1]).read_text()
        assert str(places.output(cells[1])) in ended[cells[1]].sentence
        left = {path.name for path in (tmp_path / "home" / "work").iterdir()}
        assert left == {cells[1].slug}
        assert not list((tmp_path / "home").rglob("seed-*"))

    def test_a_record_of_another_study_is_not_believed(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell, scheduler: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What came back is looked at as the plan does; checkpoints come where they are asked for."""
        unshared(monkeypatch)
        ended = run_cells(
            cells[2:],
            places,
            Workers(None, 1, cluster=Cluster(scheduler, checkpoints=True)),
            entry=fake_cell(ENDS),
            settled=lambda cell: cell.seed == 3,
        )
        assert [ended[cell].state for cell in cells[2:]] == ["failed", "done"]
        assert "none of this study's" in ended[cells[2]].sentence
        assert (places.folder(cells[3]) / "checkpoint.safetensors").read_text() == "weights"


class TestLosses:
    def test_a_cell_goes_on_at_another_worker(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell, cluster: Any, tmp_path: Path
    ) -> None:
        """The worker that has it goes in the middle of it; it is begun again elsewhere, and ends once."""
        entry = fake_cell(f"""
            came = pathlib.Path({str(tmp_path)!r}, f"came-{{options.seed}}")
            first = options.seed == 0 and not came.exists()
            came.touch()
            if first:
                progress(phase="train")
                time.sleep(600)
            leave_record()
        """)
        heard: list[tuple[str, int]] = []

        def listen(event: Event) -> None:
            heard.append((event.kind, event.cell.seed))
            if heard[-1] == ("progress", 0):
                (busy,) = [
                    one
                    for one in cluster.workers.values()
                    if any(task.state == "executing" for task in one.state.tasks.values())
                ]
                cluster.sync(busy.close, timeout=1, executor_wait=False)

        workers = Workers(None, 1, cluster=Cluster(cluster.scheduler_address))
        ended = run_cells(cells[:1], places, workers, entry=entry, listeners=[listen])
        assert ended[cells[0]].state == "done"
        assert heard == [("started", 0), ("progress", 0), ("started", 0), ("done", 0)]

    def test_a_scheduler_that_goes_is_a_sentence(
        self, cells: list[Cell], places: Places, fake_cell: FakeCell, cluster: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It says how much is done, and the cells that ran are stopped."""
        monkeypatch.setattr("benchmarks.grid.cluster._CONNECT_SECONDS", 2)

        def listen(event: Event) -> None:
            if event.kind == "progress":
                cluster.sync(cluster.scheduler.close)

        entry = fake_cell("""
            if options.seed == 0:
                leave_record()
                sys.exit(0)
            progress(phase="train")
            time.sleep(600)
        """)
        with pytest.raises(StudyError, match=r"Expected the scheduler at tcp://\S+ to stay, .* \(1 of 4 runs are done"):
            run_cells(
                cells,
                places,
                Workers(1, 1, cluster=Cluster(cluster.scheduler_address)),
                entry=entry,
                listeners=[listen],
            )


class TestDescribe:
    def test_says_whether_it_sees_the_clients_disk(self, scheduler: str, tmp_path: Path) -> None:
        """By a file that is there or not; processors and threads come along."""
        from distributed import Client

        with Client(scheduler, set_as_default=False) as client:
            (address, _) = client.nthreads()
            assert worker.submit(client, address, worker.describe, None, None, str(tmp_path)).result()["shared"]
            found = worker.submit(client, address, worker.describe, None, None, str(tmp_path / "none")).result()
        assert not found["shared"]
        assert (found["slots"], found["cpus"]) == (1, sorted(os.sched_getaffinity(0)))


class TestInstallation:
    def test_an_interpreter_that_fails_is_an_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A worker without the project's environment says why, on one line."""
        monkeypatch.setattr(worker.sys, "executable", "/bin/false")
        assert worker.installation(None, None)["error"]


class TestGpu:
    def test_the_gpu_with_the_fewest_cells(self) -> None:
        """Four cells on two GPUs are two on each, and one that ends makes room."""
        with worker._gpu(["3", "5"]) as first, worker._gpu(["3", "5"]) as second:
            assert [first, second] == [{"CUDA_VISIBLE_DEVICES": "3"}, {"CUDA_VISIBLE_DEVICES": "5"}]
        with worker._gpu(["3", "5"]) as third:
            assert third == first
        with worker._gpu([]) as nothing:
            assert nothing == {}
