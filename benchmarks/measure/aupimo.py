"""AUPIMO: how much of each frame's anomaly is found where hardly a pixel of normal frames is marked.

Source: Bertoldo et al. 2024, "AUPIMO: redefining visual anomaly detection benchmarks with high speed and low tolerance".
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from benchmarks.measure.regions import Regions
from benchmarks.measure.score_levels import LEVELS, Levels

BOUNDS: Final = (1e-5, 1e-4)
"""Rates of false pixels between which the paper integrates."""


def aupimo(videos: Sequence[tuple[Levels, Regions]], bounds: tuple[float, float] = BOUNDS) -> float | None:
    """Return the mean over abnormal frames of the recall within the frame's mask, over the logarithm of the false rate.

    videos: score maps (frames, height, width) and the regions of their masks. The false rate x of a threshold is its share of pixels of normal frames alone. At each x counts the lowest threshold
    whose rate is at most x, so the value is exact for maps of `score_levels`; the authors' code joins thresholds of a grid
    by straight lines. 1 for a perfect map, 0 for a constant; None without a normal or an abnormal frame.
    """
    normal = np.zeros(LEVELS)
    inside = np.zeros(LEVELS)
    abnormal_frames = 0
    for levels, regions in videos:
        frame = regions.pixel // (levels.shape[1] * levels.shape[2])
        area = np.bincount(frame, minlength=len(levels))
        inside += np.bincount(levels.reshape(-1)[regions.pixel], 1.0 / area[frame], LEVELS)
        normal += np.bincount(levels[area == 0].reshape(-1), minlength=LEVELS)
        abnormal_frames += int((area > 0).sum())
    if not abnormal_frames or not normal.any():
        return None
    # From the highest threshold down; before it nothing is marked.
    false = np.r_[0.0, np.cumsum(normal[::-1]) / normal.sum(), 1.0]
    found = np.r_[0.0, np.cumsum(inside[::-1]) / abnormal_frames]
    widths = np.diff(np.log(np.clip(false, *bounds)))
    return float(found @ widths / math.log(bounds[1] / bounds[0]))
