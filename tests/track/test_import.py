from collections.abc import Callable
from pathlib import Path

from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell
from benchmarks.track.importer import ImportCounts, import_records
from benchmarks.track.live import LiveTracker
from benchmarks.track.runs import Runs

SETTINGS = resolve(dataset="synthetic", method="mnad", task="prediction", profile="smoke")


class TestImportRecords:
    def test_twice_changes_nothing(self, tmp_path: Path, uri: str, write_record: Callable[..., Path]) -> None:
        """A run per setting with a child per seed; a second import adds nothing, a changed record replaces its run."""
        for seed in (0, 1):
            write_record(tmp_path, SETTINGS, seed)
        assert import_records(tmp_path, uri) == ImportCounts(added=2)
        runs = Runs(uri)
        first = runs.find("synthetic")
        assert import_records(tmp_path, uri) == ImportCounts(unchanged=2)
        second = runs.find("synthetic")
        assert {key: run.to_dictionary() for key, run in first.items()} == {
            key: run.to_dictionary() for key, run in second.items()
        }
        parent, child = first[SETTINGS.hash, None], first[SETTINGS.hash, 1]
        assert len(first) == 3
        assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert {"method", "task", "memory", "skip", "supervision", "seed", "profile", "preset", "commit"} <= set(
            child.data.tags
        )
        assert parent.data.metrics["seeds"] == 2
        assert [point.step for point in runs.client.get_metric_history(child.info.run_id, "loss/pixel")] == [1, 2, 3]
        assert {one.path for one in runs.client.list_artifacts(child.info.run_id)} == {
            "record.json",
            "memory_usage.json",
            "memory_usage.png",
        }
        assert {one.dataset.name for one in child.inputs.dataset_inputs} == {"synthetic-train", "synthetic-test"}

        write_record(tmp_path, SETTINGS, 1, 0.5)
        assert import_records(tmp_path, uri) == ImportCounts(replaced=1, unchanged=1)
        third = runs.find("synthetic")
        assert len(third) == 3
        assert third[SETTINGS.hash, 1].data.metrics != child.data.metrics
        mean = "auc/micro_per_video_mean"
        assert third[SETTINGS.hash, None].data.metrics[mean] != parent.data.metrics[mean]

    def test_without_records_no_store_is_made(self, tmp_path: Path) -> None:
        """An empty results folder leaves nothing behind."""
        assert import_records(tmp_path, f"sqlite:///{tmp_path}/none.db") == ImportCounts()
        assert list(tmp_path.iterdir()) == []


class TestLiveTracker:
    def test_ends_as_an_import_would(self, tmp_path: Path, uri: str, write_record: Callable[..., Path]) -> None:
        """Epochs appear as they come; the finished run is the one an import makes, and importing changes nothing."""
        cell = Cell(SETTINGS, 0)
        path = write_record(tmp_path, SETTINGS, 0)
        epochs = [
            {"epoch": epoch, "losses": {"pixel": 0.1 / epoch, "total": 0.2 / epoch}, "seconds": 200.0}
            for epoch in (1, 2)
        ]
        tracker, runs = LiveTracker("synthetic", tmp_path, uri), Runs(uri)
        tracker.update(cell, {"phase": "train", "epochs_done": epochs[:1]})
        tracker.update(cell, {"phase": "train", "epochs_done": epochs})
        live = runs.find("synthetic")[SETTINGS.hash, 0]
        assert live.info.status == "RUNNING"
        assert live.data.metrics["loss/pixel"] == 0.05
        tracker.finish(cell, path)
        tracker.close()
        finished = runs.find("synthetic")
        assert finished[SETTINGS.hash, 0].info.run_id == live.info.run_id
        assert [one.info.status for one in finished.values()] == ["FINISHED", "FINISHED"]
        history = runs.client.get_metric_history(live.info.run_id, "loss/pixel")
        assert sorted(point.step for point in history) == [1, 2, 3]
        assert import_records(tmp_path, uri) == ImportCounts(unchanged=1)

        other = tmp_path / "other.db"
        other.write_bytes(Path(uri.removeprefix("sqlite:///")).read_bytes())
        again = Runs(f"sqlite:///{other}")
        for run in again.find("synthetic").values():
            again.client.delete_run(run.info.run_id)
        import_records(tmp_path, again.uri)
        for key, run in again.find("synthetic").items():
            assert run.data.params == finished[key].data.params
            assert set(run.data.metrics) == set(finished[key].data.metrics)
            assert run.data.metrics["seeds"] == 1 if key[1] is None else run.data.metrics["errors/eer"] >= 0

    def test_failure_and_interruption(self, tmp_path: Path, uri: str, write_record: Callable[..., Path]) -> None:
        """A failed cell says why, one that was cut off is killed, and a later record takes the place of either."""
        tracker, runs = LiveTracker("synthetic", tmp_path, uri), Runs(uri)
        tracker.fail(Cell(SETTINGS, 0), "The disk is full.")
        tracker.update(Cell(SETTINGS, 1), {})
        tracker.close()
        found = runs.find("synthetic")
        assert found[SETTINGS.hash, 0].data.tags["error"] == "The disk is full."
        assert [found[SETTINGS.hash, seed].info.status for seed in (0, 1, None)] == ["FAILED", "KILLED", "FAILED"]
        for seed in (0, 1):
            write_record(tmp_path, SETTINGS, seed)
        assert import_records(tmp_path, uri) == ImportCounts(replaced=2)
        assert {run.info.status for run in runs.find("synthetic").values()} == {"FINISHED"}


class TestMethodsWithoutLearning:
    def test_are_imported_by_their_name_alone(
        self, tmp_path: Path, uri: str, write_record: Callable[..., Path]
    ) -> None:
        """They have no task and no memory to be called by, only a profile."""
        settings = resolve(dataset="synthetic", method="frame_difference", task="reconstruction", profile="smoke")
        write_record(tmp_path, settings, 0)
        assert import_records(tmp_path, uri) == ImportCounts(added=1)
        runs = Runs(uri).find("synthetic")
        assert runs[settings.hash, None].info.run_name == "frame difference, smoke"
