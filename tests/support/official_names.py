"""Golden weights under our parameter names, so that they can be loaded and compared."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from memory_vad.official import official_name

Arrays = Mapping[str, np.ndarray[Any, Any]]


def renamed(arrays: Arrays, method: str, prefix: str = "") -> dict[str, Tensor]:
    """The arrays that begin with ``prefix``, under our names; those without a counterpart are left out."""
    found: dict[str, Tensor] = {}
    for key, value in arrays.items():
        if not key.startswith(prefix):
            continue
        official = key.removeprefix(prefix)
        name = official_name(official, method)
        if name is not None and not name.endswith("num_batches_tracked"):
            found[name] = torch.from_numpy(np.asarray(value))
    return found


def of_part(state: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    """The entries of ``encoder`` or ``decoder``, with the part's name taken off."""
    return {name.removeprefix(f"{part}."): value for name, value in state.items() if name.startswith(f"{part}.")}


def has_vanishing_gradient(name: str) -> bool:
    """Whether this is the bias of a convolution before a batch norm: its gradient is zero, in float32 noise.

    ``name``: ours. Source: golden README, section 5.
    """
    if not name.endswith(".bias") or name.startswith(("decoder.output.", "encoder.level4.3.")):
        return False
    return name.split(".")[-2] in ("0", "3")
