"""Operations from settings alone, held to what torch counts when the method itself runs, on a device without data."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.grid.flops import clip_frames, forward_flops, training_flops
from benchmarks.run.contract import Batch
from benchmarks.run.methods import build
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

META = torch.device("meta")
CLIPS = 2


def settings_of(method: str, task: str, **factors: Any) -> Settings:
    """A cell at the published geometry, but for autocast, which has no device without data."""
    return resolve(dataset="ped2", method=method, task=task, **{"profile": "paper", "precision": "float32", **factors})


def batch_of(settings: Settings, length: int) -> Batch:
    """Clips that have a shape and nothing else."""
    shape = (CLIPS, length, settings.size, settings.size, settings.channels)
    zeros = np.zeros(CLIPS, np.int64)
    return Batch(torch.empty(shape, dtype=torch.uint8, device=META), zeros, zeros, np.arange(CLIPS), epoch=1)


class TestTrainingFlops:
    @pytest.mark.parametrize(
        ("method", "task", "factors"),
        [
            ("mnad", "prediction", {}),
            ("mnad", "prediction", {"memory": "none"}),
            ("mnad", "reconstruction", {}),
            ("mnad", "reconstruction", {"preset": "rc2020"}),
            ("mnad", "reconstruction", {"memory": "memae"}),
            ("mnad", "prediction", {"separateness_weight": 0.0, "items": 2000}),
            ("mnad", "prediction", {"profile": "cpu"}),
            ("memae", "reconstruction", {}),
            ("memae", "reconstruction", {"memory": "none"}),
            ("memae", "prediction", {"memory": "mnad", "skip": True}),
            ("memae", "reconstruction", {"profile": "small"}),
        ],
    )
    def test_are_what_torch_counts(self, method: str, task: str, factors: dict[str, Any]) -> None:
        """Forward and backward of a training step of the method itself, to one part in a million."""
        settings = settings_of(method, task, **factors)
        made = build(settings, 0, META)
        with FlopCounterMode(display=False) as counter:
            made.losses(batch_of(settings, made.clip_length), "").total.backward()
        assert training_flops(settings) == pytest.approx(counter.get_total_flops() / CLIPS, rel=1e-6)

    def test_precision_does_not_count(self) -> None:
        """bfloat16 changes how fast an operation is, not how many there are."""
        plain = settings_of("mnad", "prediction")
        assert training_flops(plain) == training_flops(settings_of("mnad", "prediction", precision="bfloat16"))

    def test_of_other_methods_are_not_known(self) -> None:
        """A baseline's layers are not written down here."""
        settings = resolve(dataset="ped2", method="cae", task="reconstruction", profile="paper")
        assert training_flops(settings) is None
        assert forward_flops(settings) is None


class TestForwardFlops:
    @pytest.mark.parametrize(("method", "task"), [("mnad", "prediction"), ("memae", "reconstruction")])
    def test_are_what_torch_counts(self, method: str, task: str) -> None:
        """The same network without its backward pass, memory left out since scoring reads it otherwise."""
        settings = settings_of(method, task, memory="none")
        made = build(settings, 0, META)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            made.losses(batch_of(settings, made.clip_length), "")
        assert forward_flops(settings) == pytest.approx(counter.get_total_flops() / CLIPS, rel=1e-6)


class TestClipFrames:
    @pytest.mark.parametrize(
        ("method", "task"),
        [("mnad", "prediction"), ("mnad", "reconstruction"), ("mnad", "denoising"), ("memae", "prediction")],
    )
    def test_are_those_of_the_method(self, method: str, task: str) -> None:
        """As long as the clips that the method asks for."""
        settings = settings_of(method, task, profile="smoke")
        assert clip_frames(settings) == build(settings, 0, META).clip_length


class TestImports:
    def test_nothing_heavy_is_loaded(self) -> None:
        """A plan that states GPU hours needs neither torch nor numpy."""
        code = (
            "import sys; import benchmarks.grid.gpu_hours; "
            "print([name for name in ('torch', 'numpy', 'pandas', 'dask') if name in sys.modules])"
        )
        root = Path(__file__).resolve().parents[2]
        run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
        assert run.stdout.strip() == "[]"
