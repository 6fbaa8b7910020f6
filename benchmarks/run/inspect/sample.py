"""One pass over sampled test clips that serves every inspection."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.run.contract import Inspection, Method
from benchmarks.run.feed import Feed


@dataclass(frozen=True)
class Seen:
    """One clip as the method sees it. index: its position in the split; inspection: of a batch that holds it alone."""

    index: int
    video: int
    first: int
    inspection: Inspection


class Observer(Protocol):
    """Whoever wants to see clips: it is shown those of its ``indices``, in ascending order."""

    indices: NDArray[np.int64]

    def see(self, clip: Seen) -> None:
        """Take from a clip what is wanted."""


class Frames:
    """An observer that keeps parts of an inspection as arrays on the CPU, by their names."""

    def __init__(self, indices: NDArray[np.int64], *parts: str) -> None:
        self.indices = indices
        self._seen: dict[int, dict[str, NDArray[np.float32]]] = {}
        self._parts = parts

    def see(self, clip: Seen) -> None:
        """Keep the parts."""
        self._seen[clip.index] = {part: getattr(clip.inspection, part)[0].float().cpu().numpy() for part in self._parts}

    def array(self, part: str) -> NDArray[np.float32]:
        """Return one part of all clips, in the order in which they were asked for."""
        return np.stack([self._seen[index][part] for index in self.indices.tolist()])


def spread(count: int, wanted: int) -> NDArray[np.int64]:
    """Return at most ``wanted`` indices below ``count``, evenly spread from the first to the last, in order."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(np.int64))


def observe(method: Method, feed: Feed, observers: Sequence[Observer]) -> bool:
    """Show each observer the clips that it wants; every clip is inspected once. False if the method draws nothing."""
    wanted = [frozenset(one.indices.tolist()) for one in observers]
    indices = np.array(sorted(frozenset[int]().union(*wanted)), dtype=np.int64)
    size = method.evaluation_batch
    for start in range(0, len(indices), size):
        batch = feed.batch(indices[start : start + size])
        inspection = method.inspect(batch)
        if inspection is None:
            return False
        for row, index in enumerate(batch.index.tolist()):
            clip = Seen(index, int(batch.video[row]), int(batch.first[row]), _row(inspection, row))
            for observer, own in zip(observers, wanted, strict=True):
                if index in own:
                    observer.see(clip)
    return True


def _row(inspection: Inspection, row: int) -> Inspection:
    """Return the inspection of one clip of the batch."""
    values: dict[str, Any] = {one.name: getattr(inspection, one.name) for one in fields(inspection)}
    for name, value in values.items():
        if isinstance(value, Tensor):
            values[name] = value[row : row + 1]
    return Inspection(**values)
