"""What this machine can do for a run: the precision that it computes natively, and the memory that it grants."""

import os
import platform
import subprocess
from pathlib import Path
from typing import Final, Literal

import psutil

Precision = Literal["bfloat16", "float32"]

# Instructions that multiply bfloat16: Intel and AMD (AVX-512, AMX), Arm. Without them torch emulates, up to fifty times
# slower than float32.
_BFLOAT16: Final = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
# Values that keep torch or oneDNN from such instructions, so that a machine that has them can stand for one that has not.
_WITHOUT: Final = {
    "ATEN_CPU_CAPABILITY": ("default", "avx2"),
    "ONEDNN_MAX_CPU_ISA": ("sse41", "avx", "avx2", "avx2_vnni", "avx512_core", "avx512_core_vnni"),
}
_CGROUPS: Final = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)
_MEBIBYTE: Final = 2**20


def native_precision(device: str = "cpu", *, flags: frozenset[str] | None = None) -> Precision:
    """Return ``bfloat16`` where the device has instructions for it, else ``float32``.

    flags: the processor's features; read from the machine where None.
    """
    if device == "cuda":
        import torch

        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if any(os.environ.get(name, "").lower() in values for name, values in _WITHOUT.items()):
        return "float32"
    return "bfloat16" if _BFLOAT16 & (cpu_flags() if flags is None else flags) else "float32"


def cpu_flags() -> frozenset[str]:
    """Names of the processor's features, as Linux or macOS lists them; empty where neither does."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        found = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
        return frozenset(found.partition(":")[2].split())
    if platform.system() == "Darwin":
        done = subprocess.run(
            ["sysctl", "-n", "hw.optional.arm.FEAT_BF16"], capture_output=True, text=True, check=False
        )
        return frozenset({"bf16"} if done.stdout.strip() == "1" else ())
    return frozenset()


def available_mebibytes(cgroup: Path = Path("/sys/fs/cgroup")) -> float:
    """Return the memory that new processes may take: what the system has free, or less where a container has a limit."""
    free = float(psutil.virtual_memory().available)
    for limit_file, used_file in _CGROUPS:
        limit, used = _number(cgroup / limit_file), _number(cgroup / used_file)
        if limit is not None and used is not None:
            free = min(free, max(0.0, limit - used))
    return free / _MEBIBYTE


def memory_kills(vmstat: Path = Path("/proc/vmstat"), events: Path = Path("/sys/fs/cgroup/memory.events")) -> int:
    """Return how many processes the kernel has killed for want of memory, here and in this container, since it counts."""
    return sum(
        int(line.split()[1])
        for file in (vmstat, events)
        if file.is_file()
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith("oom_kill ")
    )


def _number(file: Path) -> float | None:
    """The number in a file of the control group; None without a file or a limit ("max")."""
    try:
        return float(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def jobs_that_fit(wanted: int, peak: float, available: float) -> int:
    """Return how many runs with a peak in MiB fit into the available memory, at least one and no more than wanted."""
    return max(1, min(wanted, int(available // peak)))
