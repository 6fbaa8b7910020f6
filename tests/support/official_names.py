"""The official networks' parameter names, turned into ours, so that golden weights can be loaded and compared."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

Arrays = Mapping[str, np.ndarray[Any, Any]]

_MNAD = {
    "encoder.moduleConv1": "encoder.level1",
    "encoder.moduleConv2": "encoder.level2",
    "encoder.moduleConv3": "encoder.level3",
    "encoder.moduleConv4": "encoder.level4",
    "decoder.moduleConv": "decoder.bottleneck",
    "decoder.moduleUpsample4": "decoder.upsample3",
    "decoder.moduleDeconv3": "decoder.level3",
    "decoder.moduleUpsample3": "decoder.upsample2",
    "decoder.moduleDeconv2": "decoder.level2",
    "decoder.moduleUpsample2": "decoder.upsample1",
    "decoder.moduleDeconv1": "decoder.level1",
}
_MNAD_OUTPUT = "decoder.moduleDeconv1.6."
# The official encoder holds a batch norm that nothing passes through; ours leaves it out.
_MNAD_UNUSED = "encoder.moduleBatchNorm."
_MEMAE_ITEMS = "mem_rep.memory.weight"
_MEMAE_OUTPUT = "decoder.9."


def mnad_name(official: str) -> str | None:
    """Our name of an official MNAD parameter or running statistic; None for the unused batch norm."""
    if official.startswith(_MNAD_UNUSED):
        return None
    if official.startswith(_MNAD_OUTPUT):
        return official.replace(_MNAD_OUTPUT, "decoder.output.")
    room, module, rest = official.split(".", 2)
    return f"{_MNAD[f'{room}.{module}']}.{rest}"


def memae_name(official: str) -> str:
    """Our name of an official MemAE parameter or running statistic."""
    if official == _MEMAE_ITEMS:
        return "memory.items"
    if official.startswith(_MEMAE_OUTPUT):
        return official.replace(_MEMAE_OUTPUT, "decoder.output.")
    room, index, rest = official.split(".", 2)
    return f"{room}.levels.{int(index) // 3}.{int(index) % 3}.{rest}"


def renamed(arrays: Arrays, method: str, prefix: str = "") -> dict[str, Tensor]:
    """The arrays that begin with ``prefix``, under our names; those without a counterpart are left out."""
    found: dict[str, Tensor] = {}
    for key, value in arrays.items():
        if not key.startswith(prefix):
            continue
        official = key.removeprefix(prefix)
        name = mnad_name(official) if method == "mnad" else memae_name(official)
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
