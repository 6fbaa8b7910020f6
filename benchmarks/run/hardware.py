"""Facts of the machine and of the software, and what a phase of a cell used."""

import ctypes
import importlib.metadata
import os
import platform
import resource
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import torch

_PACKAGES = ("torch", "numpy", "pandas", "scikit-learn", "scipy", "opencv-python-headless", "safetensors", "numba")
_KIB = 1024
# From malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that can change a number."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def hardware(device: torch.device) -> dict[str, Any]:
    """Return what the cell ran on."""
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": device.type,
        "accelerator": torch.cuda.get_device_name(device) if device.type == "cuda" else None,
    }


class Phase:
    """Measures seconds and peak memory (MiB) of a block, as a context manager; ``facts`` holds them afterwards."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.facts: dict[str, Any] = {}

    def __enter__(self) -> Self:
        _reset_peak()
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        self._begun = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.facts["seconds"] = round(time.perf_counter() - self._begun, 2)
        self.facts["peak_memory_mb"] = _peak_mib()
        if self.device.type == "cuda":
            self.facts["peak_device_memory_mb"] = round(torch.cuda.max_memory_allocated(self.device) / _KIB**2, 1)


def keep_freed_memory() -> None:
    """Let the allocator keep what is freed for the next batch (glibc), instead of asking the system page by page.

    Activations of tens of megabytes come and go with every batch: 10,000 page faults a step of training otherwise.
    `release_free_memory` still gives back what is not in use.
    """
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def release_free_memory() -> None:
    """Give freed memory back to the system where the allocator allows it (glibc).

    The few bytes of scores that stay after each batch pin the large freed blocks between them: without this, scoring
    2,000 clips of sixteen frames held 12 GB.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _reset_peak() -> None:
    # Only Linux lets a process reset its peak; elsewhere the peak is that of the whole process.
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_mib() -> float:
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        peak = next(line for line in lines if line.startswith("VmHWM"))
        return round(int(peak.split()[1]) / _KIB, 1)
    unit = _KIB**2 if platform.system() == "Darwin" else _KIB
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)


def _processor() -> str:
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line for line in lines if line.startswith("model name")).split(":", 1)[1].strip()
    return platform.processor()
