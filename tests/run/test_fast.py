"""The mode `fast`: the same method, quicker; on a CPU by fused norms, on an accelerator compiled and without waiting."""

import numpy as np
import pytest
import torch

from benchmarks.run.accelerator import set_mode
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.contract import Batch, Method
from benchmarks.run.fast import speed_up
from benchmarks.run.fingerprint import fingerprint
from benchmarks.run.fused_norm import RectifyingBatchNorm2d
from benchmarks.run.methods import build
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

CPU = torch.device("cpu")
SIZE = 32
with_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def settings_of(method: str, **overrides: object) -> Settings:
    """A tiny prediction or reconstruction cell."""
    task = "prediction" if method == "mnad" else "reconstruction"
    return resolve(dataset="synthetic", method=method, task=task, profile="smoke", size=SIZE, **overrides)


def batch_of(method: Method, device: torch.device) -> Batch:
    """Two clips of noise, the same for the same method."""
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 255, (2, method.clip_length, SIZE, SIZE, 1), dtype=np.uint8)
    zeros = np.zeros(2, np.int64)
    return Batch(torch.from_numpy(frames).to(device), zeros, zeros, np.arange(2), epoch=1)


def losses_of_steps(method: Method, device: torch.device, steps: int) -> list[float]:
    """Total loss of each training step."""
    (objective,) = method.objectives()
    batch, found = batch_of(method, device), []
    for _ in range(steps):
        total = method.losses(batch, objective.name).total
        objective.optimiser.zero_grad()
        total.backward()
        objective.optimiser.step()
        found.append(total.detach())
    return [float(value) for value in found]


class TestSpeedUp:
    @pytest.mark.parametrize("method", ["mnad", "memae"])
    def test_losses_are_the_default_mode_s(self, method: str) -> None:
        """Three training steps give the losses of the default mode but for bfloat16's rounding."""
        settings = settings_of(method, precision="bfloat16")
        plain, fast = build(settings, 0, CPU), build(settings, 0, CPU)
        speed_up(fast, CPU)
        assert losses_of_steps(fast, CPU, 3) == pytest.approx(losses_of_steps(plain, CPU, 3), rel=0.02)

    def test_on_a_cpu_norms_are_fused(self) -> None:
        """The network's batch norms are those that rectify, and the state keeps its names."""
        plain, fast = (build(settings_of("mnad"), 0, CPU) for _ in range(2))
        speed_up(fast, CPU)
        assert isinstance(fast, MemoryAutoencoder)
        assert any(isinstance(module, RectifyingBatchNorm2d) for module in fast.network.modules())
        assert list(fast.state()) == list(plain.state())

    @pytest.mark.parametrize("method", ["mnad", "memae"])
    def test_both_halves_compile_to_one_graph(self, method: str) -> None:
        """Encoder and decoder have no graph break, and compiling changes no number (traced here without a compiler)."""
        settings = settings_of(method, precision="float32")
        plain, fast = build(settings, 0, CPU), build(settings, 0, CPU)
        # The path of accelerators, on the CPU: 'eager' traces the graph and runs torch's own kernels.
        speed_up(fast, torch.device("meta"), backend="eager")
        assert losses_of_steps(fast, CPU, 2) == pytest.approx(losses_of_steps(plain, CPU, 2), rel=1e-6)
        torch.compiler.reset()

    def test_a_method_without_a_network_stays(self) -> None:
        """A mean frame has nothing to speed up, and nothing is raised."""
        speed_up(build(settings_of("mean_frame"), 0, CPU), CPU)


class TestFingerprintOfTheMode:
    def test_fast_rests_on_more_code(self) -> None:
        """A fast cell's fingerprint holds the fused norm; the default's does not, so that editing it leaves records."""
        settings = settings_of("mnad")
        fast, record = fingerprint(settings, "fast").modules, fingerprint(settings).modules
        assert {"benchmarks/run/fast.py"} <= set(fast) - set(record)
        assert set(record) < set(fast)


@with_cuda
@pytest.mark.usefixtures("settings_of_torch")
class TestOnCuda:
    @pytest.fixture(autouse=True)
    def as_recorded(self) -> None:
        """As in the mode `record`: deterministic, and float32 without TF32."""
        set_mode("record")

    @pytest.mark.parametrize("method", ["mnad", "memae"])
    def test_losses_agree_with_the_cpu(self, method: str) -> None:
        """In float32 three training steps give the CPU's losses."""
        settings, cuda = settings_of(method, precision="float32"), torch.device("cuda")
        expected = losses_of_steps(build(settings, 0, CPU), CPU, 3)
        assert losses_of_steps(build(settings, 0, cuda), cuda, 3) == pytest.approx(expected, rel=1e-3)

    @pytest.mark.parametrize("method", ["mnad", "memae"])
    def test_a_step_does_not_wait(self, method: str) -> None:
        """After the first step nothing synchronises with the device: torch would raise."""
        cuda = torch.device("cuda")
        set_mode("fast")
        made = build(settings_of(method), 0, cuda)
        losses_of_steps(made, cuda, 1)
        (objective,) = made.objectives()
        batch = batch_of(made, cuda)
        torch.cuda.set_sync_debug_mode("error")
        try:
            made.losses(batch, objective.name).total.backward()
            objective.optimiser.step()
        finally:
            torch.cuda.set_sync_debug_mode("default")

    def test_scores_agree_with_the_cpu(self) -> None:
        """In float32 the score terms of a batch are the CPU's."""
        settings, cuda = settings_of("mnad", precision="float32"), torch.device("cuda")
        found = []
        for device in (CPU, cuda):
            made = build(settings, 0, device)
            made.begin_evaluation(["update"])
            made.begin_video(0)
            found.append(made.score(batch_of(made, device), None).terms["update"])
        for term, values in found[0].items():
            assert torch.allclose(values, found[1][term].cpu(), rtol=1e-3, atol=1e-5), term
