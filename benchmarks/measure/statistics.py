"""Intervals and tests: over videos for one run, over seeds for a setting, paired by seed for a contrast.

Frames within a video are not independent, so a single run is resampled by video. Seeds are the unit of repetition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np
from scipy import special, stats

from benchmarks.errors import StudyError
from benchmarks.measure.inputs import scored_frames
from benchmarks.measure.intervals import sign_flip_p, student_t

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_MOST_UNDEFINED: Final = 0.05


@dataclass(frozen=True)
class VideoPairs:
    """All that an AUC needs to know about V videos, whatever their multiplicity.

    wins: (V, V) for video i and j, the pairs (abnormal frame of i, normal frame of j) ranked rightly, ties as half.
    abnormal, normal: (V,) numbers of frames.
    """

    wins: NDArray[np.float64]
    abnormal: NDArray[np.float64]
    normal: NDArray[np.float64]

    @classmethod
    def of(cls, anomaly: ArrayLike, label: ArrayLike, video: ArrayLike) -> VideoPairs:
        """Count the pairs; anomaly, label, video: (n,) as in ``frame_metrics``."""
        frames = scored_frames(anomaly, label, video)
        size = frames.names.size
        rows = np.flatnonzero(frames.abnormal)
        rows = rows[np.argsort(frames.anomaly[rows], kind="stable")]
        scores, owner = frames.anomaly[rows], frames.video[rows]
        wins = np.zeros((size, size))
        for j in range(size):
            normal = frames.anomaly[~frames.abnormal & (frames.video == j)]
            # Search the few in the sorted many: abnormal frames beat a normal one from where it falls, ties half.
            falls = np.concatenate([np.searchsorted(scores, normal, "left"), np.searchsorted(scores, normal, "right")])
            beaten = np.cumsum(np.bincount(falls, minlength=scores.size + 1)[:-1])
            wins[:, j] = np.bincount(owner, weights=beaten / 2, minlength=size)
        abnormal = np.bincount(frames.video[frames.abnormal], minlength=size).astype(np.float64)
        return cls(wins, abnormal, np.bincount(frames.video, minlength=size) - abnormal)

    def micro_auc(self, counts: NDArray[np.integer]) -> NDArray[np.float64]:
        """AUC of all frames joined when video i is taken counts[:, i] times.

        counts: (draws, V) -> (draws,), NaN where only one class is drawn.
        """
        taken = counts.astype(np.float64)
        right = ((taken @ self.wins) * taken).sum(axis=1)
        return _divide(right, (taken @ self.abnormal) * (taken @ self.normal))

    def macro_auc(self, counts: NDArray[np.integer]) -> NDArray[np.float64]:
        """Mean AUC of the drawn videos that hold both classes.

        counts: (draws, V) -> (draws,), NaN where there is none.
        """
        taken = counts.astype(np.float64)
        pairs = self.abnormal * self.normal
        areas = np.where(pairs > 0, np.diag(self.wins) / np.maximum(pairs, 1.0), 0.0)
        return _divide(taken @ areas, taken @ (pairs > 0).astype(np.float64))


def bootstrap_over_videos(
    anomaly: ArrayLike,
    label: ArrayLike,
    video: ArrayLike,
    *,
    metric: Literal["micro_auc", "macro_auc"] = "micro_auc",
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """Percentile interval of an AUC when videos are drawn with replacement; the scores themselves stay as they are.

    anomaly, label, video: (n,) as in ``frame_metrics``.
    Returns (low, high), or None for a single video or where more than 5 % of the draws leave the metric undefined: the
    interval of the rest would be of another quantity.

    Raises:
        StudyError: as ``scored_frames`` does, or for a metric, a number of draws or a level that is none.
    """
    if metric not in {"micro_auc", "macro_auc"}:
        raise StudyError(f"Expected the metric micro_auc or macro_auc for a bootstrap over videos, but got {metric!r}")
    if draws < 1 or not 0 < level < 1:
        raise StudyError(f"Expected at least 1 draw and a level between 0 and 1, but got {draws} and {level}")
    pairs = VideoPairs.of(anomaly, label, video)
    size = pairs.normal.size
    if size == 1:
        return None
    # how often each video comes up in a sample of `size` videos with replacement
    counts = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), size=draws)
    areas = pairs.micro_auc(counts) if metric == "micro_auc" else pairs.macro_auc(counts)
    defined = areas[~np.isnan(areas)]
    if defined.size < (1 - _MOST_UNDEFINED) * draws:
        return None
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


class Estimate(NamedTuple):
    """A mean and its interval; low and high are None where one value says nothing about spread."""

    mean: float
    low: float | None
    high: float | None


def t_interval(values: Sequence[float], level: float = 0.95) -> Estimate:
    """Mean over seeds with Student's t interval; values: one per seed.

    Raises:
        StudyError: if there is no value, or one that is not finite.
    """
    x = _finite(values)
    mean = float(x.mean())
    if x.size == 1:
        return Estimate(mean, None, None)
    low, high = student_t(x, level)
    return Estimate(mean, float(low), float(high))


@dataclass(frozen=True)
class PairedDifference:
    """A contrast a - b over the seeds that both sides have; ``unpaired`` names the seeds left out.

    p_value: two-sided t test of no difference, which the t interval belongs to. exact_p: two-sided sign-flip test.
    """

    mean: float
    low: float | None
    high: float | None
    p_value: float
    exact_p: float
    seeds: tuple[int, ...]
    unpaired: tuple[int, ...]


def paired_difference(
    a_by_seed: Mapping[int, float], b_by_seed: Mapping[int, float], level: float = 0.95
) -> PairedDifference:
    """Difference of two settings, paired by seed: mean, t interval, and p values of a t test and a sign-flip test.

    The exact p value is the share of the 2^n sign patterns whose mean is at least as far from 0 (beyond 20 pairs, of
    100,000 of them that are drawn): n pairs cannot give less than 2^(1-n), so five pairs cannot reach 0.05, nor can six in a family of two.

    Raises:
        StudyError: if no seed is on both sides, or a value is not finite.
    """
    seeds = tuple(sorted(a_by_seed.keys() & b_by_seed.keys()))
    if not seeds:
        raise StudyError("Expected at least one seed on both sides of a contrast, but got none: run the missing seeds")
    differences = _finite([a_by_seed[seed] - b_by_seed[seed] for seed in seeds])
    estimate = t_interval(differences.tolist(), level)
    return PairedDifference(
        *estimate,
        p_value=_t_test(differences),
        exact_p=float(sign_flip_p(differences)),
        seeds=seeds,
        unpaired=tuple(sorted(a_by_seed.keys() ^ b_by_seed.keys())),
    )


def interquartile_mean(values: Sequence[float]) -> float:
    """Mean of the middle half (Agarwal et al. 2021); with fewer than four values nothing is cut, so it is the mean."""
    return float(stats.trim_mean(_finite(values), 0.25))


def probability_of_improvement(a: Sequence[float], b: Sequence[float]) -> float:
    """Chance that a random run of a is better than a random run of b, ties as half (Agarwal et al. 2021)."""
    x, y = _finite(a), _finite(b)
    return float(stats.mannwhitneyu(x, y).statistic / (x.size * y.size))


def _t_test(differences: NDArray[np.float64]) -> float:
    if differences.size == 1 or not differences.any():
        return 1.0
    # equal differences have no spread: scipy warns of lost precision there, and the limit is 0
    if np.ptp(differences) <= 1e-12 * np.abs(differences).max():
        return 0.0
    # t does not depend on the scale, and tiny differences would lose their spread to underflow
    x = differences / np.abs(differences).max()
    t = x.mean() / np.sqrt(x.var(ddof=1) / x.size)
    return float(2 * special.stdtr(x.size - 1, -abs(t)))


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not x.size or not np.all(np.isfinite(x)):
        raise StudyError(f"Expected one or more finite values, but got {x.tolist()}")
    return x


def _divide(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide, with NaN where ``below`` is 0."""
    quotient = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient
