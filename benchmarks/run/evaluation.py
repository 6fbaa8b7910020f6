"""From a trained method to score terms per frame: one pass over the videos, in their order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.run.contract import Method
from benchmarks.run.feed import Feed


@dataclass(frozen=True)
class Pass:
    """What a pass over a split gives.

    video, frame: (n,) index of the video, and in it of the frame that the score belongs to
    terms: variant -> term -> (n,) values; usage: variant -> (n_items,) counts of nearest items
    error_maps: (n, size, size) or None
    """

    video: NDArray[np.int64]
    frame: NDArray[np.int64]
    terms: Mapping[str, Mapping[str, NDArray[np.float64]]]
    usage: Mapping[str, NDArray[np.int64]]
    error_maps: NDArray[np.float32] | None = None


def evaluate(
    method: Method,
    feed: Feed,
    variants: Sequence[str],
    *,
    report: Callable[[int, int], None] | None = None,
    map_size: int | None = None,
) -> Pass:
    """Score every clip of the feed under each variant; ``report`` is called with how many clips of all are done."""
    method.begin_evaluation(variants)
    count, done = len(feed.clips), 0
    video, frame = np.empty(count, np.int64), np.empty(count, np.int64)
    terms: dict[str, dict[str, torch.Tensor]] = {name: {} for name in variants}
    maps: torch.Tensor | None = None
    for index, batches in feed.by_video(method.evaluation_batch):
        method.begin_video(index)
        for batch in batches:
            scored = method.score(batch, map_size)
            rows = slice(done, done + len(batch.index))
            video[rows] = batch.video
            frame[rows] = batch.first + method.scored_frame * feed.clips.steps[batch.index]
            # Into arrays made once: small tensors kept from batch to batch would pin the memory freed around them.
            for variant, values in scored.terms.items():
                for term, value in values.items():
                    terms[variant].setdefault(term, value.new_empty(count))[rows] = value
            if scored.error_map is not None:
                maps = scored.error_map.new_empty((count, *scored.error_map.shape[1:])) if maps is None else maps
                maps[rows] = scored.error_map
            done = rows.stop
            if report is not None:
                report(done, count)
    return Pass(
        video,
        frame,
        {
            variant: {term: value.double().cpu().numpy() for term, value in by_term.items()}
            for variant, by_term in terms.items()
        },
        {name: counts.cpu().numpy() for name, counts in method.take_usage().items()},
        None if maps is None else maps.float().cpu().numpy(),
    )
