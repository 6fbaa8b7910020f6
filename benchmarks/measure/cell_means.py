"""Contrasts of settings whose runs spread differently: each cell's variance is its own (Welch 1947, Satterthwaite 1946).

Runs of one seed share nothing that counts here: residuals of two settings at one seed correlate by 0.00 (UCSD Ped2, 128x128)
and 0.06 (circles and squares) on average, so a seed is no block and every run is an observation of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from benchmarks.errors import StudyError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class CellContrast(NamedTuple):
    """Estimate, 95 % interval and two-sided p of no difference, each (...)."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p: NDArray[np.float64]


def welch_contrast(
    weights: ArrayLike, means: ArrayLike, variances: ArrayLike, counts: ArrayLike, level: float = 0.95
) -> CellContrast:
    """Weighted sum of cell means, its variance the sum of the cells' own.

    The standard error is that of HC2 in a regression on cells; two cells give Welch's t test.
    weights: (cells,). means, variances (divided by n - 1): (..., cells). counts: (cells,) runs of each cell.

    Raises:
        StudyError: if a cell that counts has fewer than two runs.
    """
    weight, n = np.asarray(weights, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    used = weight != 0
    if not used.any() or n[used].min() < 2:
        raise StudyError(
            f"Expected at least two runs in each cell of a contrast, but got {n[used].tolist()}: add seeds"
        )
    weight, n = weight[used], n[used]
    mean = np.asarray(np.asarray(means, dtype=np.float64)[..., used] @ weight)
    parts = weight**2 * np.asarray(variances, dtype=np.float64)[..., used] / n
    squared = np.asarray(parts.sum(axis=-1))
    known = squared > 0
    # without any spread the interval is the estimate itself
    freedom = np.where(known, squared, 1) ** 2 / np.where(known, (parts**2 / (n - 1)).sum(axis=-1), 1)
    error = np.sqrt(squared)
    half = stats.t.ppf((1 + level) / 2, freedom) * error
    ratio = np.where(known, np.abs(mean) / np.where(known, error, 1), np.where(mean == 0, 0, np.inf))
    return CellContrast(mean, mean - half, mean + half, np.asarray(2 * stats.t.sf(ratio, freedom)))
