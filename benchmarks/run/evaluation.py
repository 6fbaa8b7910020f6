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
    """Score every clip of the feed under each variant; ``report`` is told how many clips of all are done."""
    method.begin_evaluation(variants)
    videos: list[NDArray[np.int64]] = []
    frames: list[NDArray[np.int64]] = []
    terms: dict[str, dict[str, list[torch.Tensor]]] = {name: {} for name in variants}
    maps: list[torch.Tensor] = []
    done = 0
    for video, batches in feed.by_video(method.evaluation_batch):
        method.begin_video(video)
        for batch in batches:
            scored = method.score(batch, map_size)
            videos.append(batch.video)
            frames.append(batch.first + method.scored_frame * feed.clips.temporal_stride)
            for variant, values in scored.terms.items():
                for term, value in values.items():
                    terms[variant].setdefault(term, []).append(value)
            if scored.error_map is not None:
                maps.append(scored.error_map.float().cpu())
            done += len(batch.index)
            if report is not None:
                report(done, len(feed.clips))
    return Pass(
        np.concatenate(videos),
        np.concatenate(frames),
        {
            variant: {term: torch.cat(pieces).double().cpu().numpy() for term, pieces in by_term.items()}
            for variant, by_term in terms.items()
        },
        {name: counts.cpu().numpy() for name, counts in method.take_usage().items()},
        torch.cat(maps).numpy() if maps else None,
    )
