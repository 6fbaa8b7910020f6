"""The engine: many cells at a time on Dask's distributed, each in a process of its own.

Dask carries cells to workers and their news back. Which worker gets which cell is decided here, since Dask would guess
durations; one that dies gives its cell back. What a worker without this disk has made is done once it lies here.
"""

import contextlib
import math
import queue
import tempfile
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.errors import StudyError
from benchmarks.grid import process
from benchmarks.grid.cluster import Cluster, Scale, opened
from benchmarks.grid.device import Device, accelerators, cores
from benchmarks.grid.events import Event, Listener
from benchmarks.grid.fleet import Fleet, Question, no_worker
from benchmarks.grid.parcel import unpack
from benchmarks.grid.places import Places, version
from benchmarks.grid.process import CELL, Ended
from benchmarks.grid.worker import Returned, Task, installation, submit, work
from benchmarks.run.cell_lock import CellHeldError, alone_at, holder
from benchmarks.study.settings import Cell
from benchmarks.writing import clear_left

_POLL_SECONDS = 0.5
# Of a finished cell's files.
_FETCH_SECONDS = 600
# Workers that a cell may lose without an epoch more.
_MOST_LOST = 3


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
    run = _Run(cells, places, listeners, known, settled)
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
            return run.follow(_Loop(fleet, hand, scale, each_poll, workers.jobs, cluster))
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
        with _scheduler_of(cluster, "no run had begun"):
            fleet.refresh()
        if fleet.workers and not fleet.waiting:
            return
        if time.monotonic() > end:
            if fleet.workers:
                return
            assert cluster is not None, "the local cluster has no worker"
            raise no_worker(cluster.where, cluster.remedy, cluster.wait, fleet)
        each_poll()
        time.sleep(_POLL_SECONDS / 5)


@contextlib.contextmanager
def _scheduler_of(cluster: Cluster | None, so_far: str) -> Iterator[None]:
    try:
        yield
    except ConnectionError as error:
        if cluster is None:
            raise
        raise StudyError(
            f"Expected the scheduler at {cluster.where} to stay, but {error} ({so_far}); start it and its workers, and "
            "give the same command."
        ) from error


@contextlib.contextmanager
def _sign(work: Path) -> Iterator[Path]:
    """A file by which a worker knows that it sees this work folder."""
    work.mkdir(parents=True, exist_ok=True)
    clear_left(work, "client")
    with tempfile.NamedTemporaryFile(dir=work, prefix=".client.", suffix=".tmp") as file:
        yield Path(file.name)


@dataclass(frozen=True)
class _Loop:
    """What `_Run.follow` works with. most: cells at a time, where the user said so."""

    fleet: Fleet
    hand: Callable[[Cell, str], Any]
    scale: Scale
    each_poll: Callable[[], None]
    most: int | None
    cluster: Cluster | None


class _Run:
    """The cells of one call, what is known of each, and what listeners hear. Used by one thread but for the queue."""

    def __init__(
        self,
        cells: Sequence[Cell],
        places: Places,
        listeners: Sequence[Listener],
        known: Mapping[Cell, int] | None = None,
        settled: Callable[[Cell], bool] = lambda _: True,
    ) -> None:
        self.topic = f"cells-{uuid.uuid4().hex}"
        self.futures: dict[Cell, Any] = {}
        self._places = places
        self._listeners = listeners
        self._by_name = {cell.slug: cell for cell in cells}
        self._news: queue.Queue[tuple[Cell, Any, Any]] = queue.Queue()
        self._ended: dict[Cell, Ended] = {}
        self._running: dict[Cell, None] = {}
        self._held: dict[Cell, None] = {}
        self._at: dict[Cell, str] = {}
        self._locks: dict[Cell, ExitStack] = {}
        self._lost: Counter[Cell] = Counter()
        self._epochs: Counter[Cell] = Counter()
        self._heard: dict[Cell, Any] = {}
        self._waiting = deque(cells)
        self._settled = settled
        self.known = {cell: version(places.record(cell)) for cell in cells} if known is None else dict(known)

    def hear(self, event: tuple[float, Any]) -> None:
        """Called by Dask, in its own thread, with what `work` logs: a cell that starts, or how far it is."""
        self._news.put((self._by_name[event[1]["cell"]], None, event[1].get("progress")))

    def follow(self, loop: _Loop) -> dict[Cell, Ended]:
        """Give cells in order to workers that have room; listeners hear what happens until all have ended."""
        try:
            self._follow(loop)
        finally:
            for cell in list(self._locks):
                self._unlock(cell)
        return self._ended

    def _follow(self, loop: _Loop) -> None:
        asked, nobody_since = -math.inf, time.monotonic()
        while len(self._ended) < len(self._by_name):
            if time.monotonic() - asked > _POLL_SECONDS:
                asked = time.monotonic()
                done = sum(end.state == "done" for end in self._ended.values())
                so_far = f"{done} of {len(self._by_name)} runs are done and here"
                with _scheduler_of(loop.cluster, so_far):
                    gone = loop.fleet.refresh()
                for cell in [cell for cell, address in self._at.items() if address in gone]:
                    self._lose(cell, loop, "its worker is gone")
                loop.scale(len(self._by_name) - len(self._ended))
                if loop.fleet.workers or loop.cluster is None:
                    nobody_since = asked
                elif asked - nobody_since > loop.cluster.wait:
                    error = no_worker(loop.cluster.where, loop.cluster.remedy, loop.cluster.wait, loop.fleet)
                    raise StudyError(f"{error} So far {so_far}; the same command continues.")
            self._start_some(loop)
            with contextlib.suppress(queue.Empty):
                cell, future, progress = self._news.get(timeout=_POLL_SECONDS)
                if future is None:
                    self._start(cell)
                    self._hear_progress(cell, progress)
                elif self.futures.get(cell) is future:  # and not one whose worker was given up
                    self._end(cell, future, loop)
            if not self._waiting:
                self._waiting.extend(cell for cell in self._held if not holder(self._places.folder(cell)))
            loop.each_poll()

    def _start_some(self, loop: _Loop) -> None:
        while self._waiting and (loop.most is None or len(self.futures) < loop.most):
            address = loop.fleet.free()
            if address is None:
                return
            cell = self._waiting.popleft()
            if not self._may_start(cell) or not (loop.fleet.workers[address].shared or self._lock(cell)):
                continue
            loop.fleet.workers[address].busy += 1
            self._at[cell] = address
            future = self.futures[cell] = loop.hand(cell, address)
            future.add_done_callback(lambda ended, cell=cell: self._news.put((cell, ended, None)))

    def _may_start(self, cell: Cell) -> bool:
        """Whether nobody has a cell or has made its record since; tell listeners where somebody has."""
        # The lock first: whoever frees it has written the record before.
        who = holder(self._places.folder(cell))
        if who:
            self._hold(cell, who)
            return False
        self._held.pop(cell, None)
        found = version(self._places.record(cell))
        if found > self.known[cell]:
            if self._settled(cell):
                self._ended[cell] = Ended("done", "", 0.0)
                self._tell(Event("elsewhere", cell))
                return False
            self.known[cell] = found
        return True

    def _lock(self, cell: Cell) -> bool:
        """Take a cell whose process will not see this disk; whether nobody else has it."""
        folder = self._places.folder(cell)
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            try:
                stack.enter_context(alone_at(folder, "a run on a cluster"))
            except CellHeldError:
                self._hold(cell, holder(folder) or "another command")
                return False
            self._locks[cell] = stack.pop_all()
        return True

    def _hold(self, cell: Cell, who: str) -> None:
        if cell not in self._held:
            self._held[cell] = None
            self._tell(Event("held", cell, sentence=who))

    def _start(self, cell: Cell) -> None:
        if cell not in self._ended and cell not in self._running:
            self._running[cell] = None
            self._tell(Event("started", cell))

    def _hear_progress(self, cell: Cell, progress: Mapping[str, Any] | None) -> None:
        if progress and cell in self._running and self._heard.get(cell) != progress:
            self._heard[cell] = progress
            self._tell(Event("progress", cell, progress=progress))

    def _free(self, cell: Cell, loop: _Loop) -> None:
        """Take a cell from its worker."""
        self.futures.pop(cell)
        worker = loop.fleet.workers.get(self._at.pop(cell))
        if worker is not None:
            worker.busy -= 1

    def _unlock(self, cell: Cell) -> None:
        if cell in self._locks:
            self._locks.pop(cell).close()

    def _lose(self, cell: Cell, loop: _Loop, why: str) -> None:
        """Give a cell to another worker, first of all; not for ever where it never comes further."""
        future = self.futures[cell]
        self._free(cell, loop)
        self._unlock(cell)
        with contextlib.suppress(Exception):  # a scheduler that is gone
            future.cancel(force=True)
        epochs = len((self._heard.get(cell) or {}).get("epochs_done") or ())
        if epochs > self._epochs[cell]:
            self._epochs[cell], self._lost[cell] = epochs, 0
        self._lost[cell] += 1
        if self._lost[cell] < _MOST_LOST:
            self._running.pop(cell, None)
            self._waiting.appendleft(cell)
            return
        sentence = (
            f"The cell {cell.slug} was lost with {_MOST_LOST} workers: {why}; see what they say, and start it again."
        )
        self._finish(cell, Ended("failed", sentence, 0.0))

    def _end(self, cell: Cell, future: Any, loop: _Loop) -> None:
        if future.status == "cancelled":
            self._lose(cell, loop, "its task was cancelled")
            return
        try:
            returned: Returned = future.result(timeout=_FETCH_SECONDS)
        except Exception as error:  # what came of the worker, or of Dask on its way
            if type(error).__name__ in ("KilledWorker", "TimeoutError", "CancelledError", "FutureCancelledError"):
                self._lose(cell, loop, type(error).__name__)
                return
            returned = Returned(Ended("failed", f"The cell {cell.slug} was lost with its worker: {error}.", 0.0))
        self._free(cell, loop)
        ended = returned.ended
        if ended.state == "held":  # taken between our look and its start
            self._unlock(cell)
            self._running.pop(cell, None)
            self._hold(cell, holder(self._places.folder(cell)) or "another command")
            return
        self._start(cell)  # the news of a short cell's start may come after its end
        self._hear_progress(cell, returned.progress)
        if returned.parcel is not None:
            ended = self._take_in(cell, returned)
        self._unlock(cell)
        self._finish(cell, ended)

    def _take_in(self, cell: Cell, returned: Returned) -> Ended:
        """Write what a worker without this disk has made; the cell is done once its record lies here and is good."""
        assert returned.parcel is not None
        ended = returned.ended
        try:
            unpack(returned.parcel, cell, self._places)
        except StudyError as error:
            return replace(ended, state="failed", sentence=str(error))
        if ended.state == "done" and not self._settled(cell):
            sentence = f"The record of {cell.slug} that its worker made is none of this study's; `plan` says why."
            return replace(ended, state="failed", sentence=sentence)
        return ended

    def _finish(self, cell: Cell, ended: Ended) -> None:
        self._running.pop(cell, None)
        self._ended[cell] = ended
        self._tell(
            Event("done" if ended.state == "done" else "failed", cell, sentence=ended.sentence, seconds=ended.seconds)
        )

    def _tell(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)
