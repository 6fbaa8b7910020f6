"""Targets made wrong outside the region of interest, so that the network spends nothing on learning it (seed 004).

The document fills "the non pool region of the target image" with modified input pixels, to "maximise the loss for the
non-pool region"; its figure shows the filled *output* next to an untrained network's. Read so, the loss there would be a
constant without gradient, so here the target is what is changed, and the loss is the plain one against it. It states
four kinds and no strengths.
"""

import torch
from torch import Tensor

KINDS = ("gaussian", "bounded_gaussian", "inverted", "modulo_shift")
SPREAD, BOUND, SHIFT = 0.3, 0.2, 0.5


def corrupt_outside(target: Tensor, region: Tensor, kind: str, noise: torch.Generator) -> Tensor:
    """Return the target (batch, channels, height, width) in [0, 1], changed outside the region and in [0, 1] still.

    region: (batch, height, width) bool, where the target stays as it is.
    gaussian: noise of standard deviation 0.3; bounded_gaussian: the same, but at most 0.2 from the pixel; inverted:
    1 - pixel; modulo_shift: the pixel moved by 0.5 and wrapped around, "far from the input through a non random function".
    noise: a generator on the CPU, so that every device draws the same. Raises ValueError for another kind.
    """
    if kind in ("gaussian", "bounded_gaussian"):
        drawn = SPREAD * torch.randn(target.shape, generator=noise).to(target)
        changed = target + (drawn.clamp(-BOUND, BOUND) if kind == "bounded_gaussian" else drawn)
    elif kind == "inverted":
        changed = 1 - target
    elif kind == "modulo_shift":
        changed = (target + SHIFT) % 1
    else:
        raise ValueError(f"Expected a kind of corruption among {', '.join(KINDS)}, got {kind!r}.")
    return torch.where(region[:, None], target, changed.clamp(0, 1))
