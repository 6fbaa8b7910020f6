"""Runs that appear in MLflow while a study works; what a cell's record says in the end is what an import would say."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.errors import StudyError
from benchmarks.report.read.interim import is_answered, is_primary, without_interim
from benchmarks.report.read.records import Record, read_record
from benchmarks.study.settings import Cell, Settings
from benchmarks.track.contents import NOTE, plan_setting, seed_tags, setting_key, setting_tags
from benchmarks.track.flatten import TEST_AUC, epoch_points, parameters
from benchmarks.track.importer import OWN, import_setting
from benchmarks.track.model import keep_model
from benchmarks.track.naming import run_name
from benchmarks.track.runs import Runs, now
from benchmarks.track.store import tracking_uri

_HELD_BACK = "A run of the primary question: its results are shown once all of the question's runs are there."


class Monitor(Protocol):
    """Measures the machine while a run goes; MLflow's `SystemMetricsMonitor` does so in a thread."""

    def start(self) -> None:
        """Begin."""

    def finish(self) -> None:
        """End, and send what is left."""


@dataclass
class _Live:
    """A run in progress: its id, how many epochs it shows, and what measures the machine."""

    run: str
    monitor: Monitor | None
    epochs: int = 0


class LiveTracker:
    """Follows the cells of a study from their progress files; not for several threads at once.

    study: name of the study, kept as a tag. uri: the store, `tracking_uri` where None. origin: as of `import_records`.
    work: folder of checkpoints, whose trained models are kept with the runs; None for no models. monitor: makes what
    measures the machine during a run, from the run's id; None where cells run elsewhere.
    Raises StudyError if the store does not answer.
    """

    def __init__(
        self,
        study: str,
        uri: str | None = None,
        *,
        origin: str = OWN,
        work: Path | None = None,
        monitor: Callable[[str], Monitor] | None = None,
    ) -> None:
        self._runs = Runs(uri or tracking_uri())
        self._study = study
        self._origin = origin
        self._work = work
        self._monitor = monitor
        self._live: dict[Cell, _Live] = {}
        self._settings: set[Settings] = set()

    def update(self, cell: Cell, progress: Mapping[str, Any]) -> None:
        """Show the epochs that are done; progress: the content of the cell's progress file. Begins the run if need be."""
        live = self._begin(cell)
        done = progress.get("epochs_done") or []
        if len(done) > live.epochs:
            points = epoch_points(done[live.epochs :])
            hidden = TEST_AUC if is_primary(cell) and not is_answered() else None
            self._runs.log(live.run, [point for point in points if point.name != hidden])
        live.epochs = max(live.epochs, len(done))

    def finish(self, cell: Cell, record_path: Path) -> None:
        """Complete the run from the cell's record, keep its model, and bring in the setting's mean over seeds."""
        record = read_record(record_path)
        live = self._end(cell)
        others = _of_setting(record)
        if is_primary(cell) and not without_interim(others):
            key = setting_key(cell.settings, None, self._origin)
            parents = [run.info.run_id for run in self._runs.find(cell.settings.dataset, key).values()]
            for run in [live.run, *parents] if live is not None else ():
                self._runs.log(run, tags={NOTE: _HELD_BACK})
                self._runs.client.set_terminated(run, "FINISHED")
            return
        if live is not None and self._runs.client.get_run(live.run).info.lifecycle_stage == "active":
            planned = plan_setting([record], self._origin)[1]
            if self._work is not None:
                keep_model(self._runs, live.run, record, self._work)
            self._runs.complete(live.run, planned, planned.make(), live.epochs)
        # The rest is an import of this setting, which leaves finished runs as they are.
        import_setting(self._runs, others, self._origin)

    def fail(self, cell: Cell, sentence: str) -> None:
        """End the run as failed, the reason as its description."""
        run = self._begin(cell).run
        self._end(cell)
        self._runs.log(run, tags={"error": sentence, NOTE: sentence})
        self._runs.client.set_terminated(run, "FAILED")

    def close(self) -> None:
        """End what still runs as killed, and settings without any finished seed as failed."""
        for cell in list(self._live):
            if (live := self._end(cell)) is not None:
                self._runs.client.set_terminated(live.run, "KILLED")
        for settings in self._settings:
            key = setting_key(settings, None, self._origin)
            for parent in self._runs.find(settings.dataset, key).values():
                if parent.info.status == "RUNNING":
                    self._runs.client.set_terminated(parent.info.run_id, "FAILED")
        self._settings.clear()

    def _begin(self, cell: Cell) -> _Live:
        """The cell's run; an older one, finished or not, gives way: its record, if there is one, can be imported."""
        if cell in self._live:
            return self._live[cell]
        settings, seed, origin = cell.settings, cell.seed, self._origin
        known = self._runs.find(settings.dataset, f"{origin}/%/{settings.hash}")
        self._settings.add(settings)
        key = setting_key(settings, None, origin)
        if key in known:
            parent = known[key].info.run_id
        else:
            parent = self._runs.begin(
                settings.dataset,
                key,
                run_name(settings, None, origin),
                setting_tags(settings, origin),
                params=parameters(settings),
                start=now(),
            )
        key = setting_key(settings, seed, origin)
        if key in known:
            self._runs.client.delete_run(known[key].info.run_id)
        run = self._runs.begin(
            settings.dataset,
            key,
            run_name(settings, seed, origin),
            seed_tags(settings, seed, origin) | {"study": self._study},
            params=parameters(settings, seed),
            start=now(),
            parent=parent,
        )
        live = self._live[cell] = _Live(run, None if self._monitor is None else self._monitor(run))
        if live.monitor is not None:
            live.monitor.start()
        return live

    def _end(self, cell: Cell) -> _Live | None:
        live = self._live.pop(cell, None)
        if live is not None and live.monitor is not None:
            live.monitor.finish()
        return live


def _of_setting(record: Record) -> list[Record]:
    """A record and those of its other seeds, by ascending seed; a damaged one is no reason to stop."""
    found = {record.seed: record}
    for path in record.path.parent.glob("seed-*.json"):
        with suppress(StudyError):
            other = read_record(path)
            found.setdefault(other.seed, other)
    return [found[seed] for seed in sorted(found)]


def system_monitor(run: str, uri: str | None = None) -> Monitor:
    """MLflow's measurement of processor, memory, disk, network and accelerator, of the whole machine, every ten seconds."""
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    monitor: Monitor = SystemMetricsMonitor(run, tracking_uri=uri or tracking_uri())
    return monitor
