"""What the harness asks of a memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True)
class Learned:
    """A training step's view of the memory: what the decoder sees, the losses unweighted, and the usage of items."""

    features: Tensor
    losses: Mapping[str, Tensor] = field(default_factory=dict)
    usage: Tensor | None = None


@dataclass(frozen=True)
class Recalled:
    """A scoring step's view: what the decoder sees, the memory's own score terms (batch,), the usage of items."""

    features: Tensor
    terms: Mapping[str, Tensor] = field(default_factory=dict)
    usage: Tensor | None = None


@dataclass(frozen=True)
class Addressed:
    """Where queries look: nearest (batch, height, width) int64, -1 for a dead query, and its weight, likewise, float."""

    nearest: Tensor
    weight: Tensor


class Memory(Protocol):
    """A memory between encoder and decoder. Queries are maps (batch, channels, height, width) in float32 or float64.

    widening: channels that the decoder sees, in multiples of the query's
    weights: weight of each of its losses in the total
    updates_at_test: whether frames that look normal change the items
    """

    widening: int
    weights: Mapping[str, float]
    updates_at_test: bool

    def learn(self, query: Tensor) -> Learned:
        """Read with the present items, compute the losses, then change the items if the memory does so itself."""

    def items_for_test(self) -> Tensor | None:
        """Return a copy of the items to start an evaluation with; None if there are none."""

    def recall(self, query: Tensor, items: Tensor | None) -> Recalled:
        """Read at test; items (n_items, channels), or a set a frame (batch, n_items, channels)."""

    def addressed(self, query: Tensor, items: Tensor | None) -> Addressed | None:
        """Return each query's nearest item, as `recall` counts it, and that item's address weight; None without items."""

    def bypass(self, query: Tensor, items: Tensor, how: str) -> Tensor:
        """Return what the decoder sees if the read is replaced by ``zeros`` or by the ``mean`` item."""

    def absorb(self, query: Tensor, items: Tensor) -> Tensor:
        """Return the items after a test frame's queries have updated them."""


def usage_counts(index: Tensor, n_items: int) -> Tensor:
    """Count how often each item is named in an index of any shape, without waiting for the device: (n_items,) int64."""
    counts = index.new_zeros(n_items)
    flat = index.flatten()
    return counts.index_add_(0, flat, flat.new_ones(flat.shape))
