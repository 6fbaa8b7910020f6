"""A cell as a command: its record, its repetition, its resumption, and what bad input gets."""

import copy
import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import roc_auc_score

from benchmarks.errors import StudyError
from benchmarks.run.cell import main
from benchmarks.run.checkpoint import read_facts, save_checkpoint
from benchmarks.run.contract import Method, Objective
from benchmarks.run.fingerprint import Fingerprint
from benchmarks.study.presets import resolve

ROOT = Path(__file__).resolve().parents[2]
LENGTH = 30


@pytest.fixture(autouse=True)
def _settings_of_torch() -> Iterator[None]:
    """A cell that runs in this process leaves torch as it found it."""
    deterministic, threads = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    yield
    torch.use_deterministic_algorithms(deterministic)
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the set `yard`: five training and three labelled test videos of a moving blob."""
    root = tmp_path_factory.mktemp("data")
    rows, columns = np.mgrid[:32, :32]
    for split, count in (("train", 5), ("test", 3)):
        for video in range(count):
            folder = root / "yard" / split / f"{video + 1:02d}"
            folder.mkdir(parents=True)
            labels = np.zeros(LENGTH, dtype=int)
            if split == "test":
                labels[10 + video : 20] = 1
                np.savetxt(root / "yard" / "test" / f"{folder.name}.txt", labels, fmt="%d")
            for index in range(LENGTH):
                size = 12 if labels[index] else 30
                centre = (4 + 24 * (0.5 + 0.5 * np.sin(index / 4 + video)), 6 + 4 * video)
                blob = np.exp(-((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2) / size)
                cv2.imwrite(str(folder / f"{index:03d}.png"), (30 + 200 * blob).astype(np.uint8))
    return root


def settings_file(folder: Path, **factors: Any) -> Path:
    """Settings of a small cell on the set `yard`, as JSON; a factor that is no setting is written all the same."""
    chosen = {
        "method": "mnad",
        "task": "prediction",
        "precision": "float32",
        "channels": 1,
        "train_stride": 2,
        **factors,
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "settings.json"
    file.write_text(json.dumps(resolve(dataset="yard", profile="smoke", **chosen).to_dict()))
    return file


def arguments(file: Path, yard: Path, folder: Path) -> list[str]:
    """The command's arguments, with results and work below a folder."""
    places = ["--data-root", yard, "--results", folder / "results", "--work", folder / "work"]
    return list(map(str, ["--settings", file, "--seed", 3, *places, "--device", "cpu", "--quiet"]))


def command(file: Path, yard: Path, folder: Path) -> list[str]:
    """The command as a shell would have it."""
    return [sys.executable, "-m", "benchmarks.run.cell", *arguments(file, yard, folder)]


def only(folder: Path, pattern: str) -> Path:
    """The one file below a folder that fits."""
    (found,) = folder.rglob(pattern)
    return found


def without_times(record: dict[str, Any]) -> dict[str, Any]:
    """A record but for times, the memory it took, and the commit it ran from."""
    kept = copy.deepcopy(record)
    for name in ("started", "commit", "dirty", "phases"):
        del kept[name]
    for epoch in kept["epochs"]:
        del epoch["seconds"]
    return kept


def numbers(folder: Path) -> tuple[dict[str, Any], bytes]:
    """What two runs must share: the record without times, and the bytes of its table."""
    record = json.loads(only(folder / "results", "seed-3.json").read_text())
    return without_times(record), only(folder / "results", "seed-3.csv.gz").read_bytes()


@pytest.fixture(scope="module")
def finished(yard: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a prediction cell that a process of its own ran."""
    folder = tmp_path_factory.mktemp("finished")
    done = subprocess.run(
        command(settings_file(folder), yard, folder), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stdout
    assert not done.stderr
    return folder


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
        assert "baselines/cae.py" in record["fingerprint"]["files"]
        assert "mnad/network.py" not in record["fingerprint"]["files"]
        assert only(tmp_path / "work", "checkpoint.safetensors").stat().st_size > 0

    def test_of_several_objectives_records_each(self, yard: Path, tmp_path: Path) -> None:
        """The adversarial autoencoder's three losses stand in every epoch; its score is fused from two terms."""
        file = settings_file(tmp_path, method="aae", task="reconstruction")
        assert main(arguments(file, yard, tmp_path)) == 0
        record = json.loads(only(tmp_path / "results", "seed-3.json").read_text())
        losses = {"pixel", "total", "discriminator", "generator"}
        assert [set(epoch["losses"]) for epoch in record["epochs"]] == [losses] * 2
        assert record["headline"]["score"] == "fused"
        alone = {"mse", "psnr", "mean_absolute_error", "code_negative_log_likelihood", "adversarial_error"}
        assert set(record["metrics"]["plain"]) == {"fused", *alone}

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

    def test_one_that_was_fitted_goes_on_from_its_checkpoint(
        self, yard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What deep feature reconstruction was fitted to decides its network: resumed, it ends at the same numbers."""
        factors = {"method": "dfr", "task": "reconstruction", "backbone": "random", "width": 0.0625}
        file = settings_file(tmp_path, **factors)
        assert main(arguments(file, yard, tmp_path / "whole")) == 0

        def once(path: Path, method: Method, objectives: Sequence[Objective], facts: Mapping[str, Any]) -> None:
            if path.exists():
                raise StudyError("Interrupted.")
            save_checkpoint(path, method, objectives, facts)

        with monkeypatch.context() as interrupted:
            interrupted.setattr("benchmarks.run.cell.save_checkpoint", once)
            assert main(arguments(file, yard, tmp_path / "parts")) == 2
        assert main(arguments(file, yard, tmp_path / "parts")) == 0
        assert "going on after epoch 1" in only(tmp_path / "parts", "cell.log").read_text()
        assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")


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


class TestRepetition:
    def test_same_seed_same_record(self, finished: Path, yard: Path, tmp_path: Path) -> None:
        """Another process gives the same record and the same bytes of terms, but for times and commit."""
        assert main(arguments(finished / "settings.json", yard, tmp_path)) == 0
        assert numbers(tmp_path) == numbers(finished)

    def test_finished_cell_trains_no_further(self, finished: Path, yard: Path, tmp_path: Path) -> None:
        """Run once more over its own checkpoint, a cell evaluates only, with the same numbers."""
        file = settings_file(tmp_path)
        assert main(arguments(file, yard, tmp_path)) == 0
        first = numbers(tmp_path)
        checkpoint = only(tmp_path, "checkpoint.safetensors")
        written = checkpoint.stat().st_mtime_ns
        assert main(arguments(file, yard, tmp_path)) == 0
        assert checkpoint.stat().st_mtime_ns == written
        assert numbers(tmp_path) == first == numbers(finished)

    @pytest.mark.parametrize(
        "factors",
        [{"method": "mnad"}, {"method": "memae", "task": "denoising", "items": 20, "train_stride": 1}],
        ids=["mnad", "memae"],
    )
    def test_killed_cell_goes_on_to_the_same_numbers(self, yard: Path, tmp_path: Path, factors: dict[str, Any]) -> None:
        """After SIGKILL in training a cell resumes from its last epoch and ends as if nothing had happened."""
        whole, killed = tmp_path / "whole", tmp_path / "killed"
        chosen = {"epochs": 5, "train_stride": 1, **factors}
        file = settings_file(tmp_path, **chosen)
        assert main(arguments(file, yard, whole)) == 0
        # Stored frames are the same for both; decoding them twice would only take time.
        shutil.copytree(whole / "work" / "frames", killed / "work" / "frames")
        process = subprocess.Popen(command(file, yard, killed), cwd=ROOT)
        try:
            self.wait_for_an_epoch(process, killed)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert process.returncode == -signal.SIGKILL
        assert not list(killed.rglob("seed-3.*"))
        trained = len(read_facts(only(killed, "checkpoint.safetensors"))["epochs"])
        assert 1 <= trained < 5
        assert main(arguments(file, yard, killed)) == 0
        assert f"going on after epoch {trained}" in only(killed, "cell.log").read_text()
        assert numbers(killed) == numbers(whole)

    @staticmethod
    def wait_for_an_epoch(process: subprocess.Popen[bytes], folder: Path) -> None:
        """Return as soon as the cell says that an epoch is done."""
        while process.poll() is None:
            for file in folder.rglob("progress.json"):
                if json.loads(file.read_text())["epochs_done"]:
                    return
            time.sleep(0.005)
        pytest.fail("the cell ended before it said that an epoch was done")

    def test_checkpoint_of_another_code_is_not_taken_up(
        self, yard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """If the code has changed since the checkpoint, training starts anew and the log says so."""
        file = settings_file(tmp_path)
        assert main(arguments(file, yard, tmp_path)) == 0
        first = numbers(tmp_path)
        changed = json.loads(only(tmp_path, "seed-3.json").read_text())["fingerprint"]
        monkeypatch.setattr("benchmarks.run.cell.fingerprint", lambda *_: Fingerprint("0" * 16, {}))
        assert main(arguments(file, yard, tmp_path)) == 0
        assert "starting anew" in only(tmp_path, "cell.log").read_text()
        again = numbers(tmp_path)
        assert again[1] == first[1]
        assert again[0]["fingerprint"] != changed


class TestEvaluateEvery:
    """Looks at the test frames between epochs."""

    @staticmethod
    def run(file: Path, yard: Path, folder: Path, every: int) -> tuple[dict[str, Any], bytes]:
        """The numbers of a run that looks after every so many epochs."""
        assert main([*arguments(file, yard, folder), "--evaluate-every", str(every)]) == 0
        return numbers(folder)

    @pytest.mark.parametrize(("method", "every", "looked_at"), [("mnad", 1, [1, 2, 3]), ("memae", 2, [2, 3])])
    def test_training_goes_on_as_if_nobody_had_looked(
        self, yard: Path, tmp_path: Path, method: str, every: int, looked_at: list[int]
    ) -> None:
        """Losses, items, usage and every score are those of a run without looks; the last epoch has the headline's."""
        few = {"items": 20} if method == "memae" else {}
        file = settings_file(tmp_path, method=method, task="reconstruction", epochs=3, **few)
        (plain, terms), (looked, looked_terms) = (
            self.run(file, yard, tmp_path / str(looks), looks) for looks in (0, every)
        )
        found = {epoch["epoch"]: epoch.pop("micro_auc") for epoch in looked["epochs"] if "micro_auc" in epoch}
        assert list(found) == looked_at
        assert found[3] == looked["headline"]["micro_auc"]
        assert all(0 <= area <= 1 for area in found.values())
        assert looked == plain
        assert looked_terms == terms

    def test_is_what_a_shorter_run_would_have_given(self, yard: Path, tmp_path: Path) -> None:
        """Without a schedule, the look after epoch 1 of 2 is the headline of a run of one epoch."""
        short, long = (
            self.run(
                settings_file(tmp_path / str(epochs), schedule="constant", epochs=epochs),
                yard,
                tmp_path / str(epochs),
                1,
            )[0]
            for epochs in (1, 2)
        )
        assert long["epochs"][0]["micro_auc"] == short["headline"]["micro_auc"]
        assert long["epochs"][1]["micro_auc"] == long["headline"]["micro_auc"]

    def test_a_checkpoint_past_a_look_is_not_taken_up(self, yard: Path, tmp_path: Path) -> None:
        """What was not looked at cannot be made up for, so training starts anew, and the log says so."""
        file = settings_file(tmp_path)
        self.run(file, yard, tmp_path, 0)
        record, _ = self.run(file, yard, tmp_path, 1)
        assert all("micro_auc" in epoch for epoch in record["epochs"])
        assert "starting anew: epoch 1 was to be evaluated" in only(tmp_path, "cell.log").read_text()


class TestRefusals:
    """Exit status 2 with one sentence, and no record."""

    @staticmethod
    def refused(argv: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
        """The sentence on stderr of a command that must be refused."""
        assert main(argv) == 2
        sentence = capsys.readouterr().err.strip()
        assert "\n" not in sentence
        assert not list(folder.rglob("seed-*"))
        return sentence

    @pytest.mark.parametrize("method", ["mnad", "memae"])
    def test_loss_that_is_not_finite(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str
    ) -> None:
        """An absurd learning rate stops the cell, naming term, epoch and step, and leaves no record."""
        small = {"items": 20} if method == "memae" else {}
        file = settings_file(
            tmp_path, method=method, task="reconstruction", learning_rate=1e30, train_stride=1, **small
        )
        sentence = self.refused(arguments(file, yard, tmp_path), tmp_path, capsys)
        assert "Expected finite losses, but " in sentence
        assert "epoch 1, step " in sentence
        progress = json.loads(only(tmp_path / "work", "progress.json").read_text())
        assert progress["phase"] == "failed"
        assert progress["error"] == sentence

    @pytest.mark.parametrize("blocked", ["results", "work"])
    def test_folder_that_cannot_be_written(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], blocked: str
    ) -> None:
        """A file where results or work should go gets a sentence that names it."""
        (tmp_path / blocked).write_text("in the way")
        sentence = self.refused(arguments(settings_file(tmp_path), yard, tmp_path), tmp_path, capsys)
        assert str(tmp_path / blocked) in sentence
        assert (tmp_path / blocked).read_text() == "in the way"

    def test_full_disk_at_the_checkpoint(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A disk that is full is named, and no half-written file stays."""

        def full(tensors: object, path: Path, metadata: object) -> None:
            Path(path).write_bytes(b"half")
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("benchmarks.run.checkpoint.save_file", full)
        sentence = self.refused(arguments(settings_file(tmp_path), yard, tmp_path), tmp_path, capsys)
        assert "No space left on device" in sentence
        assert not list((tmp_path / "work" / "yard").rglob("*.tmp"))
        assert not list(tmp_path.rglob("checkpoint.safetensors"))

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"leaning_rate": 1.0}, "leaning_rate"),
            ({"method": "transformer"}, "transformer"),
            ({"memory": "hopfield"}, "hopfield"),
            ({"size": 33}, "size=33"),
            ({"items": 1}, "separateness_weight=0.1"),
            ({"batch": 1000}, "1000"),
            ({"calibration_videos": 5}, "calibration_videos"),
            ({"dataset": "garden"}, "garden"),
        ],
    )
    def test_settings_that_make_no_sense(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], said: str
    ) -> None:
        """An unknown name, method, memory or set, an impossible size or batch: each is named."""
        file = settings_file(tmp_path)
        file.write_text(json.dumps(json.loads(file.read_text()) | change))
        assert said in self.refused(arguments(file, yard, tmp_path), tmp_path, capsys)

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", '"mnad"', "null"])
    def test_file_that_holds_no_settings(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
    ) -> None:
        """A file that is cut off or holds something else gets a sentence."""
        file = tmp_path / "settings.json"
        file.write_text(text)
        self.refused(arguments(file, yard, tmp_path), tmp_path, capsys)

    def test_missing_settings_and_data(self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A settings file or data folder that is not there is named."""
        missing = tmp_path / "nothing.json"
        assert str(missing) in self.refused(arguments(missing, yard, tmp_path), tmp_path, capsys)
        nowhere = tmp_path / "nowhere"
        file = settings_file(tmp_path)
        assert str(nowhere) in self.refused(arguments(file, nowhere, tmp_path), tmp_path, capsys)

    def test_damaged_checkpoint(self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A checkpoint that was cut off is named, with what to do."""
        file = settings_file(tmp_path)
        assert main(arguments(file, yard, tmp_path)) == 0
        for path in tmp_path.rglob("seed-3.*"):
            path.unlink()
        checkpoint = only(tmp_path, "checkpoint.safetensors")
        checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
        sentence = self.refused(arguments(file, yard, tmp_path), tmp_path, capsys)
        assert str(checkpoint) in sentence
        assert "delete it" in sentence

    def test_device_that_is_not_there(self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Asking for CUDA where there is none is refused, not quietly run on the CPU."""
        if torch.cuda.is_available():
            pytest.skip("this machine has CUDA")
        argv = [*arguments(settings_file(tmp_path), yard, tmp_path)]
        argv[argv.index("cpu")] = "cuda"
        assert "--device cpu" in self.refused(argv, tmp_path, capsys)


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
