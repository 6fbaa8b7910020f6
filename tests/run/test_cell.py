"""A cell as a command: the record that it leaves."""

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import roc_auc_score

from benchmarks.data.clips import Clips
from benchmarks.errors import StudyError
from benchmarks.run.cell import main
from benchmarks.run.checkpoint import save_checkpoint
from benchmarks.run.contract import Method, Objective
from benchmarks.run.feed import Feed
from benchmarks.run.methods import build
from benchmarks.study.settings import Settings
from tests.support.cells import LENGTH, ROOT, arguments, numbers, only, settings_file

pytestmark = pytest.mark.usefixtures("settings_of_torch")


class TestRecord:
    def test_is_readable_with_json_and_pandas_alone(self, finished: Path) -> None:
        """Settings, data, epochs, usage and metrics are plain JSON; terms are a compressed table, a row per frame."""
        path = only(finished / "results", "seed-3.json")
        record = json.loads(path.read_text())
        assert path.parent.name == record["name"]
        assert path.relative_to(finished / "results").parts[:3] == ("runs", "yard", "smoke")
        assert record["schema"] == 1
        assert record["seed"] == 3
        assert record["settings"] == json.loads((finished / "settings.json").read_text())
        assert record["data"]["train_videos"] == 4
        assert record["data"]["labels_from"] == "one file per video"
        assert record["data"]["calibration_videos"] == 1
        assert record["data"]["decoder"] == f"opencv {cv2.__version__}"
        assert record["data"]["resize"] == f"opencv {cv2.__version__} INTER_LINEAR"
        assert record["data"]["scored_frames"] == 3 * (LENGTH - 4)
        assert [epoch["epoch"] for epoch in record["epochs"]] == [1, 2]
        assert all(sum(epoch["usage"]) > 0 for epoch in record["epochs"])
        assert set(record["phases"]) == {"frames", "train", "evaluate", "look"}
        assert set(record["metrics"]["update"]["fused"]) == {"per_video", "global", "train"}
        assert sum(record["usage"]["update"]["counts"]) == 3 * (LENGTH - 4) * 16
        table = pd.read_csv(path.with_suffix(".csv.gz"), dtype={"video": str})
        assert len(table) == record["data"]["scored_frames"]
        assert table["frame"].min() == 4
        assert table["label"].sum() == sum(20 - 10 - video for video in range(3))
        assert path.stat().st_size + path.with_suffix(".csv.gz").stat().st_size < 50_000

    @pytest.mark.parametrize("variant", ["update", "no_update"])
    def test_metrics_follow_from_the_table(self, finished: Path, variant: str) -> None:
        """The published score and its area, written out with pandas and scikit-learn, are the record's to six digits."""
        path = only(finished / "results", "seed-3.json")
        record = json.loads(path.read_text())
        table = pd.read_csv(path.with_suffix(".csv.gz"), dtype={"video": str})
        table["psnr"] = 10 * np.log10(1 / table[f"{variant}.mse"])
        columns = table[["psnr", f"{variant}.feature_distance"]]
        alpha = record["settings"]["alpha"]
        by_video = columns.groupby(table["video"])
        scaled = (columns - by_video.transform("min")) / (by_video.transform("max") - by_video.transform("min"))
        overall = (columns - columns.min()) / (columns.max() - columns.min())
        calibration = record["calibration"][variant]
        means, deviations = (
            np.array([calibration[term][place] for term in ("psnr", "feature_distance")]) for place in (0, 1)
        )
        for how, values in (
            ("per_video", scaled),
            ("global", overall),
            ("train", (columns - means) / deviations),
        ):
            score = -alpha * values["psnr"] + (1 - alpha) * values[f"{variant}.feature_distance"]
            area = roc_auc_score(table["label"], score)
            assert round(area, 6) == pytest.approx(record["metrics"][variant]["fused"][how]["micro_auc"], abs=1.01e-6)
        if variant == "update":
            headline = record["headline"]
            assert headline["variant"] == "update"
            assert headline["weights"] == {"psnr": 0.6, "feature_distance": 0.4}
            assert headline["micro_auc"] == record["metrics"]["update"]["fused"]["per_video"]["micro_auc"]
            low, high = headline["interval"]
            assert low <= headline["micro_auc"] <= high

    def test_progress_and_log_say_that_it_is_done(self, finished: Path) -> None:
        """Progress ends at `done` with every epoch, and the log names the record."""
        progress = json.loads(only(finished / "work", "progress.json").read_text())
        assert progress["phase"] == "done"
        assert progress["error"] is None
        assert len(progress["epochs_done"]) == progress["epochs"] == 2
        assert "record written" in only(finished / "work", "cell.log").read_text()


def save_once(path: Path, method: Method, objectives: Sequence[Objective], facts: Mapping[str, Any]) -> None:
    """Save the first checkpoint, and end the cell at the second."""
    if path.exists():
        raise StudyError("Interrupted.")
    save_checkpoint(path, method, objectives, facts)


class TestBaseline:
    def test_leaves_a_record_as_any_other_cell(self, yard: Path, tmp_path: Path) -> None:
        """A convolutional autoencoder runs as the same command: epochs, one variant, its own scores, a checkpoint."""
        file = settings_file(tmp_path, method="cae", task="reconstruction")
        assert main(arguments(file, yard, tmp_path)) == 0
        record = json.loads(only(tmp_path / "results", "seed-3.json").read_text())
        assert [set(epoch["losses"]) for epoch in record["epochs"]] == [{"pixel", "total"}] * 2
        assert record["name"].startswith("cae-")
        assert set(record["metrics"]) == {"plain"}
        assert set(record["metrics"]["plain"]) == {"mse", "psnr", "mean_absolute_error", "marked_share"}
        assert record["headline"]["score"] == "mse"
        assert record["data"]["scored_frames"] == 3 * LENGTH
        assert "baselines/cae.py" in record["fingerprint"]["modules"]
        assert "mnad/network.py" not in record["fingerprint"]["modules"]
        assert only(tmp_path / "work", "checkpoint.safetensors").stat().st_size > 0

    def test_of_several_objectives_records_each(self, yard: Path, tmp_path: Path) -> None:
        """The adversarial autoencoder's three losses stand in every epoch; its score is the reconstruction's error."""
        file = settings_file(tmp_path, method="aae", task="reconstruction")
        assert main(arguments(file, yard, tmp_path)) == 0
        record = json.loads(only(tmp_path / "results", "seed-3.json").read_text())
        losses = {"pixel", "total", "discriminator", "generator"}
        assert [set(epoch["losses"]) for epoch in record["epochs"]] == [losses] * 2
        assert record["headline"]["score"] == "mse"
        alone = {"mse", "psnr", "mean_absolute_error", "code_negative_log_likelihood", "adversarial_error"}
        assert set(record["metrics"]["plain"]) == alone

    def test_that_has_seen_anomalies_says_so(self, yard: Path, tmp_path: Path) -> None:
        """Negative learning on a user's folder: a term in every epoch, what was seen in the record and in the name."""
        folder = tmp_path / "anomalies"
        folder.mkdir()
        cv2.imwrite(str(folder / "1.png"), np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8))
        factors = {"method": "cae", "task": "reconstruction", "negative_weight": 1.0, "negative_folder": str(folder)}
        assert main(arguments(settings_file(tmp_path, **factors), yard, tmp_path)) == 0
        record = json.loads(only(tmp_path / "results", "seed-3.json").read_text())
        assert [set(epoch["losses"]) for epoch in record["epochs"]] == [{"pixel", "negative", "total"}] * 2
        assert record["name"].startswith("cae-negative-")
        assert record["method"]["known_anomalies"] == 1

    def test_refuses_a_test_frame_among_known_anomalies(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A folder that holds a frame of the test split stops the cell before it trains."""
        folder = tmp_path / "anomalies"
        folder.mkdir()
        shutil.copy(yard / "yard" / "test" / "02" / "007.png", folder / "mine.png")
        factors = {"method": "cae", "task": "reconstruction", "negative_weight": 1.0, "negative_folder": str(folder)}
        assert main(arguments(settings_file(tmp_path, **factors), yard, tmp_path)) == 2
        assert "image 1 of the folder is a test frame" in capsys.readouterr().err
        assert not list((tmp_path / "results").rglob("*.json"))

    @pytest.mark.parametrize("changed", [False, True])
    def test_that_has_seen_anomalies_goes_on_with_the_same_ones_alone(
        self, yard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: bool
    ) -> None:
        """Interrupted after an epoch, a cell resumes; if the images have changed since, it starts anew and says so."""
        folder = tmp_path / "anomalies"
        folder.mkdir()
        rng = np.random.default_rng(0)
        cv2.imwrite(str(folder / "1.png"), rng.integers(0, 256, (40, 50), dtype=np.uint8))
        factors = {"method": "cae", "task": "reconstruction", "negative_weight": 1.0, "negative_folder": str(folder)}
        file = settings_file(tmp_path, **factors)
        with monkeypatch.context() as interrupted:
            interrupted.setattr("benchmarks.run.run_cell.save_checkpoint", save_once)
            assert main(arguments(file, yard, tmp_path / "parts")) == 2
        if changed:
            cv2.imwrite(str(folder / "1.png"), rng.integers(0, 256, (40, 50), dtype=np.uint8))
        assert main(arguments(file, yard, tmp_path / "parts")) == 0
        said = "starting again" if changed else "going on after epoch 1"
        assert said in only(tmp_path / "parts", "cell.log").read_text()
        assert main(arguments(file, yard, tmp_path / "whole")) == 0
        assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")

    def test_one_that_was_fitted_goes_on_from_its_checkpoint(
        self, yard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What deep feature reconstruction was fitted to decides its network: resumed, it ends at the same numbers."""
        factors = {"method": "dfr", "task": "reconstruction", "backbone": "random", "width": 0.0625}
        file = settings_file(tmp_path, **factors)
        assert main(arguments(file, yard, tmp_path / "whole")) == 0
        with monkeypatch.context() as interrupted:
            interrupted.setattr("benchmarks.run.run_cell.save_checkpoint", save_once)
            assert main(arguments(file, yard, tmp_path / "parts")) == 2
        assert main(arguments(file, yard, tmp_path / "parts")) == 0
        assert "going on after epoch 1" in only(tmp_path / "parts", "cell.log").read_text()
        assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")


class Bare:
    """A method with the contract's members alone: it does not say where it is."""

    def __init__(self, settings: Settings, seed: int, device: torch.device) -> None:
        self._method = build(settings, seed, device)

    def __getattr__(self, name: str) -> Any:
        if name == "device":
            raise AttributeError(name)
        return getattr(self._method, name)


class TestDevice:
    @pytest.mark.parametrize(("method", "feeds"), [("cae", 3), ("mean_frame", 2)])
    def test_is_the_cells_own(
        self, yard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, feeds: int
    ) -> None:
        """Clips are fed on the device that was asked for, for training, calibration and test; some train nothing."""
        # The CPU under another name.
        asked, fed = torch.device("cpu", 0), []

        def told(clips: Clips, device: torch.device) -> Feed:
            fed.append(device)
            return Feed(clips, device)

        monkeypatch.setattr("benchmarks.run.run_cell.Feed", told)
        monkeypatch.setattr("benchmarks.run.run_cell.build", Bare)
        monkeypatch.setattr("benchmarks.run.cell.pick_device", lambda _: asked)
        assert main(arguments(settings_file(tmp_path, method=method, task="reconstruction"), yard, tmp_path)) == 0
        assert fed == [asked] * feeds


class TestWithoutLearning:
    @pytest.mark.parametrize(
        ("method", "score"), [("mean_frame", "psnr"), ("frame_difference", "psnr"), ("clock", "elapsed")]
    )
    def test_leaves_a_record_without_epochs(self, yard: Path, tmp_path: Path, method: str, score: str) -> None:
        """A method that trains nothing runs as the same command and leaves the same kind of record, no checkpoint."""
        file = settings_file(tmp_path, method=method, task="reconstruction")
        assert main(arguments(file, yard, tmp_path)) == 0
        record = json.loads(only(tmp_path / "results", "seed-3.json").read_text())
        assert (record["epochs"], record["parameters"], record["usage"]) == ([], 0, {})
        assert set(record["metrics"]) == {"plain"}
        assert set(record["metrics"]["plain"][score]) == {"per_video", "global", "train"}
        assert record["data"]["scored_frames"] == 3 * (LENGTH - (method == "frame_difference"))
        assert not list(tmp_path.rglob("checkpoint.safetensors"))
        assert json.loads(only(tmp_path / "work", "progress.json").read_text())["phase"] == "done"


def test_needs_no_library_beyond_the_bare_ones(tmp_path: Path) -> None:
    """Importing the command brings in neither tracking, engine nor plotting."""
    heavy = ("mlflow", "dask", "distributed", "matplotlib", "seaborn", "statsmodels")
    script = f"import sys, benchmarks.run.cell; print([m for m in {heavy!r} if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_table_is_a_plain_gzip(finished: Path) -> None:
    """The table opens with gzip and csv alone, without a time stamp in it."""
    content = only(finished / "results", "seed-3.csv.gz").read_bytes()
    assert content[4:8] == b"\0\0\0\0"
    header = io.StringIO(gzip.decompress(content).decode()).readline().strip().split(",")
    assert header[:3] == ["video", "frame", "label"]
    assert {"update.mse", "update.feature_distance", "update.updated", "no_update.mse"} <= set(header)
