"""MemAE's memory: items are parameters, a query is replaced by a sparse sum of them.

Source: Gong et al. 2019, its memory and hard shrinkage (STUDY section 4, Memory); golden files ``memae_memory_*``.

Common shapes
    query: (n, channels) float
    items: (n_items, channels) float
"""

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Likeness = Literal["inner_product", "cosine"]
_EPSILON = 1e-12


def initial_items(n_items: int, channels: int, generator: torch.Generator | None = None) -> Tensor:
    """Draw items uniform in +-1 / sqrt(channels), as the official code does."""
    bound = 1 / math.sqrt(channels)
    return torch.empty(n_items, channels).uniform_(-bound, bound, generator=generator)


def similarity(query: Tensor, items: Tensor, likeness: Likeness = "inner_product") -> Tensor:
    """Return (n, n_items): plain inner products (official code) or cosines (the paper's text)."""
    if likeness == "cosine":
        query, items = functional.normalize(query, dim=1), functional.normalize(items, dim=1)
    return query @ items.T


def shrink(weights: Tensor, threshold: float) -> Tensor:
    """Set weights under the threshold to zero, keep the others (hard shrinkage), and scale each row to sum 1.

    A row with every weight under the threshold becomes all zero and passes no gradient (STUDY trap 10).
    """
    above = weights - threshold
    hard = functional.relu(above) * weights / (above.abs() + _EPSILON)
    return functional.normalize(hard, p=1, dim=1, eps=_EPSILON)


def address(query: Tensor, items: Tensor, shrink_threshold: float, *, likeness: Likeness = "inner_product") -> Tensor:
    """Return the attention (n, n_items) of each query over the items.

    shrink_threshold: 0 leaves the softmax as it is, neither shrunk nor re-normalised.
    """
    weights = similarity(query, items, likeness).softmax(dim=1)
    return shrink(weights, shrink_threshold) if shrink_threshold > 0 else weights


def read(address: Tensor, items: Tensor) -> Tensor:
    """Return the read (n, channels): the sum of the items under the address."""
    return address @ items
