"""Which test clips are looked at, and what each look gives."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.run.contract import Batch, Look, Method
from benchmarks.run.feed import Feed


def spread(count: int, wanted: int) -> NDArray[np.int64]:
    """Return at most ``wanted`` indices below ``count``, evenly spread from the first to the last, in order."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(np.int64))


def looks(method: Method, feed: Feed, indices: NDArray[np.int64]) -> Iterator[tuple[Batch, Look]]:
    """Yield the looks at clips of these indices, in batches; nothing if the method draws nothing."""
    size = method.evaluation_batch
    for start in range(0, len(indices), size):
        batch = feed.batch(indices[start : start + size])
        look = method.look(batch)
        if look is None:
            return
        yield batch, look
