"""Candidate intervals for a mean over few seeds; which one is reported was decided by measured coverage.

`python -m benchmarks simulate` measures them all on studies with known effects (results/statistics/coverage.md).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import stats

from benchmarks.errors import StudyError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Bounds = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
_RESAMPLES: Final = 999
MOST_PAIRS: Final = 20
"""Most values of an exact sign-flip test: half a million sign patterns and their opposites."""
_PATTERNS: Final = 100_000  # drawn where there are more values
_BATCH: Final = 10_000
_TIE: Final = 1e-12


def student_t(values: ArrayLike, level: float = 0.95) -> Bounds:
    """Student's t interval of the mean; values: (..., n), n >= 2 -> low (...), high (...)."""
    x = _seeds(values)
    mean = x.mean(axis=-1)
    half = _t_quantile(level, x.shape[-1] - 1) * (x.std(axis=-1, ddof=1) / np.sqrt(x.shape[-1]))
    return mean - half, mean + half


@cache  # scipy checks its arguments for longer than a table's whole row takes
def _t_quantile(level: float, freedom: int) -> float:
    return float(stats.t.ppf((1 + level) / 2, freedom))


def percentile(values: ArrayLike, level: float = 0.95) -> Bounds:
    """Percentile bootstrap of the mean (scipy); too narrow by about sqrt((n - 1) / n) and by z instead of t."""
    return _scipy_bootstrap(values, level, "percentile")


def bca(values: ArrayLike, level: float = 0.95) -> Bounds:
    """Bias-corrected and accelerated bootstrap of the mean (Efron 1987; scipy); equal values are a point."""
    return _scipy_bootstrap(values, level, "BCa")


def studentised(values: ArrayLike, level: float = 0.95) -> Bounds:
    """Bootstrap-t (Efron 1979): quantiles of (resampled mean - mean) / its own standard error; scipy has none.

    With very few values many resamples hold one value only and have no standard error: where they fill a tail, the
    bound is infinite, which is what the method then says.
    """
    x = _seeds(values)
    size = x.shape[-1]
    taken = np.random.default_rng(0).integers(0, size, (_RESAMPLES, size))
    mean, error = x.mean(axis=-1), stats.sem(x, axis=-1)
    rows = x.reshape(-1, size)
    low, high = np.empty(len(rows)), np.empty(len(rows))
    tail = (1 - level) / 2
    for index, row in enumerate(rows):
        drawn = row[taken]
        above = drawn.mean(axis=1) - row.mean()
        below = drawn.std(axis=1, ddof=1) / np.sqrt(size)
        # equal values rounded give a standard error of 1e-18
        flat = below <= 1e-12 * max(1.0, float(np.abs(row).max()))
        ratio = above / np.where(flat, 1.0, below)
        ratio[flat & (above > 0)], ratio[flat & (above < 0)] = np.inf, -np.inf
        low[index], high[index] = np.quantile(ratio, [tail, 1 - tail], method="inverted_cdf")
    with np.errstate(invalid="ignore"):
        bounds = mean - high.reshape(mean.shape) * error, mean - low.reshape(mean.shape) * error
    return np.where(error == 0, mean, bounds[0]), np.where(error == 0, mean, bounds[1])


CANDIDATES: Final[Mapping[str, Callable[..., Bounds]]] = MappingProxyType(
    {"student_t": student_t, "bca": bca, "studentised": studentised, "percentile": percentile}
)
REPORTED: Final = "student_t"
"""The candidate whose measured coverage lies between 93 and 97 % at 3 to 12 seeds (tests repeat it in small)."""


def sign_flip_p(values: ArrayLike) -> NDArray[np.float64]:
    """Two-sided sign-flip p value of each row; values: (..., n) -> (...).

    The share of the 2^n sign patterns whose sum is at least as far from 0 as that of the values: of all of them up to
    `MOST_PAIRS` values, beyond that of those drawn and the one observed (Phipson and Smyth 2010). Differences of
    decimals carry errors of 1e-16 of the AUC, so that sums which differ by less than 1e-12 count as equal: a tie that
    is lost makes p too small.

    Raises:
        StudyError: if a row is empty, or a value is not finite.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim < 1 or not x.shape[-1] or not np.all(np.isfinite(x)):
        raise StudyError(f"Expected at least one finite value a row for a sign-flip test, but got shape {x.shape}")
    observed = np.abs(x.sum(axis=-1, keepdims=True))
    bound = observed - _TIE * (1 + observed)
    if x.shape[-1] > MOST_PAIRS:
        generator = np.random.default_rng(0)
        signs = (generator.choice([-1.0, 1.0], size=(x.shape[-1], _BATCH)) for _ in range(_PATTERNS // _BATCH))
        farther = sum((np.abs(x @ batch) >= bound).sum(axis=-1) for batch in signs)
        return np.asarray((farther + 1) / (_PATTERNS + 1), dtype=np.float64)
    # a pattern and its opposite lie equally far from 0, so that the first sign may stay
    sums = x[..., :1]
    for index in range(1, x.shape[-1]):
        value = x[..., index : index + 1]
        sums = np.concatenate([sums + value, sums - value], axis=-1)
    return np.asarray((np.abs(sums) >= bound).mean(axis=-1))


def _scipy_bootstrap(values: ArrayLike, level: float, method: str) -> Bounds:
    x = _seeds(values)
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)  # of equal values, see below
        found = stats.bootstrap(
            (x,), np.mean, axis=-1, confidence_level=level, n_resamples=_RESAMPLES, method=method, batch=50, rng=0
        )
    # what scipy gives for equal values hangs on how their mean is rounded: NaN, or a low above the high
    low, high = (np.where(np.ptp(x, axis=-1) == 0, x[..., 0], bound) for bound in found.confidence_interval)
    return low, high


def _seeds(values: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim < 1 or x.shape[-1] < 2 or not np.all(np.isfinite(x)):
        raise StudyError(f"Expected finite values of at least two seeds for an interval, but got shape {x.shape}")
    return x
