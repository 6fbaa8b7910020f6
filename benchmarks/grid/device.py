"""Where cells compute, asked of the machine without torch as far as that goes."""

import os
from pathlib import Path
from typing import Literal

from benchmarks.errors import StudyError

Device = Literal["cpu", "cuda"]
# A machine without any of these has no accelerator that torch calls cuda (NVIDIA, NVIDIA under WSL, AMD).
_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cuda_at_hand(drivers: tuple[str, ...] = _DRIVERS) -> bool:
    """Whether torch sees an accelerator; torch is imported only where there is a driver."""
    if not any(Path(driver).exists() for driver in drivers):
        return False
    import torch

    return torch.cuda.is_available()


def choose_device(asked: str) -> Device:
    """The device for ``auto``, ``cpu`` or ``cuda`` on this machine; raises StudyError where cuda is asked for and is not here."""
    if asked == "cpu":
        return "cpu"
    found = cuda_at_hand()
    if asked == "cuda" and not found:
        raise StudyError(
            "Expected an accelerator for --device cuda, but torch sees none here; use --device cpu or auto."
        )
    return "cuda" if found else "cpu"


def accelerator_name() -> str:
    """What torch calls the first accelerator here, as ``NVIDIA H100 80GB HBM3``; only where there is one."""
    import torch

    return torch.cuda.get_device_name(0)


def accelerators() -> tuple[str, ...]:
    """Names of this machine's accelerators, as CUDA_VISIBLE_DEVICES takes them."""
    if os.environ.get("CUDA_VISIBLE_DEVICES"):
        return visible_gpus(0)
    import torch

    return visible_gpus(torch.cuda.device_count())


def visible_gpus(count: int) -> tuple[str, ...]:
    """Names of accelerators as CUDA_VISIBLE_DEVICES lists them, or the first `count` numbers where it is not set."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return tuple(visible.split(",")) if visible else tuple(map(str, range(count)))
