"""What every metric is given: an anomaly score, a label and a video for each frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks.errors import StudyError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class ScoredFrames(NamedTuple):
    """Checked arrays of n frames and V videos.

    anomaly: (n,) float64, high = abnormal. abnormal: (n,) bool. video: (n,) index into names. names: (V,) sorted.
    """

    anomaly: NDArray[np.float64]
    abnormal: NDArray[np.bool_]
    video: NDArray[np.intp]
    names: NDArray[np.str_]


def scored_frames(anomaly: ArrayLike, label: ArrayLike, video: ArrayLike) -> ScoredFrames:
    """Check and convert what a metric is given.

    anomaly: (n,) finite. label: (n,) of 0 normal and 1 abnormal. video: (n,) names.

    Raises:
        StudyError: if the arrays are empty or differ in length, a score is not finite, or a label is neither 0 nor 1.
    """
    scores = np.asarray(anomaly, dtype=np.float64)
    labels = np.asarray(label)
    names = np.asarray(video, dtype=np.str_)
    if scores.ndim != 1 or not scores.size or not scores.shape == labels.shape == names.shape:
        raise StudyError(
            "Expected a score, a label and a video for each of n > 0 frames, "
            f"but got shapes {scores.shape}, {labels.shape}, {names.shape}"
        )
    bad = ~np.isfinite(scores)
    if bad.any():
        raise StudyError(f"Expected finite anomaly scores, but got {scores[bad][0]} in video {names[bad][0]}")
    if not np.all((labels == 0) | (labels == 1)):
        raise StudyError(
            f"Expected labels 0 (normal) or 1 (abnormal), but got {labels[(labels != 0) & (labels != 1)][0]}"
        )
    unique, index = np.unique(names, return_inverse=True)
    return ScoredFrames(scores, labels.astype(bool), index, unique)
