"""Progress on screen: a bar for all cells and one for each that runs; where nobody watches, a line a finished cell."""

import sys
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TextIO

from tqdm import tqdm

from benchmarks.grid.durations import in_words
from benchmarks.grid.events import Event
from benchmarks.grid.places import Places, read_json
from benchmarks.grid.plan import PlannedCell
from benchmarks.study.settings import Cell

_PHASES = {"frames": "frames", "train": "training", "evaluate": "scoring", "look": "looking"}


class Progress:
    """Listens to the engine and shows what it hears; a context, so that bars are taken down whatever happens."""

    def __init__(
        self, planned: Sequence[PlannedCell], places: Places, *, jobs: int, stream: TextIO | None = None
    ) -> None:
        self._stream = stream or sys.stderr
        self._places = places
        self._clock = TimeLeft({one.cell: one.seconds for one in planned}, jobs)
        self._total = len(planned)
        self._finished = 0
        self._watched = self._stream.isatty()
        self._cells: tqdm[Any] | None = None
        self._bars: dict[Cell, tqdm[Any]] = {}

    def __enter__(self) -> Self:
        """Put up the bar of all cells."""
        if self._watched:
            shape = "{desc} {n_fmt}/{total_fmt} |{bar}| {elapsed}{postfix}"
            self._cells = tqdm(total=self._total, desc="cells", bar_format=shape, file=self._stream)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take all bars down."""
        for bar in (*self._bars.values(), self._cells):
            if bar is not None:
                bar.close()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        self._clock(event)
        if event.kind in ("done", "failed", "elsewhere"):
            self._end(event)
        elif event.kind == "held":
            self._say(f"{_name(event.cell)}: {event.sentence} has it; waiting for its record")
        elif self._watched:
            self._show(event.cell, event.progress)

    def expect(self, jobs: int) -> None:
        """Hear how many cells there are at a time."""
        self._clock.jobs = jobs

    def refresh(self) -> None:
        """Bring the time gone and the time left up to date."""
        if self._cells is not None:
            left = self._clock.seconds_left()
            self._cells.set_postfix_str("" if left is None else f"about {in_words(left)} left")

    def _show(self, cell: Cell, progress: Mapping[str, Any]) -> None:
        bar = self._bars.get(cell)
        if bar is None:
            shape = "  {desc} |{bar:20}| {percentage:3.0f}%{postfix}"
            bar = self._bars[cell] = tqdm(
                total=1.0, desc=cell.settings.name, bar_format=shape, leave=False, file=self._stream
            )
        bar.set_description_str(f"{_name(cell)} · {describe(progress)}", refresh=False)
        left = progress.get("seconds_left")
        bar.set_postfix_str("" if left is None else f"{in_words(left)} left", refresh=False)
        bar.n = share_done(progress)
        bar.refresh()

    def _end(self, event: Event) -> None:
        self._finished += 1
        bar = self._bars.pop(event.cell, None)
        if bar is not None:
            bar.close()
        name = f"[{self._finished}/{self._total}] {_name(event.cell)}"
        if event.kind == "failed":
            line = f"{name}: FAILED. {event.sentence}"
        else:
            headline = describe_headline(read_json(self._places.record(event.cell)) or {})
            line = f"{name}: {headline}, {in_words(event.seconds) if event.kind == 'done' else 'by another command'}"
        self._say(line)
        if self._cells is not None:
            self._cells.update()

    def _say(self, line: str) -> None:
        if self._cells is None:
            print(line, file=self._stream, flush=True)
        else:
            self._cells.write(line, file=self._stream)


def _name(cell: Cell) -> str:
    return f"{cell.settings.name} seed {cell.seed}"


class TimeLeft:
    """Seconds until all cells are done: what was planned, corrected by how long finished cells really took."""

    def __init__(self, planned: Mapping[Cell, float | None], jobs: int) -> None:
        self._planned = dict(planned)
        self.jobs = jobs
        self._started: dict[Cell, float] = {}
        self._taken: dict[Cell, float] = {}

    def __call__(self, event: Event, now: float | None = None) -> None:
        """Hear of a cell's start or end. now: seconds on a clock that never goes back."""
        if event.kind == "started":
            self._started[event.cell] = time.monotonic() if now is None else now
        elif event.kind == "done":
            self._taken[event.cell] = event.seconds
        elif event.kind in ("failed", "elsewhere"):
            self._planned.pop(event.cell, None)

    def seconds_left(self, now: float | None = None) -> float | None:
        """The estimate; None as long as nothing is known of a cell to come."""
        now = time.monotonic() if now is None else now
        known = [(self._planned[cell], taken) for cell, taken in self._taken.items()]
        pairs = [(planned, taken) for planned, taken in known if planned]
        pace = sum(taken for _, taken in pairs) / sum(planned for planned, _ in pairs) if pairs else 1.0
        left = 0.0
        for cell, planned in self._planned.items():
            if cell in self._taken:
                continue
            if planned is None:
                return None
            gone = now - self._started[cell] if cell in self._started else 0.0
            left += max(0.0, planned * pace - gone)
        return left / self.jobs


def describe(progress: Mapping[str, Any]) -> str:
    """Phase, epoch and batch, as far as they are known."""
    phase = progress.get("phase")
    if phase is None:
        return "starting"
    parts = [_PHASES.get(phase, str(phase))]
    if phase == "train" and progress.get("epochs"):
        parts.append(f"epoch {progress.get('epoch', 0)}/{progress['epochs']}")
    if progress.get("batches"):
        parts.append(f"{progress.get('batch', 0)}/{progress['batches']}")
    return " ".join(parts)


def share_done(progress: Mapping[str, Any]) -> float:
    """How much of the present phase is done, in [0, 1]."""
    if progress.get("phase") == "done":
        return 1.0
    batches = progress.get("batches") or 0
    share = (progress.get("batch") or 0) / batches if batches else 0.0
    epochs = progress.get("epochs") or 0
    if progress.get("phase") == "train" and epochs:
        share = (max(0, (progress.get("epoch") or 1) - 1) + share) / epochs
    return min(1.0, max(0.0, share))


def describe_headline(record: Mapping[str, Any]) -> str:
    """The figure that a record leads with: ``AUC 93.1 % (fused, per_video)``."""
    headline = record.get("headline") or {}
    auc = headline.get("micro_auc")
    if auc is None:
        return "done"
    return f"AUC {100 * auc:.1f} % ({headline.get('score')}, {headline.get('normalisation')})"
