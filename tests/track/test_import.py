import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.errors import StudyError
from benchmarks.study.presets import resolve
from benchmarks.track import importer
from benchmarks.track.importer import OWN, REFERENCE, ImportCounts, import_all, import_records
from benchmarks.track.runs import Runs

SETTINGS = resolve(dataset="synthetic", method="mnad", task="prediction", profile="smoke")
WITHOUT = resolve(dataset="synthetic", method="mnad", task="prediction", memory="none", profile="smoke")
SETTING = f"{REFERENCE}/setting/{SETTINGS.hash}"
CONTRAST = f"{REFERENCE}/contrast/{SETTINGS.hash}/{WITHOUT.hash}"


def seed_key(seed: int, origin: str = REFERENCE) -> str:
    return f"{origin}/seed-{seed}/{SETTINGS.hash}"


def draw(results: Path, content: bytes) -> None:
    folder = results / "figures" / "claims-synthetic"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "comparison-synthetic.png").write_bytes(content)


class TestImportRecords:
    def test_twice_changes_nothing(self, tmp_path: Path, uri: str, write_record: Callable[..., Path]) -> None:
        """A run per setting with a child per seed; a second import adds nothing, a changed record replaces its run."""
        for seed in (0, 1):
            write_record(tmp_path, SETTINGS, seed)
        draw(tmp_path, b"one")
        assert import_records(tmp_path, uri) == ImportCounts(added=2)
        runs = Runs(uri)
        first = runs.find("synthetic")
        assert import_records(tmp_path, uri) == ImportCounts(unchanged=2)
        second = runs.find("synthetic")
        assert {key: run.to_dictionary() for key, run in first.items()} == {
            key: run.to_dictionary() for key, run in second.items()
        }
        assert set(first) == {SETTING, seed_key(0), seed_key(1), f"{REFERENCE}/study/claims-synthetic"}

        write_record(tmp_path, SETTINGS, 1, 0.5)
        draw(tmp_path, b"two")
        assert import_records(tmp_path, uri) == ImportCounts(replaced=1, unchanged=1)
        third = runs.find("synthetic")
        assert set(third) == set(first)
        assert len(list(runs.client.search_runs([runs.experiment("synthetic")]))) == 4
        assert third[seed_key(1)].data.metrics != first[seed_key(1)].data.metrics
        assert third[SETTING].data.metrics["auc/frame"] != first[SETTING].data.metrics["auc/frame"]
        assert third[seed_key(0)].info.run_id == first[seed_key(0)].info.run_id
        # Its seeds, new or old, lie below the setting's new run.
        assert {third[seed_key(seed)].data.tags["mlflow.parentRunId"] for seed in (0, 1)} == {
            third[SETTING].info.run_id
        }

    def test_what_runs_hold(self, tmp_path: Path, uri: str, write_record: Callable[..., Path]) -> None:
        """Data sets with digests and a description on parent and child, metrics by epoch, artifacts that can be read."""
        path = write_record(tmp_path, SETTINGS, 0)
        import_records(tmp_path, uri)
        runs = Runs(uri)
        found = runs.find("synthetic")
        parent, child = found[SETTING], found[seed_key(0)]
        for run in (parent, child):
            assert {(one.dataset.name, one.dataset.digest) for one in run.inputs.dataset_inputs} == {
                ("synthetic-train", "a" * 16),
                ("synthetic-test", "b" * 16),
            }
            assert "MNAD · prediction · memory on Circles and squares" in run.data.tags["mlflow.note.content"]
            assert run.data.tags["mlflow.source.git.commit"] == "0123456789abcdef0123456789abcdef01234567"
        # MLflow's compare page begins with the first metric that a run has.
        assert [next(iter(run.data.metrics)) for run in (parent, child)] == ["auc/frame", "auc/frame"]
        assert [point.step for point in runs.client.get_metric_history(child.info.run_id, "loss/pixel")] == [1, 2, 3]
        assert {one.path for one in runs.client.list_artifacts(child.info.run_id)} == {
            "record.json",
            "memory_usage.svg",
        }
        kept = runs.client.download_artifacts(child.info.run_id, "record.json", str(tmp_path))
        assert Path(kept).read_bytes() == path.read_bytes()
        assert {one.path for one in runs.client.list_artifacts(parent.info.run_id)} == {
            "settings.json",
            "scores_over_time_seed_0.svg",
        }

    def test_a_run_for_each_contrast(self, tmp_path: Path, uri: str, write_record: Callable[..., Path]) -> None:
        """Memory minus none has a run with difference, interval and n; one more seed replaces it."""
        for seed in (0, 1):
            write_record(tmp_path, SETTINGS, seed)
            write_record(tmp_path, WITHOUT, seed, 0.7)
        import_records(tmp_path, uri)
        first = Runs(uri).find("synthetic")[CONTRAST]
        assert first.info.run_name == "Δ MNAD pred"
        assert first.data.tags["level"] == "contrast"
        assert first.data.metrics["effect/n"] == 2
        assert {"effect/auc", "effect/low", "effect/high"} <= set(first.data.metrics)
        for settings in (SETTINGS, WITHOUT):
            write_record(tmp_path, settings, 2)
        import_records(tmp_path, uri)
        assert Runs(uri).find("synthetic")[CONTRAST].data.metrics["effect/n"] == 3

    def test_origins_never_replace_each_other(
        self, tmp_path: Path, uri: str, write_record: Callable[..., Path]
    ) -> None:
        """The user's own run of a cell stands beside the project's, whichever comes first and however they differ."""
        write_record(tmp_path / "ours", SETTINGS, 0)
        write_record(tmp_path / "yours", SETTINGS, 0, 0.5)
        import_records(tmp_path / "ours", uri)
        reference = Runs(uri).find("synthetic", f"{REFERENCE}/%")
        assert import_records(tmp_path / "yours", uri, origin=OWN) == ImportCounts(added=1)
        assert import_records(tmp_path / "ours", uri) == ImportCounts(unchanged=1)
        runs = Runs(uri)
        assert {key: run.to_dictionary() for key, run in runs.find("synthetic", f"{REFERENCE}/%").items()} == {
            key: run.to_dictionary() for key, run in reference.items()
        }
        own = runs.find("synthetic", f"{OWN}/%")
        assert {run.data.tags["origin"] for run in own.values()} == {OWN}
        assert own[seed_key(0, OWN)].info.run_name == "own s0 MNAD pred+mem"

    def test_two_imports_at_once_leave_each_run_once(
        self, tmp_path: Path, uri: str, write_record: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What another import wrote after this one had looked is a duplicate: one stays, and its seeds lie below it."""
        write_record(tmp_path, SETTINGS, 0)
        write_record(tmp_path, WITHOUT, 0)
        assert import_records(tmp_path, uri) == ImportCounts(added=2)
        with monkeypatch.context() as late:
            late.setattr(Runs, "find", lambda *_: {})  # looked before the other one wrote
            late.setattr(Runs, "remove_duplicates", lambda *_: 0)
            assert import_records(tmp_path, uri) == ImportCounts(added=2)
        runs = Runs(uri)
        assert len(list(runs._search("synthetic", ""))) == 10
        assert import_records(tmp_path, uri) == ImportCounts(unchanged=2)
        left = list(runs._search("synthetic", ""))
        assert len(left) == 5
        ids = {run.info.run_id for run in left}
        assert {run.data.tags["mlflow.parentRunId"] for run in left if "mlflow.parentRunId" in run.data.tags} <= ids

    def test_runs_of_an_older_importer_go(self, tmp_path: Path, uri: str, write_record: Callable[..., Path]) -> None:
        """They had no keys, so that a store that has them would show everything twice."""
        write_record(tmp_path, SETTINGS, 0)
        runs = Runs(uri)
        old = runs.client.create_run(runs.experiment("synthetic"), tags={"level": "seed", "settings_hash": "1"})
        users = runs.client.create_run(runs.experiment("synthetic"), tags={"note": "mine"})
        import_records(tmp_path, uri)
        left = {run.info.run_id for run in runs.client.search_runs([runs.experiment("synthetic")])}
        assert old.info.run_id not in left
        assert users.info.run_id in left

    def test_a_name_that_leads_out_of_the_store(
        self, tmp_path: Path, uri: str, write_record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A record from elsewhere whose data set is a path writes nothing, is named, and keeps no other out."""
        away = replace(SETTINGS, dataset="../../elsewhere/x")
        path = write_record(tmp_path, SETTINGS, 0)
        content = json.loads(path.read_text())
        content |= {"settings": away.to_dict(), "settings_hash": away.hash}
        other = path.parents[3] / "aa" / "smoke" / "x" / path.name
        other.parent.mkdir(parents=True)
        other.write_text(json.dumps(content))
        shutil.copy(path.with_suffix("").with_suffix(".csv.gz"), other.with_suffix(".csv.gz"))
        assert import_records(tmp_path, uri) == ImportCounts(added=1)
        assert "Left out: " in capsys.readouterr().err
        assert not list(tmp_path.rglob("elsewhere"))

    def test_without_records_no_store_is_made(self, tmp_path: Path) -> None:
        """An empty results folder leaves nothing behind."""
        assert import_records(tmp_path, f"sqlite:///{tmp_path}/none.db") == ImportCounts()
        assert list(tmp_path.iterdir()) == []

    def test_methods_without_learning_are_called_by_their_name(
        self, tmp_path: Path, uri: str, write_record: Callable[..., Path]
    ) -> None:
        """They have no task and no memory to be called by."""
        settings = resolve(dataset="synthetic", method="frame_difference", task="reconstruction", profile="smoke")
        write_record(tmp_path, settings, 0)
        import_records(tmp_path, uri)
        found = Runs(uri).find("synthetic")
        assert found[f"{REFERENCE}/setting/{settings.hash}"].info.run_name == "frame diff"


class TestImportAll:
    def test_each_folder_has_its_origin(self, tmp_path: Path, uri: str, write_record: Callable[..., Path]) -> None:
        """The reference and own runs come together; one folder named twice is the reference, once."""
        ours, yours = tmp_path / "ours", tmp_path / "yours"
        write_record(ours, SETTINGS, 0)
        assert import_all(ours, yours, uri) == ImportCounts(added=1)
        write_record(yours, SETTINGS, 0)
        assert import_all(ours, yours, uri) == ImportCounts(added=1, unchanged=1)
        assert import_all(ours, ours, uri) == ImportCounts(unchanged=1)
        assert {seed_key(0), seed_key(0, OWN)} <= set(Runs(uri).find("synthetic"))

    def test_refuses_nothing_at_all(self, tmp_path: Path) -> None:
        """Where neither folder has a record both are named."""
        with pytest.raises(StudyError, match=r"Expected records of a study in .*ours/runs or .*yours/runs"):
            import_all(tmp_path / "ours", tmp_path / "yours", f"sqlite:///{tmp_path}/none.db")


class TestBulkWriter:
    def test_writes_what_the_client_writes(
        self,
        tmp_path: Path,
        empty_store: Path,
        monkeypatch: pytest.MonkeyPatch,
        write_record: Callable[..., Path],
    ) -> None:
        """Every run that is inserted in bulk equals the one that MLflow's public interface makes, histories included."""
        for settings in (SETTINGS, WITHOUT):
            write_record(tmp_path, settings, 0)
        draw(tmp_path, b"one")
        stores = {}
        for name, bulk in (("bulk", True), ("client", False)):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "mlflow.db").write_bytes(empty_store.read_bytes())
            monkeypatch.setattr(importer, "is_sqlite", lambda _, bulk=bulk: bulk)
            import_records(tmp_path, f"sqlite:///{folder}/mlflow.db")
            stores[name] = _contents(Runs(f"sqlite:///{folder}/mlflow.db"))
        assert len(stores["bulk"]) == 6
        for key, run in stores["client"].items():
            for part, value in run.items():
                assert (key, part, stores["bulk"][key][part]) == (key, part, value)


def _contents(runs: Runs) -> dict[str, Any]:
    """All that a store shows of each run, without ids, places and the moment of a study's figures."""
    found = runs.find("synthetic")
    names = {run.info.run_id: key for key, run in found.items()}
    contents = {}
    for key, run in found.items():
        shown = run.to_dictionary()
        for name in ("run_id", "run_uuid", "artifact_uri"):
            shown["info"].pop(name, None)
        if "/study/" in key:
            del shown["info"]["start_time"], shown["info"]["end_time"]
        shown["inputs"]["dataset_inputs"].sort(key=lambda one: str(one["dataset"]["name"]))
        tags = shown["data"]["tags"]
        if "mlflow.parentRunId" in tags:
            tags["mlflow.parentRunId"] = names[tags["mlflow.parentRunId"]]
        shown["history"] = {
            metric: [
                (one.step, one.value, one.timestamp) for one in runs.client.get_metric_history(run.info.run_id, metric)
            ]
            for metric in run.data.metrics
        }
        shown["artifacts"] = {
            one.path: Path(runs.client.download_artifacts(run.info.run_id, one.path)).read_bytes()
            for one in runs.client.list_artifacts(run.info.run_id)
        }
        contents[key] = shown
    return contents
