"""One pass over sampled test clips: queries at random places, every place's nearest item, the size of an update."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.run.contract import Batch, Look, Method
from benchmarks.run.feed import Feed
from benchmarks.run.looks.items import relative_change
from benchmarks.run.looks.sample import looks, spread
from benchmarks.run.streams import numpy_stream

FRAMES = 100
QUERIES = 2000
# The same places in every cell, so that cells differ in what they make of them alone.
_SEED = 0


@dataclass(frozen=True)
class Gathered:
    """What sampled frames showed, of which there are ``frames``.

    query: (n, channels) float32; query_item: (n,) int64, its nearest item; nearest: (frames, h, w) int64, that of every
    place; -1 for a dead query. weight: mean address weight of the nearest items of all queries. update_size: mean
    relative change of the items if each frame were to update them as trained. None where there is no such thing.
    """

    frames: int
    query: NDArray[np.float32] | None = None
    query_item: NDArray[np.int64] | None = None
    nearest: NDArray[np.int64] | None = None
    weight: float | None = None
    update_size: float | None = None


def gather(method: Method, feed: Feed, absorb: Callable[[Tensor], tuple[Tensor, Tensor]] | None) -> Gathered | None:
    """Look at `FRAMES` test clips, evenly spread; None if the method draws nothing.

    absorb: from the query map of one frame to the items (before, after) an update by it
    """
    indices = spread(len(feed.clips), FRAMES)
    per_frame = -(-QUERIES // len(indices))
    queries: list[NDArray[np.float32]] = []
    items: list[NDArray[np.int64]] = []
    nearest: list[NDArray[np.int64]] = []
    weights: list[float] = []
    changes: list[float] = []
    seen = 0
    for batch, look in looks(method, feed, indices):
        seen += len(batch.index)
        if look.query is None:
            continue
        for row in range(len(batch.index)):
            flat = look.query[row].flatten(1)
            places = torch.from_numpy(_places(batch, row, flat.shape[1], per_frame)).to(flat.device)
            queries.append(flat[:, places].T.cpu().numpy())
            if look.nearest is not None:
                items.append(look.nearest[row].flatten()[places].cpu().numpy())
            if absorb is not None:
                changes.append(float(relative_change(*absorb(look.query[row : row + 1])).mean()))
        _note_addresses(look, nearest, weights)
    if not seen:
        return None
    return Gathered(
        seen,
        np.concatenate(queries) if queries else None,
        np.concatenate(items) if items else None,
        np.concatenate(nearest) if nearest else None,
        float(np.mean(weights)) if weights else None,
        float(np.mean(changes)) if changes else None,
    )


def _places(batch: Batch, row: int, count: int, wanted: int) -> NDArray[np.int64]:
    """Draw places of a frame's query map; they do not depend on how clips are put into batches."""
    stream = numpy_stream(_SEED, "places of queries", int(batch.video[row]), int(batch.first[row]))
    return np.sort(stream.choice(count, min(wanted, count), replace=False)).astype(np.int64)


def _note_addresses(look: Look, nearest: list[NDArray[np.int64]], weights: list[float]) -> None:
    if look.nearest is not None:
        nearest.append(look.nearest.cpu().numpy())
    if look.weight is not None:
        weights += look.weight.flatten(1).mean(dim=1).tolist()
