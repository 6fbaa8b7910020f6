"""The engine: many cells at a time on Dask's distributed, each in a process of its own.

Dask's cluster is opened here, its workers are asked what they have, and `dispatch` gives them cells. What a worker without
this disk has made is done once it lies here.
"""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.errors import StudyError
from benchmarks.grid import process
from benchmarks.grid.cluster import Cluster, opened
from benchmarks.grid.device import Device, accelerators, cores
from benchmarks.grid.dispatch import POLL_SECONDS, Dispatch, Means, scheduler_of
from benchmarks.grid.events import Listener
from benchmarks.grid.fleet import Fleet, Question, no_worker
from benchmarks.grid.places import Places
from benchmarks.grid.process import CELL, Ended
from benchmarks.grid.worker import Task, installation, submit, work
from benchmarks.study.settings import Cell
from benchmarks.writing import clear_left


@dataclass(frozen=True)
class Workers:
    """How many cells at a time, with how many threads each, where; None: on a cluster, what its workers can take."""

    jobs: int | None
    threads: int | None
    device: Device = "cpu"
    cluster: Cluster | None = None

    @classmethod
    def choose(
        cls, *, jobs: int | None, threads: int | None, device: Device = "cpu", cluster: Cluster | None = None
    ) -> "Workers":
        """Fill in what was not asked for on this machine: a cell a core (or accelerator), and the cores shared out evenly.

        Raises StudyError for a number below 1.
        """
        for name, value in (("--jobs", jobs), ("--threads", threads)):
            if value is not None and value < 1:
                raise StudyError(f"Expected {name} to be at least 1, but got {value}; correct it.")
        if cluster is not None:
            return cls(jobs, threads, device, cluster)
        if jobs is None:
            jobs = cores() if device == "cpu" else max(1, len(accelerators()))
        # By jobs, not by cells left: a cell's sums, and so its numbers, depend on its number of threads.
        return cls(jobs, threads or max(1, cores() // jobs), device)


def run_cells(
    cells: Sequence[Cell],
    places: Places,
    workers: Workers,
    *,
    listeners: Sequence[Listener] = (),
    each_poll: Callable[[], None] = lambda: None,
    entry: tuple[str, ...] = CELL,
    mode: str = "record",
    evaluate_every: int = 0,
    known: Mapping[Cell, int] | None = None,
    settled: Callable[[Cell], bool] = lambda _: True,
    greeted: Callable[[Workers], None] = lambda _: None,
) -> dict[Cell, Ended]:
    """Run every cell, in order as workers become free; one that fails stops no other.

    Several commands may work in the same folders: a cell that another one has is waited for after all others, and one
    whose record another has made is done.

    each_poll: called twice a second, news or not. entry: what follows the interpreter in a cell's command.
    known: when the records were changed last (st_mtime_ns, 0 for none), as the plan saw them; as they are now where None.
    settled: whether a record that has changed since, or has come from a worker, is good for this study.
    greeted: hears jobs and threads once a cluster's workers have said what they can take.
    mode: of the cells, see benchmarks.run.fast. evaluate_every: as in a study file. On KeyboardInterrupt, or whatever
    else ends this function, running cells are killed with their children. With no cells Dask is not even imported.
    Raises StudyError where a cluster has no fit worker, or its scheduler is gone.
    """
    if not cells:
        return {}
    places = Places(
        None if places.data_root is None else places.data_root.absolute(),
        places.results.absolute(),
        places.work.absolute(),
    )
    run = Dispatch(cells, places, listeners, known, settled)
    cluster = workers.cluster
    with (
        _sign(places.work) as sign,
        opened(cluster, min(workers.jobs or 1, len(cells)), places.work / "slurm") as (client, scale),
    ):
        client.subscribe_topic(run.topic, run.hear)
        fleet = Fleet(
            client,
            None if cluster is None else _question(cells[0], places, sign, workers.device),
            accelerators() if workers.device == "cuda" and cluster is None else (),
        )
        scale(len(cells))
        _greet(fleet, cluster, each_poll)
        taken = replace(
            workers,
            jobs=fleet.slots if workers.jobs is None else workers.jobs,
            threads=workers.threads or fleet.threads(),
        )
        greeted(taken)

        def hand(cell: Cell, address: str) -> Any:
            worker = fleet.workers[address]
            assert taken.threads is not None
            task = Task(
                cell,
                places if worker.data_root is None else replace(places, data_root=Path(worker.data_root)),
                taken.threads,
                taken.device,
                entry,
                mode,
                evaluate_every,
                run.known[cell] if worker.shared else None,
                worker.gpus,
                worker.shared,
                cluster is not None and cluster.checkpoints,
            )
            return submit(client, address, work, task, run.topic)

        try:
            return run.follow(Means(fleet, hand, scale, each_poll, workers.jobs, cluster))
        except BaseException:
            with contextlib.suppress(Exception):  # a scheduler that is gone
                client.cancel(list(run.futures.values()), force=True)
            process.kill_all()
            raise


def _question(cell: Cell, places: Places, sign: Path, device: str) -> Question:
    dataset = None if places.data_root is None else cell.settings.dataset
    root = None if places.data_root is None else str(places.data_root)
    ours = installation(dataset, root)
    if why := ours.get("error") or ours.get("no_data"):
        raise StudyError(f"Expected this machine to have what workers are compared with, but {why}")
    return Question(ours, dataset, root, str(sign), device)


def _greet(fleet: Fleet, cluster: Cluster | None, each_poll: Callable[[], None]) -> None:
    """Wait until a worker may have cells, and for the answers of all others that are there; no longer than asked for."""
    end = time.monotonic() + (60.0 if cluster is None else cluster.wait)
    while True:
        with scheduler_of(cluster, "no run had begun"):
            fleet.refresh()
        if fleet.workers and not fleet.waiting:
            return
        if time.monotonic() > end:
            if fleet.workers:
                return
            assert cluster is not None, "the local cluster has no worker"
            raise no_worker(cluster.where, cluster.remedy, cluster.wait, fleet)
        each_poll()
        time.sleep(POLL_SECONDS / 5)


@contextlib.contextmanager
def _sign(work: Path) -> Iterator[Path]:
    """A file by which a worker knows that it sees this work folder."""
    work.mkdir(parents=True, exist_ok=True)
    clear_left(work, "client")
    with tempfile.NamedTemporaryFile(dir=work, prefix=".client.", suffix=".tmp") as file:
        yield Path(file.name)
