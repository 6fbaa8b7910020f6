import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from benchmarks.report.read.records import Record, read_record
from benchmarks.study.presets import resolve
from benchmarks.track.importer import REFERENCE, import_records
from benchmarks.track.model import keep_model
from benchmarks.track.runs import Runs

SETTINGS = resolve(dataset="synthetic", method="mnad", task="prediction", profile="smoke")
KEY = f"{REFERENCE}/seed-0/{SETTINGS.hash}"


def leave_checkpoint(work: Path, record: Record, seed: int = 0) -> None:
    """Write what a cell that has trained leaves: a weight, a moment of its optimiser, and whose it is."""
    identity = {
        "settings_hash": record.settings.hash,
        "seed": seed,
        "fingerprint": record.content.get("fingerprint", {}).get("digest"),
    }
    facts = {"identity": identity, "epochs": record.content["epochs"]}
    path = work / record.cell.slug / "checkpoint.safetensors"
    path.parent.mkdir(parents=True)
    tensors = {"method.weight": torch.ones(2), "optimiser.0.0.exp_avg": torch.zeros(2)}
    save_file(tensors, path, {"facts": json.dumps(facts), "objectives": "[]"})


class TestKeepModel:
    def test_comes_with_an_import(self, tmp_path: Path, uri: str, write_record: Callable[..., Path]) -> None:
        """A checkpoint in the work folder, older or newer than the import, is a model of the run; twice changes nothing."""
        record = read_record(write_record(tmp_path, SETTINGS, 0))
        import_records(tmp_path, uri)
        leave_checkpoint(tmp_path / "work", record)
        import_records(tmp_path, uri)
        runs = Runs(uri)
        run = runs.find("synthetic")[KEY]
        assert run.data.tags["model"] == f"runs:/{run.info.run_id}/model"
        folder = Path(runs.client.download_artifacts(run.info.run_id, "model", str(tmp_path)))
        assert "loader_module: benchmarks.run.trained" in (folder / "MLmodel").read_text()
        assert set(load_file(next(folder.rglob("*.safetensors")))) == {"weight"}
        assert not keep_model(runs, run.info.run_id, record, tmp_path / "work")

    def test_refuses_the_checkpoint_of_another_run(
        self, tmp_path: Path, uri: str, write_record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """An import names it and goes on without a model."""
        record = read_record(write_record(tmp_path, SETTINGS, 0))
        leave_checkpoint(tmp_path / "work", record, seed=1)
        import_records(tmp_path, uri)
        assert "but it is of another run" in capsys.readouterr().err
        runs = Runs(uri)
        run = runs.find("synthetic")[KEY]
        assert "model" not in run.data.tags
