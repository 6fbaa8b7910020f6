import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest

from benchmarks.errors import StudyError
from benchmarks.measure.terms import read_terms, select_variant
from benchmarks.run.trained import FolderScorer, save_trained
from benchmarks.study.settings import Cell, Settings
from tests.support.cells import only


@pytest.fixture(scope="module")
def record(finished: Path) -> dict[str, Any]:
    """The record of the finished cell."""
    content: dict[str, Any] = json.loads(only(finished / "results", "seed-3.json").read_text())
    return content


@pytest.fixture(scope="module")
def network(finished: Path, record: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its trained network."""
    folder = tmp_path_factory.mktemp("network")
    cell = Cell(Settings.from_dict(record["settings"]), 3)
    checkpoint = only(finished / "work", "checkpoint.safetensors")
    save_trained(checkpoint, cell, folder, epochs=len(record["epochs"]), fingerprint=record["fingerprint"]["digest"])
    return folder


class TestFolderScorer:
    def test_scores_as_the_cell_did(
        self, finished: Path, record: dict[str, Any], network: Path, yard: Path, tmp_path: Path
    ) -> None:
        """Through MLflow the frames of the test split get the terms that stand in the record's table."""
        mlflow.pyfunc.save_model(
            str(tmp_path / "model"), loader_module="benchmarks.run.trained", data_path=str(network), pip_requirements=[]
        )
        scored = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(str(yard / "yard" / "test"))
        table = select_variant(read_terms(only(finished / "results", "seed-3.csv.gz")), record["headline"]["variant"])
        assert list(scored["frame"]) == list(table["frame"])
        for term in set(table) & set(scored) - {"video", "label"}:
            np.testing.assert_array_equal(scored[term], table[term])
        assert scored["anomaly"].between(0, 1).all()

    def test_a_folder_of_images_is_one_video(self, network: Path, yard: Path) -> None:
        """It has the folder's name; each video alone is scored as among others."""
        alone = FolderScorer(network).predict(yard / "yard" / "test" / "01")
        assert set(alone["video"]) == {"01"}

    def test_refuses_what_is_no_folder(self, network: Path, tmp_path: Path) -> None:
        """One sentence with the path."""
        with pytest.raises(StudyError, match=r"Expected a folder of frames, but .*nowhere is none"):
            FolderScorer(network).predict(tmp_path / "nowhere")


class TestSaveTrained:
    def test_leaves_the_optimisers_out(self, finished: Path, network: Path) -> None:
        """The weights alone: a third of the checkpoint or less."""
        checkpoint = only(finished / "work", "checkpoint.safetensors")
        assert (network / "model.safetensors").stat().st_size < checkpoint.stat().st_size / 2

    def test_refuses_the_checkpoint_of_another_run(
        self, finished: Path, record: dict[str, Any], tmp_path: Path
    ) -> None:
        """Another seed's network is never kept under this one's name."""
        cell = Cell(Settings.from_dict(record["settings"]), 4)
        with pytest.raises(StudyError, match="but it is of another run"):
            save_trained(
                only(finished / "work", "checkpoint.safetensors"),
                cell,
                tmp_path,
                epochs=len(record["epochs"]),
                fingerprint=record["fingerprint"]["digest"],
            )
