"""What a first run on a GPU may break on: whole cells, the feed, memory that runs out. Skipped where there is no GPU."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.data.clips import Clips
from benchmarks.run.accelerator import why_not_compiled
from benchmarks.run.cell import main
from benchmarks.run.feed import Feed
from benchmarks.run.hardware import Phase, hardware
from tests.support.cells import ROOT, arguments, command, only, settings_file

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
    pytest.mark.usefixtures("settings_of_torch"),
]
PARAMETERS = [
    ("mnad", {"task": "prediction"}),
    ("mnad", {"task": "prediction", "memory": "none"}),
    ("mnad", {"task": "denoising"}),
    ("memae", {"task": "reconstruction", "items": 20, "train_stride": 4}),
    ("frame_difference", {"task": "reconstruction"}),
    ("mean_frame", {"task": "reconstruction"}),
]


def on_cuda(argv: list[str], *more: str) -> list[str]:
    """A cell's arguments with the GPU for its device."""
    return [("cuda" if one == "cpu" else one) for one in argv] + list(more)


def record_of(file: Path, yard: Path, folder: Path, *more: str) -> dict[str, Any]:
    """The record that a cell leaves when it runs on the GPU."""
    assert main(on_cuda(arguments(file, yard, folder), *more)) == 0
    record: dict[str, Any] = json.loads(only(folder, "seed-3.json").read_text())
    return record


class TestCells:
    @pytest.mark.parametrize("precision", ["bfloat16", "float32"])
    @pytest.mark.parametrize("mode", ["record", "fast"])
    @pytest.mark.parametrize(("method", "factors"), PARAMETERS)
    def test_run_to_their_record(
        self, yard: Path, tmp_path: Path, method: str, factors: dict[str, Any], mode: str, precision: str
    ) -> None:
        """Deterministic and compiled, in both precisions, from frames through look to record."""
        file = settings_file(tmp_path, method=method, precision=precision, **factors)
        record = record_of(file, yard, tmp_path, "--mode", mode)
        assert record["hardware"]["device"] == "cuda"
        assert record["hardware"]["accelerator"] == torch.cuda.get_device_name()
        assert record["headline"]["micro_auc"] is not None
        assert record["phases"]["evaluate"]["peak_device_memory_mb"] >= 0
        progress = json.loads(only(tmp_path, "progress.json").read_text())
        assert (progress["phase"], progress.get("epoch", 0)) == ("done", len(record["epochs"]))

    @pytest.mark.parametrize("method", ["mnad", "memae"])
    def test_repeat_themselves(self, yard: Path, tmp_path: Path, method: str) -> None:
        """In the mode `record` the same cell gives the same losses and the same AUC, digit for digit."""
        small = {"items": 20, "train_stride": 4} if method == "memae" else {}
        file = settings_file(tmp_path, method=method, task="reconstruction", precision="bfloat16", **small)
        once, again = (record_of(file, yard, tmp_path / name) for name in ("once", "again"))
        assert [epoch["losses"] for epoch in once["epochs"]] == [epoch["losses"] for epoch in again["epochs"]]
        assert once["headline"] == again["headline"]

    def test_agree_with_the_cpu(self, yard: Path, tmp_path: Path) -> None:
        """In float32 the first epoch's losses are the CPU's."""
        file = settings_file(tmp_path, epochs=1)
        found = record_of(file, yard, tmp_path / "cuda")["epochs"][0]["losses"]
        assert main(arguments(file, yard, tmp_path / "cpu")) == 0
        expected = json.loads(only(tmp_path / "cpu", "seed-3.json").read_text())["epochs"][0]["losses"]
        assert found == pytest.approx(expected, rel=1e-2)

    @pytest.mark.parametrize("mode", ["record", "fast"])
    def test_resume_from_their_checkpoint(self, yard: Path, tmp_path: Path, mode: str) -> None:
        """Optimiser and items go back onto the device; what was trained before counts."""
        file = settings_file(tmp_path, epochs=3)
        record_of(file, yard, tmp_path, "--mode", mode)
        for path in tmp_path.rglob("seed-3.*"):
            path.unlink()
        record = record_of(file, yard, tmp_path, "--mode", mode)
        assert len(record["epochs"]) == 3
        assert "going on after epoch 3" in only(tmp_path, "cell.log").read_text()

    def test_two_run_side_by_side(self, yard: Path, tmp_path: Path) -> None:
        """Two processes share the card."""
        folders = [tmp_path / name for name in ("a", "b")]
        running = []
        for folder in folders:
            argv = on_cuda(command(settings_file(folder), yard, folder))
            running.append(subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.PIPE, text=True))
        for process in running:
            _, said = process.communicate(timeout=600)
            assert process.returncode == 0, said
        assert all(only(folder, "seed-3.json").is_file() for folder in folders)

    def test_first_steps_are_timed(self, yard: Path, tmp_path: Path) -> None:
        """What a plan reads is a GPU's, with its memory."""
        argv = on_cuda(arguments(settings_file(tmp_path), yard, tmp_path), "--time-steps", "20", "--mode", "fast")
        assert main(argv) == 0
        facts = json.loads(only(tmp_path, "timing.json").read_text())
        assert facts["hardware"]["accelerator"] == torch.cuda.get_device_name()
        assert facts["seconds_per_step"] > 0
        assert facts["memory"]["peak_device_memory_mb"] > 0


class TestMemory:
    @pytest.fixture
    def hardly_any(self) -> Iterator[None]:
        """A process that may have one part in ten thousand of the GPU's memory."""
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction(1e-4)
        yield
        torch.cuda.set_per_process_memory_fraction(1.0)

    def test_that_runs_out_names_the_setting(
        self, hardly_any: None, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """One sentence, with batch, width and size, and what to do."""
        file = settings_file(tmp_path, width=1.0)
        assert main(on_cuda(arguments(file, yard, tmp_path))) == 2
        said = capsys.readouterr().err.strip()
        assert "Expected the cell to fit into the GPU's memory" in said
        assert "batch=4, width=1, size=32" in said

    def test_of_a_phase_is_measured(self) -> None:
        """The peak is that of the block."""
        with Phase(CUDA) as phase:
            torch.zeros(2**22, device=CUDA)
        assert phase.facts["peak_device_memory_mb"] >= 16


class TestFeed:
    @pytest.fixture
    def clips(self) -> Clips:
        """Clips of two short videos, each frame filled with its number."""
        frames = np.broadcast_to(np.arange(20, dtype=np.uint8)[:, None, None, None], (20, 4, 4, 1)).copy()
        return Clips(frames, (10, 10), length=3)

    def test_batches_are_those_of_the_cpu(self, clips: Clips) -> None:
        """The store lies on the device, and is indexed there."""
        feed = Feed(clips, CUDA)
        assert feed.on_device is not None
        for here, there in zip(Feed(clips, CPU).shuffled(0, 1, 4), feed.shuffled(0, 1, 4), strict=True):
            assert there.frames.is_cuda
            assert torch.equal(here.frames, there.frames.cpu())

    def test_strided_batches_too(self, clips: Clips) -> None:
        """Clips of several temporal strides."""
        strided = Clips(clips.frames, clips.lengths, length=3, temporal_stride=(1, 2))
        for here, there in zip(
            Feed(strided, CPU).shuffled(0, 1, 4), Feed(strided, CUDA).shuffled(0, 1, 4), strict=True
        ):
            assert torch.equal(here.frames, there.frames.cpu())


class TestCompiler:
    def test_is_here(self) -> None:
        """Where it is not, the mode `fast` runs without; this says why."""
        reason = why_not_compiled(CUDA)
        if reason is not None:
            pytest.skip(f"torch.compile fails here: {reason}")


class TestHardware:
    def test_names_the_card(self) -> None:
        """By what torch calls it."""
        assert hardware(CUDA)["accelerator"] == torch.cuda.get_device_name()
