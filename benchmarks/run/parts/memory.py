"""What a memory is to the harness: the base class of every part between encoder and decoder."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn


@dataclass(frozen=True)
class TrainingRead:
    """A training step's view of the memory: what the decoder sees, the losses unweighted, and the usage of items."""

    features: Tensor
    losses: Mapping[str, Tensor] = field(default_factory=dict)
    usage: Tensor | None = None


@dataclass(frozen=True)
class Read:
    """A scoring step's view: what the decoder sees, the memory's own score terms (batch,), the usage of items."""

    features: Tensor
    terms: Mapping[str, Tensor] = field(default_factory=dict)
    usage: Tensor | None = None


@dataclass(frozen=True)
class Assignment:
    """Nearest items: nearest (batch, height, width) int64, -1 for an empty address, and its weight, likewise, float."""

    nearest: Tensor
    weight: Tensor


class Memory(nn.Module):
    """A memory sits between encoder and decoder: queries in, what the decoder sees out.

    It is made by ``build(settings, channels, seed)``, the one name that the harness asks its module for. ``settings.of(...)``
    gives its own settings, the dataclass on its card (`benchmarks.study.memories`); ``channels`` are those of a query; random
    items come from ``torch_stream(seed, "items")``, so that nothing else that is drawn depends on them.

    Queries are maps (batch, channels, height, width), float32 or float64. Items are (n_items, channels): a parameter if
    the gradient moves them, a buffer if the memory does so itself, in either case part of the checkpoint. A memory has
    `training_read` and `read`. With items that figures and ablations look at, it has `items_for_test`, `assign` and
    `ablate`; with a test-time update also `update`, and ``updates_at_test``.

    channel_multiplier: channels that the decoder sees, in multiples of the query's
    updates_at_test: whether frames that look normal change the items
    weights: weight of each loss of `training_read` in the total
    """

    channel_multiplier: int = 1
    updates_at_test: bool = False
    weights: Mapping[str, float]

    def training_read(self, query: Tensor) -> TrainingRead:
        """Read with the present items, compute the losses, then change the items if the memory does so itself."""
        raise NotImplementedError

    def items_for_test(self) -> Tensor | None:
        """Return a copy of the items to start an evaluation with; None if there are none."""
        return None

    def read(self, query: Tensor, items: Tensor | None) -> Read:
        """Read at test. items: (n_items, channels), or a set a frame (batch, n_items, channels), or None: as trained."""
        raise NotImplementedError

    def assign(self, query: Tensor, items: Tensor | None) -> Assignment | None:
        """Return each query's nearest item, as `read` counts it, and that item's address weight; None without items."""
        del query, items
        return None

    def ablate(self, query: Tensor, items: Tensor, how: str) -> Tensor:
        """Return what the decoder sees if what is read is replaced by ``zeros`` or by the ``mean`` item."""
        raise NotImplementedError

    def update(self, query: Tensor, items: Tensor) -> Tensor:
        """Return the items after a test frame's queries have updated them."""
        raise NotImplementedError


def usage_counts(index: Tensor, n_items: int) -> Tensor:
    """Count how often each item is named in an index of any shape, without waiting for the device: (n_items,) int64."""
    counts = index.new_zeros(n_items)
    flat = index.flatten()
    return counts.index_add_(0, flat, flat.new_ones(flat.shape))
