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
does). Thresholds are a grid of shares of all pixels (`SHARES`), so the metrics change with no monotone transform.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import auc

from benchmarks.measure.regions import Regions, components
from benchmarks.measure.score_levels import Levels

ALPHA: Final = 0.1
BETA: Final = 0.1
SHARES: Final = np.geomspace(1e-6, 1.0, 61)
"""Shares of all pixels at or above a threshold: ten thresholds per factor of ten."""
# Bounds the memory that labels need, whatever the length of a video.
_FRAMES_AT_ONCE: Final = 256


@dataclass(frozen=True, eq=False)
class DetectionRates:
    """What is detected at each of t thresholds.

    false_per_frame: (t,) false positive regions per frame, infinite where there is more than one: counting stops there.
    regions, tracks: (t,) shares of the true regions and tracks that are detected, NaN where counting stopped.
    """

    false_per_frame: NDArray[np.float64]
    regions: NDArray[np.float64]
    tracks: NDArray[np.float64]


def detection_rates(
    levels: Sequence[Levels], regions: Sequence[Regions], thresholds: Levels, alpha: float = ALPHA, beta: float = BETA
) -> DetectionRates:
    """Detect at each threshold in all videos. levels: (frames, height, width) a video; regions: of the same videos."""
    frames = sum(len(video) for video in levels)
    all_regions = sum(video.area.size for video in regions)
    all_tracks = sum(video.tracks for video in regions)
    peaks = [video.max(axis=(1, 2)) for video in levels]
    rates = DetectionRates(*(np.full(len(thresholds), fill) for fill in (np.inf, np.nan, np.nan)))
    for index, threshold in enumerate(thresholds):
        false = found_regions = found_tracks = 0
        for video, truth, peak in zip(levels, regions, peaks, strict=True):
            # the others have nothing to label, and high thresholds leave most frames empty
            positions = np.flatnonzero(peak >= threshold)
            wrong, found = _detect(video, truth, threshold, positions, beta, most=frames - false)
            false += wrong
            if false > frames:
                break
            hits = np.bincount(truth.track, found, truth.tracks)
            lengths = np.bincount(truth.track, minlength=truth.tracks)
            found_regions += int(found.sum())
            found_tracks += int(np.sum(hits / np.maximum(lengths, 1) >= alpha))
        else:
            rates.false_per_frame[index] = false / frames
            rates.regions[index] = found_regions / all_regions
            rates.tracks[index] = found_tracks / all_tracks
    return rates


def area_to_one(false_per_frame: NDArray[np.float64], rate: NDArray[np.float64]) -> float:
    """Area under the best rate at up to x false positives per frame, x from 0 to 1; the points come in any order."""
    kept = false_per_frame <= 1
    order = np.lexsort((rate[kept], false_per_frame[kept]))
    best = np.maximum.accumulate(np.r_[0.0, rate[kept][order]])
    return float(auc(np.r_[0.0, false_per_frame[kept][order], 1.0], np.r_[best, best[-1]]))


def _detect(
    levels: Levels, truth: Regions, threshold: np.uint16, positions: NDArray[np.int64], beta: float, most: int
) -> tuple[int, NDArray[np.bool_]]:
    """Count false regions in frames of one video, until there are more than ``most``, and tell which true regions are found."""
    found = np.zeros(truth.area.size, dtype=np.bool_)
    false = 0
    for start in range(0, len(positions), _FRAMES_AT_ONCE):
        chosen = positions[start : start + _FRAMES_AT_ONCE]
        detected = components(levels[chosen] >= threshold)
        pixel, region = truth.within(chosen)
        label = detected.at(pixel)
        pair, shared = np.unique(label[label > 0].astype(np.int64) * found.size + region[label > 0], return_counts=True)
        own, true = pair // max(found.size, 1) - 1, pair % max(found.size, 1)
        match = shared / (detected.area[own] + truth.area[true] - shared) >= beta
        found[true[match]] = True
        false += detected.area.size - np.unique(own[match]).size
        if false > most:
            break
    return false, found
