"""What sampled test clips say of a memory: queries at random places, each place's nearest item, the size of an update."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.run.inspect.items import relative_change
from benchmarks.run.inspect.sample import Seen, spread
from benchmarks.run.streams import numpy_stream

FRAMES = 100
QUERIES = 2000
# The same places in every cell, so that cells differ in what they make of them alone.
_SEED = 0


@dataclass(frozen=True)
class Gathered:
    """What sampled frames showed, of which there are ``frames``.

    query: (n, channels) float32; query_item: (n,) int64, its nearest item; nearest: (frames, h, w) int64, that of every
    place; -1 for an empty address. weight: mean address weight of the nearest items of all queries. update_size: mean
    relative change of the items if each frame were to update them as trained. None where there is no such thing.
    """

    frames: int
    query: NDArray[np.float32] | None = None
    query_item: NDArray[np.int64] | None = None
    nearest: NDArray[np.int64] | None = None
    weight: float | None = None
    update_size: float | None = None


class QuerySample:
    """Observes `FRAMES` test clips, evenly spread.

    update: from the query map of one frame to the items (before, after) an update by it
    """

    def __init__(self, clips: int, update: Callable[[Tensor], tuple[Tensor, Tensor]] | None) -> None:
        self.indices = spread(clips, FRAMES)
        self._update = update
        self._per_frame = -(-QUERIES // len(self.indices))
        self._queries: list[NDArray[np.float32]] = []
        self._items: list[NDArray[np.int64]] = []
        self._nearest: list[NDArray[np.int64]] = []
        self._weights: list[float] = []
        self._changes: list[float] = []
        self._frames = 0

    def see(self, clip: Seen) -> None:
        """Draw queries at random places, and note all places' items."""
        self._frames += 1
        found = clip.inspection
        if found.query is None:
            return
        flat = found.query[0].flatten(1)
        places = torch.from_numpy(_places(clip, flat.shape[1], self._per_frame)).to(flat.device)
        self._queries.append(flat[:, places].T.cpu().numpy())
        if found.nearest is not None:
            self._items.append(found.nearest[0].flatten()[places].cpu().numpy())
            self._nearest.append(found.nearest.cpu().numpy())
        if found.weight is not None:
            self._weights += found.weight.flatten(1).mean(dim=1).tolist()
        if self._update is not None:
            self._changes.append(float(relative_change(*self._update(found.query)).mean()))

    def gathered(self) -> Gathered:
        """Return what the frames showed."""
        return Gathered(
            self._frames,
            np.concatenate(self._queries) if self._queries else None,
            np.concatenate(self._items) if self._items else None,
            np.concatenate(self._nearest) if self._nearest else None,
            float(np.mean(self._weights)) if self._weights else None,
            float(np.mean(self._changes)) if self._changes else None,
        )


def _places(clip: Seen, count: int, wanted: int) -> NDArray[np.int64]:
    """Draw places of a frame's query map; they do not depend on how clips are put into batches."""
    stream = numpy_stream(_SEED, "places of queries", clip.video, clip.first)
    return np.sort(stream.choice(count, min(wanted, count), replace=False)).astype(np.int64)
