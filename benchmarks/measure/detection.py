"""Region-based and track-based detection criteria, RBDC and TBDC, for score maps.

Ramachandra and Jones, "Street Scene", WACV 2020, with the values and the area that Georgescu et al.
(TPAMI 2021) and others after them report:

- A threshold turns a map into *detected regions*: the 8-connected components of the pixels at or above it.
- A true region is detected where a detected region of its frame has an intersection over union of at least beta = 0.1 with
  it. One detected region may detect several true ones; several on one true region detect it once.
- A detected region is a *false positive* where its IoU with every true region of its frame is below beta; so all of
  those in normal frames are. Their number is divided by the number of all frames, normal and abnormal.
- A track is detected where at least a share alpha = 0.1 of its regions is.
- Rates over thresholds give curves, detected share of regions (RBDC) or tracks (TBDC) against false positives per
  frame. The metric is the area from 0 to 1 false positive per frame, which needs no further division.

Decided here, because the papers speak of boxes with a score each, where lowering the threshold only ever adds regions:
IoU counts pixels, not boxes. Components merge when a threshold falls, so neither rate nor false positives are monotone:
the curve at x is the best rate of all thresholds with at most x false positives per frame, points are joined by
straight lines from (0, 0) on, those beyond 1 are dropped, and the last rate goes on to 1 (as the criteria's public code
does, compute_tbdc_rbdc.py of Georgescu et al.). Every distinct level of the maps is a threshold, as every score of a
detection is in that code: a grid of 61 gave up to 1.67 times the value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import auc

from benchmarks.measure.flooding import flood
from benchmarks.measure.regions import Regions
from benchmarks.measure.score_levels import LEVELS, Levels

ALPHA: Final = 0.1
BETA: Final = 0.1


@dataclass(frozen=True, eq=False)
class DetectionRates:
    """What is detected at each of t thresholds, every distinct level of the maps from the highest down.

    thresholds: (t,) levels. false_per_frame: (t,) false positive regions per frame. regions, tracks: (t,) shares of the
    true regions and tracks that are detected.
    """

    thresholds: Levels
    false_per_frame: NDArray[np.float64]
    regions: NDArray[np.float64]
    tracks: NDArray[np.float64]


def detection_rates(
    levels: Sequence[Levels], regions: Sequence[Regions], alpha: float = ALPHA, beta: float = BETA
) -> DetectionRates:
    """Detect at every threshold in all videos. levels: (frames, height, width) a video; regions: of the same videos."""
    seen = np.zeros(LEVELS, dtype=np.bool_)
    false, found_regions, found_tracks = (np.zeros(LEVELS, dtype=np.int64) for _ in range(3))
    for video, truth in zip(levels, regions, strict=True):
        seen[video] = True
        wrong, found = flood(video, truth, beta)
        false += wrong
        found_regions += found.sum(axis=0)
        lengths = np.bincount(truth.track, minlength=truth.tracks)
        found_tracks += (found / lengths[:, None] >= alpha).sum(axis=0)
    thresholds = np.flatnonzero(seen)[::-1]
    return DetectionRates(
        thresholds.astype(np.uint16),
        false[thresholds] / sum(len(video) for video in levels),
        found_regions[thresholds] / sum(video.area.size for video in regions),
        found_tracks[thresholds] / sum(video.tracks for video in regions),
    )


def area_to_one(false_per_frame: NDArray[np.float64], rate: NDArray[np.float64]) -> float:
    """Area under the best rate at up to x false positives per frame, x from 0 to 1; the points come in any order."""
    kept = false_per_frame <= 1
    order = np.lexsort((rate[kept], false_per_frame[kept]))
    best = np.maximum.accumulate(np.r_[0.0, rate[kept][order]])
    return float(auc(np.r_[0.0, false_per_frame[kept][order], 1.0], np.r_[best, best[-1]]))
