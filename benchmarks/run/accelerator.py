"""What a GPU is asked for before a cell runs there, and what its errors mean in terms of settings."""

import logging
import os
from typing import Literal

import torch
from torch import nn

from benchmarks.errors import StudyError
from benchmarks.run.contract import Method
from benchmarks.run.fast import speed_up
from benchmarks.study.settings import Settings

Mode = Literal["record", "fast"]
_log = logging.getLogger("benchmarks.run.cell")
# NVIDIA's first generation with bfloat16 (Ampere).
_BFLOAT16_FROM = (8, 0)
_PHASES = {"frames": "being built", "train": "training", "evaluate": "scoring", "look": "looking into the cell"}


class _Block(nn.Module):
    """What encoder and decoder are made of, once. Its forward is our own: torch does not trace nn.Sequential's alone."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Return the features (batch, 8, height, width)."""
        features: torch.Tensor = self.layers(frames)
        return features


def set_mode(mode: Mode) -> None:
    """Deterministic algorithms and no autotuning in `record`; what is fastest in `fast`, with other last digits."""
    # Deterministic matrix products on CUDA need this before the first one.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(mode == "record")
    # With it torch fills all new memory first, a tenth of a training step; nothing here reads what it has not written.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = mode == "fast"
    # torch lets convolutions round float32 to ten bits (TF32); a cell that asks for float32 gets float32.
    torch.backends.cudnn.allow_tf32 = False


def refuse_unfit(settings: Settings, device: torch.device) -> None:
    """Raise StudyError where a GPU lacks the cell's precision."""
    if device.type != "cuda" or settings.precision != "bfloat16" or torch.version.hip is not None:
        return
    capability = torch.cuda.get_device_capability(device)
    if capability < _BFLOAT16_FROM:
        raise StudyError(
            f"Expected a GPU that computes in bfloat16 (compute capability 8.0 or newer) for precision=bfloat16, but "
            f'{torch.cuda.get_device_name(device)} has {capability[0]}.{capability[1]}; put precision = "float32" under '
            "[settings] of a study file of your own, or take another GPU."
        )


def sped_up(method: Method, device: torch.device) -> list[str]:
    """Make a method quicker as the mode `fast` does; return a note where its network should be compiled but cannot be."""
    if device.type != "cpu" and (reason := why_not_compiled(device)) is not None:
        note = (
            f"The network was not compiled, because torch.compile fails here ({reason}); it trained as in the mode "
            "record, but with autotuned convolutions."
        )
        _log.warning("%s", note)
        return [note]
    speed_up(method, device)
    return []


def why_not_compiled(device: torch.device, *, backend: object = "inductor") -> str | None:
    """Compile and train a tiny block; return what went wrong (no C compiler, no Triton, a GPU too old), or None."""
    try:
        with torch.random.fork_rng(devices=[]):
            block = _Block().to(device)
        block.compile(fullgraph=True, backend=backend)
        with torch.autocast(device.type, torch.bfloat16):
            output = block(torch.zeros(2, 1, 8, 8, device=device))
        output.float().sum().backward()
    except Exception as error:  # whatever a compiler's tools may raise: the cell runs without
        return _first_line(error)
    finally:
        torch.compiler.reset()
    return None


def explained(error: Exception, settings: Settings, mode: str, phase: str) -> str | None:
    """Return one sentence that names the setting behind an error of the device, and the remedy; None for any other.

    phase: of the cell's progress.
    """
    text = str(error)
    while_ = _PHASES.get(phase, "starting")
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "DefaultCPUAllocator" in text:
        where = "the GPU's memory" if isinstance(error, torch.OutOfMemoryError) else "memory"
        return (
            f"Expected the cell to fit into {where}, but it ran out while {while_} with batch={settings.batch}, "
            f"width={settings.width:g}, size={settings.size}; end what else uses it, run one cell at a time (JOBS=1), or "
            "set a smaller batch, width or size under [settings] of a study file (or PROFILE=cpu), which is another cell."
        )
    if "does not have a deterministic implementation" in text:
        return (
            f"Expected deterministic algorithms for the mode record, but while {while_} torch says: {_first_line(error)}; "
            "run with MODE=fast, which does without."
        )
    if "cuDNN" in text or "unable to find an engine" in text:
        remedy = "MODE=fast" if mode == "record" else "MODE=record"
        return (
            f"Expected cuDNN to have a kernel for precision={settings.precision}, batch={settings.batch}, "
            f"width={settings.width:g}, size={settings.size} in the mode {mode}, but while {while_} it says: "
            f'{_first_line(error)}; run with {remedy}, or set precision = "float32" in a study file.'
        )
    if "no kernel image is available" in text:
        return (
            f"Expected a torch that was built for this GPU, but torch {torch.__version__} says: {_first_line(error)}; set "
            "up .venv with another wheel (make setup TORCH_INDEX=...)."
        )
    if type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
        return (
            f"Expected encoder and decoder to compile in the mode fast, but while {while_} torch says: "
            f"{_first_line(error)}; run with MODE=record, which compiles nothing."
        )
    return None


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    # A compiler's error names itself first and what went wrong below: "backend='inductor' raised:".
    said = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    return said.rstrip(".")
