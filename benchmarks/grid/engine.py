"""The engine: many cells at a time on Dask's distributed, each in a process of its own.

A local cluster's workers are threads of this process, since all they do is wait for their cell; so no worker can be
left behind, and Dask starts in a moment. A cluster of the user's is reached through its scheduler; its workers need this
repository in their Python path and the same folders.
"""

import contextlib
import logging
import queue
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from benchmarks.errors import StudyError
from benchmarks.grid import process
from benchmarks.grid.device import Device, accelerators, cores
from benchmarks.grid.events import Event, Listener
from benchmarks.grid.places import Places, read_json, version
from benchmarks.grid.process import CELL, Ended, Job, cell_job
from benchmarks.run.cell_lock import holder
from benchmarks.study.settings import Cell

_POLL_SECONDS = 0.5
_CONNECT_SECONDS = 15
_SCHEMES = ("tcp", "tls", "ucx", "ws", "wss")
# By default Dask profiles its own threads and ticks fifty times a second: a tenth of a core that cells have use for.
_CALM = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}


@dataclass(frozen=True)
class Workers:
    """How many cells at a time, with how many threads each, where."""

    jobs: int
    threads: int
    device: Device = "cpu"
    scheduler: str | None = None

    @classmethod
    def choose(
        cls, *, jobs: int | None, threads: int | None, device: Device = "cpu", scheduler: str | None = None
    ) -> "Workers":
        """Fill in what was not asked for: a cell a core (or accelerator), and the cores shared out evenly.

        Raises StudyError for a number below 1 and a scheduler that is no address.
        """
        for name, value in (("--jobs", jobs), ("--threads", threads)):
            if value is not None and value < 1:
                raise StudyError(f"Expected {name} to be at least 1, but got {value}; correct it.")
        if scheduler is not None:
            _refuse_no_address(scheduler)
        if jobs is None:
            jobs = cores() if device == "cpu" or scheduler else max(1, len(accelerators()))
        # By jobs, not by cells left: a cell's sums, and so its numbers, depend on its number of threads.
        return cls(jobs, threads or max(1, cores() // jobs), device, scheduler)


def _refuse_no_address(scheduler: str) -> None:
    """Dask would wait half a minute for an address that it cannot read, and end in a traceback."""
    try:
        parts = urlsplit(scheduler)
        whole = bool(parts.hostname and parts.port and not parts.path)
    except ValueError:  # a port that is no number, or none that there can be
        whole = False
    if not whole or scheduler.partition("://")[0] not in _SCHEMES:
        raise StudyError(
            f"Expected --scheduler to be an address such as tcp://127.0.0.1:8786 (or {', '.join(_SCHEMES[1:])}), "
            f"but got {scheduler!r}; correct it."
        )


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
) -> dict[Cell, Ended]:
    """Run every cell, in order as workers become free; one that fails stops no other.

    Several commands may work in the same folders: a cell that another one has is waited for after all others, and one
    whose record another has made is done.

    each_poll: called twice a second, news or not. entry: what follows the interpreter in a cell's command.
    known: when the records were changed last (st_mtime_ns, 0 for none), as the plan saw them; as they are now where None.
    settled: whether a record that has changed since is good for this study.
    mode: of the cells, see benchmarks.run.fast. evaluate_every: as in a study file. On KeyboardInterrupt, or whatever
    else ends this function, running cells are killed with their children. With no cells Dask is not even imported.
    """
    if not cells:
        return {}
    run = _Run(cells, places, listeners, known, settled)

    def job_of(cell: Cell) -> Job:
        return cell_job(
            cell,
            places,
            threads=workers.threads,
            device=workers.device,
            entry=entry,
            mode=mode,
            evaluate_every=evaluate_every,
            # What a worker elsewhere has on its disk is not known here.
            known_record=None if workers.scheduler is not None else run.known[cell],
        )

    with _cluster(workers, len(cells)) as client:
        client.subscribe_topic(run.topic, run.hear)
        bind = accelerators() if workers.device == "cuda" and workers.scheduler is None else ()
        futures: list[Any] = []

        def submit(cell: Cell) -> None:
            # retries: a worker of the user's that dies takes its cell with it; that is worth one more try.
            job = job_of(cell)
            future = client.submit(_work, job, run.topic, bind, key=f"{job.name}-{run.topic}", pure=False, retries=1)
            future.add_done_callback(run.note_end(cell))
            futures.append(future)

        try:
            # No cell waits in Dask: it would wait for one worker, chosen by guessed durations, while others idle.
            return run.follow(submit, lambda: sum(client.nthreads().values()), each_poll)
        except BaseException:
            client.cancel(futures, force=True)
            process.kill_all()
            raise


def _work(job: Job, topic: str, bind: Sequence[str]) -> Ended:
    """What a Dask worker does: wait for one cell, and kill it if the task is cancelled or its client is gone."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    worker.log_event(topic, job.name)

    def cancelled() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled"

    if bind:
        visible = bind[int(worker.name) % len(bind)]
        job = replace(job, environment={**job.environment, "CUDA_VISIBLE_DEVICES": visible})
    return process.run_job(job, cancelled)


@contextlib.contextmanager
def _cluster(workers: Workers, cells: int) -> Iterator[Any]:
    """A Dask client of the user's scheduler, or of a local cluster that lives as long as this context."""
    import dask
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if workers.scheduler is not None:
        try:
            client = Client(workers.scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise StudyError(
                f"Expected a Dask scheduler at {workers.scheduler}, but {error}; start it or correct --scheduler."
            ) from error
        with client:
            yield client
        return
    with dask.config.set(_CALM):
        local = LocalCluster(
            n_workers=min(workers.jobs, cells),
            threads_per_worker=1,
            processes=False,
            memory_limit=0,  # a cell's memory is not the worker's
            dashboard_address="127.0.0.1:0",  # None would open port 8787 to the network
            worker_dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
    with local, Client(local, set_as_default=False) as client:
        yield client


class _Run:
    """The cells of one call, what is known of each, and what listeners are told. Used by one thread but for the queue."""

    def __init__(
        self,
        cells: Sequence[Cell],
        places: Places,
        listeners: Sequence[Listener],
        known: Mapping[Cell, int] | None = None,
        settled: Callable[[Cell], bool] = lambda _: True,
    ) -> None:
        self.topic = f"cells-{uuid.uuid4().hex}"
        self._places = places
        self._listeners = listeners
        self._by_name = {cell.slug: cell for cell in cells}
        self._news: queue.Queue[tuple[Cell, Any]] = queue.Queue()
        self._ended: dict[Cell, Ended] = {}
        self._running: dict[Cell, None] = {}
        self._held: dict[Cell, None] = {}
        self._submitted = 0
        self._settled = settled
        self.known = {cell: version(places.record(cell)) for cell in cells} if known is None else dict(known)
        # What an earlier attempt left is no news of this one.
        self._seen = {cell: version(places.progress(cell)) for cell in cells}

    def hear(self, event: tuple[float, Any]) -> None:
        """Called by Dask, in its own thread, with what `_work` logged: the name of a cell that starts."""
        message = event[1]
        # Dask adds the worker to a message that is a dict, and wraps others.
        name = message.get("msg", message) if isinstance(message, dict) else message
        self._news.put((self._by_name[name], None))

    def note_end(self, cell: Cell) -> Callable[[Any], None]:
        """The callback for the end of a cell's future; called in a thread of Dask's."""
        return lambda future: self._news.put((cell, future))

    def follow(
        self, submit: Callable[[Cell], None], places: Callable[[], int], each_poll: Callable[[], None]
    ) -> dict[Cell, Ended]:
        """Submit the cells in order, as many as there are places for; tell listeners what happens until all have ended."""
        waiting = deque(self._by_name.values())
        while len(self._ended) < len(self._by_name):
            room = max(1, places())
            while waiting and self._submitted < room:
                cell = waiting.popleft()
                if self._may_start(cell):
                    submit(cell)
                    self._submitted += 1
            with contextlib.suppress(queue.Empty):
                cell, future = self._news.get(timeout=_POLL_SECONDS)
                if future is None:
                    self._start(cell)
                else:
                    self._end(cell, future)
            for cell in tuple(self._running):
                self._look_at(cell)
            if not waiting:
                waiting.extend(cell for cell in self._held if not holder(self._places.folder(cell)))
            each_poll()
        return self._ended

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

    def _hold(self, cell: Cell, who: str) -> None:
        if cell not in self._held:
            self._held[cell] = None
            self._tell(Event("held", cell, sentence=who))

    def _start(self, cell: Cell) -> None:
        if cell not in self._ended and cell not in self._running:
            self._running[cell] = None
            self._tell(Event("started", cell))

    def _end(self, cell: Cell, future: Any) -> None:
        self._submitted -= 1
        if future.status == "finished":
            ended: Ended = future.result()
        else:
            reason = future.exception() if future.status == "error" else "its task was cancelled"
            ended = Ended("failed", f"The cell {cell.slug} was lost with its worker: {reason}.", 0.0)
        if ended.state == "held":  # taken between our look and its start
            self._running.pop(cell, None)
            self._hold(cell, holder(self._places.folder(cell)) or "another command")
            return
        self._start(cell)  # the news of a short cell's start may come after its end
        self._look_at(cell)
        del self._running[cell]
        self._ended[cell] = ended
        self._tell(
            Event("done" if ended.state == "done" else "failed", cell, sentence=ended.sentence, seconds=ended.seconds)
        )

    def _look_at(self, cell: Cell) -> None:
        file = self._places.progress(cell)
        found = version(file)
        if found == self._seen[cell]:
            return
        progress = read_json(file)
        if progress is not None:
            self._seen[cell] = found
            self._tell(Event("progress", cell, progress=progress))

    def _tell(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)
