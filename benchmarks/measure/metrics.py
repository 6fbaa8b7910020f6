"""Frame-level metrics of an anomaly score. Fractions in [0, 1]; None where a metric is undefined, never NaN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, roc_curve

from benchmarks.errors import StudyError
from benchmarks.measure.inputs import ScoredFrames, scored_frames

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

KINDS: Final[dict[str, int]] = {"spatial": 1, "temporal": 2, "spatio_temporal": 3}
"""Kinds of anomaly of the synthetic set; 0 is normal."""


@dataclass(frozen=True)
class FrameMetrics:
    """Metrics of one score on one test set.

    micro_auc: area under the ROC curve, all frames joined (the published way).
    macro_auc: mean of the areas of the ``macro_videos`` videos that hold both classes; ``videos_of_one_class`` do not.
    macro_auc_padded: mean over all videos, each with one normal frame of score 0 and one abnormal of score 1 added.
    eer: error rate at which as many normal frames are called abnormal as abnormal ones normal.
    average_precision: of the abnormal frames; ``prevalence``, their share, is what chance gives.
    delta_s: mean normality of normal minus abnormal frames, on the scale of the score; positive is good.
    fpr_at_95_tpr: share of normal frames called abnormal where at least 95 % of the abnormal ones are.
    """

    micro_auc: float | None
    macro_auc: float | None
    macro_videos: int
    videos_of_one_class: int
    macro_auc_padded: float
    eer: float | None
    average_precision: float | None
    prevalence: float
    delta_s: float | None
    fpr_at_95_tpr: float | None


def frame_metrics(anomaly: ArrayLike, label: ArrayLike, video: ArrayLike) -> FrameMetrics:
    """All frame-level metrics of a score.

    anomaly: (n,) high = abnormal. label: (n,) 1 = abnormal. video: (n,) names.

    Raises:
        StudyError: as ``scored_frames`` does.
    """
    frames = scored_frames(anomaly, label, video)
    scores, abnormal = frames.anomaly, frames.abnormal
    areas = video_aucs(frames)
    two_class = areas[~np.isnan(areas)]
    both = bool(abnormal.any() and not abnormal.all())
    fpr, tpr = _curve(scores, abnormal) if both else (None, None)
    return FrameMetrics(
        micro_auc=float(roc_area(scores, abnormal)) if both else None,
        macro_auc=float(two_class.mean()) if two_class.size else None,
        macro_videos=int(two_class.size),
        videos_of_one_class=int(areas.size - two_class.size),
        macro_auc_padded=float(video_aucs(frames, padded=True).mean()),
        # fpr + tpr - 1 = fpr - fnr grows along the curve: its zero is the equal error rate
        eer=float(np.interp(0.0, fpr + tpr - 1.0, fpr)) if fpr is not None and tpr is not None else None,
        average_precision=float(average_precision_score(abnormal, scores)) if both else None,
        prevalence=float(abnormal.mean()),
        delta_s=float(scores[abnormal].mean() - scores[~abnormal].mean()) if both else None,
        fpr_at_95_tpr=float(fpr[np.searchsorted(tpr, 0.95)]) if fpr is not None and tpr is not None else None,
    )


def video_aucs(frames: ScoredFrames, *, padded: bool = False) -> NDArray[np.float64]:
    """Area under the ROC curve of each video, (V,) in the order of ``frames.names``; NaN for a video of one class.

    padded: add to each video a normal frame of score 0 and an abnormal one of score 1, as much public code does with
    scores in [0, 1]; every video then has both classes and one without normal frames counts nearly 1. Scores outside
    [0, 1] widen the pads to the video's own extremes, else the added frames would be ranked wrongly.
    """
    video, scores, abnormal = frames.video, frames.anomaly, frames.abnormal
    if padded:
        each = np.arange(frames.names.size)
        ends = pd.Series(scores).groupby(video).agg(["min", "max"]).to_numpy()
        video = np.concatenate([video, each, each])
        scores = np.concatenate([scores, np.minimum(0.0, ends[:, 0]), np.maximum(1.0, ends[:, 1])])
        abnormal = np.concatenate([abnormal, np.zeros(each.size, bool), np.ones(each.size, bool)])
    ranks = pd.Series(scores).groupby(video).rank().to_numpy()
    return _areas(np.bincount(video, ranks * abnormal), np.bincount(video, abnormal), np.bincount(video))


def roc_area(anomaly: NDArray[np.float64], abnormal: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Area under the ROC curve, ties as half; NaN where a class is absent.

    anomaly: (..., n), a row per score. abnormal: (n,). Returns (...,). One sort, without scikit-learn's checks of input.
    """
    rank_sum = rankdata(anomaly, axis=-1)[..., abnormal].sum(axis=-1)
    return _areas(np.asarray(rank_sum), np.float64(abnormal.sum()), np.float64(abnormal.size))


def _areas(rank_sum: NDArray[Any], abnormal: Any, frames: Any) -> NDArray[np.float64]:
    """Compute areas by the Mann-Whitney statistic, from the sum of the abnormal frames' ranks; NaN where a class is absent."""
    pairs = abnormal * (frames - abnormal)
    wins = rank_sum - abnormal * (abnormal + 1) / 2
    return np.asarray(np.where(pairs > 0, wins / np.maximum(pairs, 1.0), np.nan))


def auc_by_kind(anomaly: ArrayLike, label: ArrayLike, kinds: ArrayLike, video: ArrayLike) -> dict[str, float | None]:
    """Micro AUC of all normal frames against the abnormal frames of one kind, for each kind.

    None for a kind without frames.

    anomaly, label, video: as in ``frame_metrics``. kinds: (n,) 0 normal, 1 spatial, 2 temporal, 3 spatio-temporal.

    Raises:
        StudyError: if a frame's kind and label disagree, or as ``scored_frames`` does.
    """
    frames = scored_frames(anomaly, label, video)
    kind = np.asarray(kinds)
    if kind.shape != frames.abnormal.shape or not np.isin(kind, [0, *KINDS.values()]).all():
        raise StudyError(
            f"Expected a kind from 0 to {max(KINDS.values())} for each of {frames.abnormal.size} frames, but got others"
        )
    if not np.array_equal(kind > 0, frames.abnormal):
        where = frames.names[frames.video[np.flatnonzero((kind > 0) != frames.abnormal)[0]]]
        raise StudyError(
            f"Expected kind 0 for normal frames and another for abnormal ones, but got a mismatch in video {where}"
        )
    areas: dict[str, float | None] = {}
    for name, number in KINDS.items():
        chosen = (kind == 0) | (kind == number)
        defined = bool((kind == 0).any() and (kind == number).any())
        areas[name] = float(roc_area(frames.anomaly[chosen], frames.abnormal[chosen])) if defined else None
    return areas


def _curve(scores: NDArray[np.float64], abnormal: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute false and true positive rates at every threshold."""
    fpr, tpr, _ = roc_curve(abnormal, scores, drop_intermediate=False)
    return fpr, tpr
