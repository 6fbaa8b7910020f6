"""Live tracking of a study as a listener: cells themselves know nothing of it."""

from pathlib import Path
from typing import Any, Protocol

from benchmarks.grid.events import Event
from benchmarks.grid.places import Places
from benchmarks.study.settings import Cell


class Tracker(Protocol):
    """What shows a running study somewhere; `benchmarks.track.live.LiveTracker` does so in MLflow."""

    def update(self, cell: Cell, progress: dict[str, Any]) -> None:
        """A cell has started (empty progress), entered a phase or finished an epoch."""

    def finish(self, cell: Cell, record_path: Path) -> None:
        """A cell has left its record."""

    def fail(self, cell: Cell, sentence: str) -> None:
        """A cell has failed."""

    def close(self) -> None:
        """The study has ended."""


class Tracking:
    """Passes to a tracker what is worth keeping: starts, phases, epochs and ends, but not every batch."""

    def __init__(self, tracker: Tracker, places: Places) -> None:
        self._tracker = tracker
        self._places = places
        self._told: dict[Cell, tuple[Any, int]] = {}

    def __call__(self, event: Event) -> None:
        """Tell the tracker."""
        if event.kind == "done":
            self._tracker.finish(event.cell, self._places.record(event.cell))
        elif event.kind == "elsewhere":
            if event.cell in self._told:  # begun here, before another command turned out to have it
                self._tracker.finish(event.cell, self._places.record(event.cell))
        elif event.kind == "failed":
            self._tracker.fail(event.cell, event.sentence)
        elif event.kind != "held":
            progress = dict(event.progress)
            news = (progress.get("phase"), len(progress.get("epochs_done") or []))
            if self._told.get(event.cell) != news:
                self._told[event.cell] = news
                self._tracker.update(event.cell, progress)
