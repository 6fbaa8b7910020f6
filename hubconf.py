"""Entry points for `torch.hub.load(".", "memory_vad", source="local")`."""

from pathlib import Path
from typing import Any

dependencies = ["torch", "numpy", "pandas", "cv2", "safetensors"]


def memory_vad(weights: str | None = None, device: str = "cpu") -> Any:
    """Return a `memory_vad.Model`. weights: a file that memory-vad wrote; without it those shipped, trained on UCSD Ped2."""
    from memory_vad.scoring import load

    return load(None if weights is None else Path(weights), device)
