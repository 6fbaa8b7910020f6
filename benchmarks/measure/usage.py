"""How a memory's items are used: entropy, perplexity and dead items from how often each was a query's nearest."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from benchmarks.errors import StudyError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_DECIMALS = 6


@dataclass(frozen=True)
class MemoryUsage:
    """Use of M items by N queries.

    counts: (M,) queries per item. entropy: of the items' shares, in nats, 0 (one item) to ln M (uniform).
    normalised_entropy: entropy / ln M, None with one item. perplexity: exp(entropy), the number of items in effect.
    dead: items that no query was nearest to. largest_share: share of the queries that the most used item takes.
    """

    counts: tuple[int, ...]
    entropy: float
    normalised_entropy: float | None
    perplexity: float
    dead: int
    largest_share: float

    def to_dict(self) -> dict[str, Any]:
        """As a record holds it: floats with six decimals, counts as a list."""
        rounded = {
            name: round(value, _DECIMALS) if isinstance(value, float) else value for name, value in asdict(self).items()
        }
        return rounded | {"counts": list(self.counts)}


def memory_usage(counts: ArrayLike) -> MemoryUsage:
    """Usage of a memory.

    counts: (M,) whole numbers, how many queries were nearest to each item.

    Raises:
        StudyError: if there is no item, no query, or a count that is negative or not whole.
    """
    array = np.asarray(counts)
    if array.ndim != 1 or not array.size or not np.all((array >= 0) & (array == np.floor(array))) or array.sum() == 0:
        raise StudyError(
            f"Expected counts of at least one query for (M,) items, but got shape {array.shape} with sum {array.sum()}"
        )
    entropy = max(float(stats.entropy(array)), 0.0)
    return MemoryUsage(
        counts=tuple(int(count) for count in array),
        entropy=entropy,
        normalised_entropy=entropy / math.log(array.size) if array.size > 1 else None,
        perplexity=math.exp(entropy),
        dead=int((array == 0).sum()),
        largest_share=float(array.max() / array.sum()),
    )
