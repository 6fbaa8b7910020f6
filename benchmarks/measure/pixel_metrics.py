"""The pixel-level metrics of one test set: pixel AUC, PRO, RBDC, TBDC and AUPIMO."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import NamedTuple

import numpy as np

from benchmarks.errors import StudyError
from benchmarks.measure.aupimo import aupimo
from benchmarks.measure.detection import area_to_one, detection_rates
from benchmarks.measure.pixel_curves import LevelCounts, pixel_auc, pro
from benchmarks.measure.regions import Regions
from benchmarks.measure.score_levels import Levels


class MappedVideo(NamedTuple):
    """One video's score maps, (frames, height, width) levels, high = abnormal, and its true regions."""

    levels: Levels
    regions: Regions


@dataclass(frozen=True)
class PixelMetrics:
    """Metrics as fractions, None where undefined, and what they are about.

    frames, regions, tracks: how many of each, the latter two of the masks. levels: distinct levels of the maps, each of
    which is a threshold of all metrics. aupimo: None in records made before it was measured.
    """

    pixel_auc: float | None
    pro: float | None
    rbdc: float | None
    tbdc: float | None
    frames: int
    regions: int
    tracks: int
    levels: int
    aupimo: float | None = None


def pixel_metrics(videos: Sequence[MappedVideo]) -> PixelMetrics:
    """Measure the maps of all videos.

    Raises StudyError if there is no video, or the maps of one are of another shape than its regions.
    """
    if not videos:
        raise StudyError("Expected score maps of at least one video, but there is none; score the test videos first.")
    for index, video in enumerate(videos):
        if video.levels.shape != video.regions.shape:
            raise StudyError(
                f"Expected maps of the shape {video.regions.shape} of the masks of video number {index}, but they are "
                f"of shape {video.levels.shape}; resize one of them."
            )
    counts = reduce(add, (LevelCounts.of(*video) for video in videos))
    rbdc = tbdc = None
    if counts.regions:
        rates = detection_rates([video.levels for video in videos], [video.regions for video in videos])
        rbdc = area_to_one(rates.false_per_frame, rates.regions)
        tbdc = area_to_one(rates.false_per_frame, rates.tracks)
    return PixelMetrics(
        pixel_auc(counts),
        pro(counts),
        rbdc,
        tbdc,
        frames=sum(len(video.levels) for video in videos),
        regions=counts.regions,
        tracks=sum(video.regions.tracks for video in videos),
        levels=int(np.count_nonzero(counts.pixels)),
        aupimo=aupimo(videos),
    )
