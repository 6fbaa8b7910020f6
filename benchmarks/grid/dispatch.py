"""Which worker gets which cell, and what becomes of each: a cell whose worker is lost is given to another one.

Dask carries cells to workers and their news back. Which worker gets which cell is decided here, since Dask would guess
durations.
"""

import contextlib
import math
import queue
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.errors import StudyError
from benchmarks.grid.cluster import Cluster, Scale
from benchmarks.grid.events import Event, Listener
from benchmarks.grid.fleet import Fleet, no_worker
from benchmarks.grid.parcel import unpack
from benchmarks.grid.places import Places, version
from benchmarks.grid.process import Ended
from benchmarks.grid.worker import Returned
from benchmarks.run.cell_lock import CellHeldError, alone_at, holder
from benchmarks.study.settings import Cell

POLL_SECONDS = 0.5
# Of a finished cell's files.
_FETCH_SECONDS = 600
# Workers that a cell may lose without an epoch more.
_MOST_LOST = 3


@contextlib.contextmanager
def scheduler_of(cluster: Cluster | None, so_far: str) -> Iterator[None]:
    """Raise StudyError where a cluster's scheduler goes away. so_far: what had been reached by then."""
    try:
        yield
    except ConnectionError as error:
        if cluster is None:
            raise
        raise StudyError(
            f"Expected the scheduler at {cluster.where} to stay, but {error} ({so_far}); start it and its workers, and "
            "give the same command."
        ) from error


@dataclass(frozen=True)
class Means:
    """What `Dispatch.follow` works with. most: cells at a time, where the user said so."""

    fleet: Fleet
    hand: Callable[[Cell, str], Any]
    scale: Scale
    each_poll: Callable[[], None]
    most: int | None
    cluster: Cluster | None


class Dispatch:
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

    def follow(self, means: Means) -> dict[Cell, Ended]:
        """Give cells in order to workers that have room; listeners hear what happens until all have ended."""
        try:
            self._follow(means)
        finally:
            for cell in list(self._locks):
                self._unlock(cell)
        return self._ended

    def _follow(self, means: Means) -> None:
        asked, nobody_since = -math.inf, time.monotonic()
        while len(self._ended) < len(self._by_name):
            if time.monotonic() - asked > POLL_SECONDS:
                asked = time.monotonic()
                done = sum(end.state == "done" for end in self._ended.values())
                so_far = f"{done} of {len(self._by_name)} runs are done and here"
                with scheduler_of(means.cluster, so_far):
                    gone = means.fleet.refresh()
                for cell in [cell for cell, address in self._at.items() if address in gone]:
                    self._lose(cell, means, "its worker is gone")
                means.scale(len(self._by_name) - len(self._ended))
                if means.fleet.workers or means.cluster is None:
                    nobody_since = asked
                elif asked - nobody_since > means.cluster.wait:
                    error = no_worker(means.cluster.where, means.cluster.remedy, means.cluster.wait, means.fleet)
                    raise StudyError(f"{error} So far {so_far}; the same command continues.")
            self._start_some(means)
            with contextlib.suppress(queue.Empty):
                cell, future, progress = self._news.get(timeout=POLL_SECONDS)
                if future is None:
                    self._start(cell)
                    self._hear_progress(cell, progress)
                elif self.futures.get(cell) is future:  # and not one whose worker was given up
                    self._end(cell, future, means)
            if not self._waiting:
                self._waiting.extend(cell for cell in self._held if not holder(self._places.folder(cell)))
            means.each_poll()

    def _start_some(self, means: Means) -> None:
        while self._waiting and (means.most is None or len(self.futures) < means.most):
            address = means.fleet.free()
            if address is None:
                return
            cell = self._waiting.popleft()
            if not self._may_start(cell) or not (means.fleet.workers[address].shared or self._lock(cell)):
                continue
            means.fleet.workers[address].busy += 1
            self._at[cell] = address
            future = self.futures[cell] = means.hand(cell, address)
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

    def _free(self, cell: Cell, means: Means) -> None:
        """Take a cell from its worker."""
        self.futures.pop(cell)
        worker = means.fleet.workers.get(self._at.pop(cell))
        if worker is not None:
            worker.busy -= 1

    def _unlock(self, cell: Cell) -> None:
        if cell in self._locks:
            self._locks.pop(cell).close()

    def _lose(self, cell: Cell, means: Means, why: str) -> None:
        """Give a cell to another worker, first of all; not for ever where it never comes further."""
        future = self.futures[cell]
        self._free(cell, means)
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

    def _end(self, cell: Cell, future: Any, means: Means) -> None:
        if future.status == "cancelled":
            self._lose(cell, means, "its task was cancelled")
            return
        try:
            returned: Returned = future.result(timeout=_FETCH_SECONDS)
        except Exception as error:  # what came of the worker, or of Dask on its way
            if type(error).__name__ in ("KilledWorker", "TimeoutError", "CancelledError", "FutureCancelledError"):
                self._lose(cell, means, type(error).__name__)
                return
            returned = Returned(Ended("failed", f"The cell {cell.slug} was lost with its worker: {error}.", 0.0))
        self._free(cell, means)
        ended = returned.ended
        if ended.state == "held":  # taken between our check and its start
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
