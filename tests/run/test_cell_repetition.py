"""A cell as a command: its repetition, its resumption, and looks between epochs."""

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks.run.cell import main
from benchmarks.run.checkpoint import read_facts
from benchmarks.run.recorded_code import Fingerprint
from tests.support.cells import ROOT, arguments, command, numbers, only, settings_file

pytestmark = pytest.mark.usefixtures("settings_of_torch")


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
        monkeypatch.setattr("benchmarks.run.run_cell.fingerprint", lambda *_: Fingerprint("0" * 16, {}))
        assert main(arguments(file, yard, tmp_path)) == 0
        assert "starting again" in only(tmp_path, "cell.log").read_text()
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
        assert "starting again: epoch 1 was to be evaluated" in only(tmp_path, "cell.log").read_text()
