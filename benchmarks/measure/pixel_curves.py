"""Pixel AUC and PRO, from how often each level occurs among normal and abnormal pixels and within regions.

The counts of videos add up, so that neither metric ever holds more than one video's maps. Both are exact for maps of
`score_levels`: every distinct level is a threshold, ties count half (AUC) or are joined by a straight line (PRO).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import auc

from benchmarks.measure.regions import Regions
from benchmarks.measure.score_levels import LEVELS, Levels

PRO_LIMIT: Final = 0.3
"""False positive rate up to which PRO is integrated (Bergmann et al., IJCV 2021)."""


@dataclass(frozen=True, eq=False)
class LevelCounts:
    """How often each level occurs.

    normal, abnormal: (LEVELS,) int64 pixels. overlap: (LEVELS,) sum over regions of the share of the region's pixels at
    that level. regions: number of regions.
    """

    normal: NDArray[np.int64]
    abnormal: NDArray[np.int64]
    overlap: NDArray[np.float64]
    regions: int

    @classmethod
    def of(cls, levels: Levels, regions: Regions) -> LevelCounts:
        """Count one video. levels: (frames, height, width), the shape of the regions."""
        inside = levels.reshape(-1)[regions.pixel]
        abnormal = np.bincount(inside, minlength=LEVELS)
        shares = 1.0 / regions.area[regions.region]
        overlap = np.bincount(inside, shares, LEVELS).astype(np.float64)
        return cls(np.bincount(levels.reshape(-1), minlength=LEVELS) - abnormal, abnormal, overlap, regions.area.size)

    def __add__(self, other: LevelCounts) -> LevelCounts:
        """Count two parts of a test set together."""
        return LevelCounts(
            self.normal + other.normal,
            self.abnormal + other.abnormal,
            self.overlap + other.overlap,
            self.regions + other.regions,
        )

    @property
    def pixels(self) -> NDArray[np.int64]:
        """All pixels by level."""
        return self.normal + self.abnormal


def pixel_auc(counts: LevelCounts) -> float | None:
    """Area under the ROC curve over all pixels of all frames joined; None where a class is absent.

    It is the chance that an abnormal pixel scores higher than a normal one of any frame, an equal score counting half.
    """
    positives, negatives = int(counts.abnormal.sum()), int(counts.normal.sum())
    if not positives or not negatives:
        return None
    below = np.cumsum(counts.normal) - counts.normal
    # in whole numbers: there are some 1e14 pairs, and int64 holds 1e18
    wins = int(np.sum(counts.abnormal * (2 * below + counts.normal)))
    return wins / (2 * positives * negatives)


def pro(counts: LevelCounts, limit: float = PRO_LIMIT) -> float | None:
    """Area under the per-region overlap curve up to a false positive rate, divided by that rate; None without a class.

    At a threshold, the overlap of a region is the share of its pixels at or above it; PRO is the mean over all regions
    of all frames, so that a small region counts as much as a large one. The false positive rate is the share of normal
    pixels, of all frames, at or above it. Points are joined by straight lines, also at the limit. A perfect map gives 1,
    a constant one limit / 2 (Bergmann et al., CVPR 2020 and IJCV 2021).
    """
    negatives = int(counts.normal.sum())
    if not counts.regions or not negatives:
        return None
    seen = np.flatnonzero(counts.pixels)[::-1]
    false = np.r_[0.0, np.cumsum(counts.normal[seen]) / negatives]
    overlap = np.r_[0.0, np.cumsum(counts.overlap[seen]) / counts.regions]
    kept = false <= limit
    curve = np.r_[overlap[kept], np.interp(limit, false, overlap)]
    return float(auc(np.r_[false[kept], limit], curve) / limit)
