"""Random streams with names, so that two cells that differ in one factor share everything else."""

import hashlib
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

_SEED_BITS = 63


def seed_of(seed: int, *names: str | int) -> int:
    """Return the 63-bit seed of the stream that ``names`` call for, the same on every machine."""
    text = "/".join(map(str, (seed, *names)))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> (64 - _SEED_BITS)


def numpy_stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return a numpy generator for the named stream."""
    return np.random.Generator(np.random.Philox(seed_of(seed, *names)))


def torch_stream(seed: int, *names: str | int) -> torch.Generator:
    """Return a CPU torch generator for the named stream."""
    return torch.Generator().manual_seed(seed_of(seed, *names))


def draw_weights(
    network: nn.Module, seed: int, part: str, initialise: Callable[[nn.Module], None] | None = None
) -> None:
    """Draw each layer's weights from a stream of its own, (seed, part, name of the layer).

    A layer that two cells share starts alike in both, whatever else differs. ``initialise`` runs after torch's own
    initialisation, in the same stream.
    """
    for name, layer in network.named_modules():
        reset = getattr(layer, "reset_parameters", None)
        if reset is None:
            continue
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(seed, "weights", part, name))
            reset()
            if initialise is not None:
                initialise(layer)
