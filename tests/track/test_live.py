from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.report.claims.rules import read_rules
from benchmarks.report.read import interim
from benchmarks.report.read.interim import primary_cells
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell
from benchmarks.track.importer import OWN, ImportCounts, import_records
from benchmarks.track.live import LiveTracker, system_monitor
from benchmarks.track.runs import DIGEST, Runs

SETTINGS = resolve(dataset="synthetic", method="mnad", task="prediction", profile="smoke")
SETTING = f"{OWN}/setting/{SETTINGS.hash}"
EPOCHS = [
    {"epoch": epoch, "losses": {"pixel": 0.1 / epoch, "total": 0.2 / epoch}, "seconds": 200.0} for epoch in (1, 2)
]


def seed_key(seed: int) -> str:
    return f"{OWN}/seed-{seed}/{SETTINGS.hash}"


class Meter:
    """A monitor that notes what is asked of it."""

    def __init__(self, run: str) -> None:
        self.notes = [run]

    def start(self) -> None:
        """Note the start."""
        self.notes.append("start")

    def finish(self) -> None:
        """Note the end."""
        self.notes.append("finish")


class TestLiveTracker:
    def test_ends_as_an_import_would(self, tmp_path: Path, uri: str, write_record: Callable[..., Path]) -> None:
        """Epochs appear as they come; the finished run is the one an import makes, and importing changes nothing."""
        cell = Cell(SETTINGS, 0)
        path = write_record(tmp_path, SETTINGS, 0)
        tracker, runs = LiveTracker("synthetic", uri), Runs(uri)
        tracker.update(cell, {"phase": "train", "epochs_done": EPOCHS[:1]})
        tracker.update(cell, {"phase": "train", "epochs_done": EPOCHS})
        live = runs.find("synthetic")[seed_key(0)]
        assert live.info.status == "RUNNING"
        assert live.data.metrics["loss/pixel"] == 0.05
        tracker.finish(cell, path)
        tracker.close()
        finished = runs.find("synthetic")
        assert finished[seed_key(0)].info.run_id == live.info.run_id
        assert [one.info.status for one in finished.values()] == ["FINISHED", "FINISHED"]
        assert finished[seed_key(0)].data.tags["mlflow.parentRunId"] == finished[SETTING].info.run_id
        history = runs.client.get_metric_history(live.info.run_id, "loss/pixel")
        assert sorted(point.step for point in history) == [1, 2, 3]
        assert import_records(tmp_path, uri, origin=OWN) == ImportCounts(unchanged=1)

        other = tmp_path / "other.db"
        other.write_bytes(Path(uri.removeprefix("sqlite:///")).read_bytes())
        again = Runs(f"sqlite:///{other}")
        for run in again.find("synthetic").values():
            again.client.delete_run(run.info.run_id)
        import_records(tmp_path, again.uri, origin=OWN)
        for key, run in again.find("synthetic").items():
            assert run.data.params == finished[key].data.params
            assert set(run.data.metrics) == set(finished[key].data.metrics)
            assert run.info.run_name == finished[key].info.run_name

    def test_failure_and_interruption(self, tmp_path: Path, uri: str, write_record: Callable[..., Path]) -> None:
        """A failed cell says why, one that was cut off is killed, and a later record takes the place of either."""
        tracker, runs = LiveTracker("synthetic", uri), Runs(uri)
        tracker.fail(Cell(SETTINGS, 0), "The disk is full.")
        tracker.update(Cell(SETTINGS, 1), {})
        tracker.close()
        found = runs.find("synthetic")
        assert found[seed_key(0)].data.tags["error"] == "The disk is full."
        assert [found[key].info.status for key in (seed_key(0), seed_key(1), SETTING)] == ["FAILED", "KILLED", "FAILED"]
        for seed in (0, 1):
            write_record(tmp_path, SETTINGS, seed)
        assert import_records(tmp_path, uri, origin=OWN) == ImportCounts(replaced=2)
        assert {run.info.status for run in runs.find("synthetic").values()} == {"FINISHED"}

    def test_shows_nothing_of_the_primary_question_before_it_is_answered(
        self, tmp_path: Path, uri: str, write_record: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One of its runs ends without results; an import that finds older results of it deletes them."""
        monkeypatch.setattr(interim, "REFERENCE", tmp_path / "none")
        cell = primary_cells(read_rules().primary)[0]
        path = write_record(tmp_path, cell.settings, cell.seed, started="2027-01-02T03:04:05+00:00")
        tracker, runs = LiveTracker("long-ped2", uri), Runs(uri)
        tracker.update(cell, {"epochs_done": [EPOCHS[0] | {"micro_auc": 0.9}]})
        tracker.finish(cell, path)
        tracker.close()
        found = runs.find("ped2")
        assert {run.info.status for run in found.values()} == {"FINISHED"}
        assert not [name for run in found.values() for name in run.data.metrics if "auc" in name]
        (run,) = [run.info.run_id for key, run in found.items() if "/seed-" in key]
        runs.log(run, tags={DIGEST: "1"})
        write_record(tmp_path, resolve(dataset="ped2", method="mnad", task="prediction", profile="smoke"), 0)
        import_records(tmp_path, uri, origin=OWN)
        assert run not in {one.info.run_id for one in runs.find("ped2").values()}

    def test_measures_the_machine_from_start_to_end(
        self, tmp_path: Path, uri: str, write_record: Callable[..., Path]
    ) -> None:
        """Each run has a monitor of its own, which ends however the run does."""
        meters: list[Meter] = []

        def monitor(run: str) -> Meter:
            meters.append(Meter(run))
            return meters[-1]

        tracker = LiveTracker("synthetic", uri, monitor=monitor)
        for seed in (0, 1, 2):
            tracker.update(Cell(SETTINGS, seed), {})
        runs = {seed: Runs(uri).find("synthetic")[seed_key(seed)].info.run_id for seed in (0, 1, 2)}
        tracker.finish(Cell(SETTINGS, 0), write_record(tmp_path, SETTINGS, 0))
        tracker.fail(Cell(SETTINGS, 1), "It broke.")
        tracker.close()
        assert [meter.notes for meter in meters] == [[runs[seed], "start", "finish"] for seed in (0, 1, 2)]


class TestSystemMonitor:
    def test_is_of_the_runs_own_store(self, tmp_path: Path, uri: str) -> None:
        """What it measures stands with the run, as MLflow's page of system metrics expects it."""
        runs = Runs(uri)
        run = runs.client.create_run(runs.experiment("synthetic")).info.run_id
        monitor = system_monitor(run, uri)
        monitor.collect_metrics()  # type: ignore[attr-defined]
        monitor.publish_metrics(monitor.aggregate_metrics())  # type: ignore[attr-defined]
        monitor.mlflow_logger.flush()  # type: ignore[attr-defined]
        assert "system/cpu_utilization_percentage" in runs.client.get_run(run).data.metrics
