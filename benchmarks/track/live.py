"""Runs that appear in MLflow while a study works; what a cell's record says in the end is what an import would say."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report.records import load_records, read_record
from benchmarks.study.settings import Cell, Settings
from benchmarks.track.flatten import epoch_points
from benchmarks.track.importer import import_setting
from benchmarks.track.runs import Runs, now
from benchmarks.track.store import tracking_uri


@dataclass
class _Live:
    """A run in progress: its id, and how many epochs it shows."""

    run: str
    epochs: int = 0


class LiveTracker:
    """Follows the cells of a study from their progress files; not for several threads at once.

    study: name of the study, kept as a tag. results: folder of the records. uri: the store, `tracking_uri` where None.
    Raises StudyError if the store does not answer.
    """

    def __init__(self, study: str, results: Path, uri: str | None = None) -> None:
        self._runs = Runs(uri or tracking_uri())
        self._study = study
        self._results = results
        self._live: dict[Cell, _Live] = {}
        self._parents: dict[Settings, str] = {}

    def update(self, cell: Cell, progress: Mapping[str, Any]) -> None:
        """Show the epochs that are done; progress: the content of the cell's progress file. Begins the run if need be."""
        live = self._begin(cell)
        done = progress.get("epochs_done") or []
        if len(done) > live.epochs:
            self._runs.log(live.run, epoch_points(done[live.epochs :]))
        live.epochs = max(live.epochs, len(done))

    def finish(self, cell: Cell, record_path: Path) -> None:
        """Complete the run from the cell's record, and the setting's mean over seeds."""
        record = read_record(record_path)
        live = self._live.pop(cell, None)
        if live is not None and self._runs.client.get_run(live.run).info.lifecycle_stage == "active":
            self._runs.complete(live.run, record, live.epochs)
        # The rest is an import of this setting, which leaves finished runs as they are.
        same = [one for one in load_records(self._results, cell.settings.dataset) if one.settings == cell.settings]
        import_setting(self._runs, same or [record], self._runs.find(cell.settings.dataset, cell.settings))

    def fail(self, cell: Cell, sentence: str) -> None:
        """End the run as failed, the reason as its description."""
        live = self._begin(cell)
        del self._live[cell]
        self._runs.log(live.run, tags={"error": sentence, "mlflow.note.content": sentence})
        self._runs.client.set_terminated(live.run, "FAILED")

    def close(self) -> None:
        """End what still runs as killed, and settings without any finished seed as failed."""
        for live in self._live.values():
            self._runs.client.set_terminated(live.run, "KILLED")
        self._live.clear()
        for parent in self._parents.values():
            if self._runs.client.get_run(parent).info.status == "RUNNING":
                self._runs.client.set_terminated(parent, "FAILED")
        self._parents.clear()

    def _begin(self, cell: Cell) -> _Live:
        """The cell's run; an older one, finished or not, gives way: its record, if there is one, can be imported."""
        if cell in self._live:
            return self._live[cell]
        settings = cell.settings
        known = self._runs.find(settings.dataset, settings)
        parent = known.get((settings.hash, None))
        if parent is None:
            self._parents[settings] = self._runs.create(settings, None, start=now())
        else:
            self._parents[settings] = parent.info.run_id
        older = known.get((settings.hash, cell.seed))
        if older is not None:
            self._runs.client.delete_run(older.info.run_id)
        run = self._runs.create(settings, cell.seed, start=now(), parent=self._parents[settings])
        self._runs.log(run, tags={"study": self._study})
        self._live[cell] = _Live(run)
        return self._live[cell]
