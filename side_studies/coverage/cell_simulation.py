"""Invented factorials whose settings spread as differently as this study's, to measure what their intervals are worth.

Runs are normal around the mean of their setting; standard deviations are those of the records on UCSD Ped2 (128x128, 3
epochs) and, for the large grid, drawn for each study with the spread of those on circles and squares. Besides Welch's
interval stand least squares with one pooled variance and the seed as a block, which this study reported first, and HC3
with the degrees of freedom of the residual.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import stats

from benchmarks.measure.cell_means import welch_contrast

if TYPE_CHECKING:
    from numpy.typing import NDArray

Bounds = tuple["NDArray[np.float64]", "NDArray[np.float64]"]


@dataclass(frozen=True)
class Design:
    """A factorial's structure: what is asked of it, and what pooled least squares would assume.

    spreads: (cells,) standard deviations, or None to draw them. truth: (cells,) means. weights: (cells,) of the effect.
    columns: (cells, terms) of the pooled model, centred, that of the effect first, whose coefficient is the effect.
    repeats: (cells,) runs of each cell for each seed that is counted; None for one. common: share of a run's variance
    that all runs of one seed have in common.
    """

    name: str
    spreads: NDArray[np.float64] | None
    truth: NDArray[np.float64]
    weights: NDArray[np.float64]
    columns: NDArray[np.float64]
    repeats: NDArray[np.intp] | None = None
    common: float = 0.0

    @property
    def effect(self) -> float:
        """The true effect."""
        return float(self.weights @ self.truth)


def designs() -> list[Design]:
    """Every structure that is simulated."""
    half = np.array([-0.5, 0.5])
    # MNAD: (reconstruction, prediction) x (none, own); MemAE: none, own.
    mnad, memae = np.array([0.93, 1.92, 1.37, 1.80]), np.array([0.92, 3.97])
    task, memory = np.repeat(half, 2), np.tile(half, 2)
    one = np.column_stack([memory, task, task * memory])
    pairs = np.array([-0.5, 0.5, -0.5, 0.5])
    method = np.r_[np.full(4, -0.5), np.full(2, 0.5)]
    # MemAE has no prediction: it stands with reconstruction.
    task_of, memory_of = np.r_[task, -0.5, -0.5], np.r_[memory, half]
    both = np.column_stack([memory_of, task_of, method, method * memory_of, task_of * memory_of])
    truth = np.array([81.8, 81.9, 91.1, 91.0])
    pooled = (np.r_[mnad, memae], np.r_[truth, 78.0, 71.5], np.array([0, 0, -0.5, 0.5, -0.5, 0.5]), both)
    return [
        Design("MNAD, 4 settings: memory", mnad, truth, pairs, one),
        Design("the same, a third of the variance common to a seed", mnad, truth, pairs, one, common=1 / 3),
        Design("MNAD, 4 settings: task × memory", mnad, truth, np.array([1, -1, -1, 1.0]), one[:, [2, 0, 1]]),
        Design("MemAE, 2 settings: memory", memae, np.array([78.0, 71.5]), np.array([-1.0, 1.0]), half[:, None]),
        # Its coefficient is the mean of MNAD's effect in prediction and MemAE's.
        Design("both methods, 6 settings: memory", *pooled),
        Design("the same, MNAD with twice the seeds", *pooled, repeats=np.array([2, 2, 2, 2, 1, 1])),
        *_grid(),
    ]


def _grid() -> list[Design]:
    """Five tasks, memory, skips: a memory that harms most where there are no skips and much noise."""
    task, memory, skip = (
        np.array(one) for one in zip(*itertools.product(range(5), (-0.5, 0.5), (-0.5, 0.5)), strict=True)
    )
    tasks = np.column_stack([(task == level) - 0.2 for level in range(1, 5)])
    mains = [memory, skip, *tasks.T]
    twos = [memory * skip, *(memory * one for one in tasks.T), *(skip * one for one in tasks.T)]
    columns = np.column_stack([*mains, *twos])
    harm = np.array([3.0, 0, 5, 10, 15])[task.astype(int)]
    truth = 70 + 10 * skip - harm * (memory > 0) * (skip < 0) - 2.0 * task
    signs = 4 * memory * skip
    interaction = columns[:, [len(mains), *(at for at in range(columns.shape[1]) if at != len(mains))]]
    return [
        Design("grid, 20 settings: memory", None, truth, 2 * memory / 10, columns),
        Design("grid, 20 settings: memory × skip", None, truth, signs / 5, interaction),
    ]


def simulated_bounds(design: Design, seeds: int, draws: int, seed: int = 0) -> dict[str, Bounds]:
    """Low and high end, (draws,), of each interval in as many studies of a design with so many seeds."""
    generator = np.random.default_rng([seed, seeds, design.truth.size])
    cells = design.truth.size
    counts = seeds * (np.ones(cells, dtype=np.intp) if design.repeats is None else design.repeats)
    spreads = design.spreads
    if spreads is None:  # median 1.5 points, nine of ten from 0.5 to 4.7
        spreads = 1.5 * np.exp(generator.normal(0, 0.7, (draws, 1, cells)))
    own = generator.normal(0, np.sqrt(1 - design.common), (draws, counts.max(), cells))
    shared = generator.normal(0, np.sqrt(design.common), (draws, counts.max(), 1))
    runs = design.truth + spreads * (own + shared)
    return {name: interval(design, runs, counts) for name, interval in INTERVALS.items()}


def _welch(design: Design, runs: NDArray[np.float64], counts: NDArray[np.intp]) -> Bounds:
    found = welch_contrast(design.weights, *_moments(runs, counts), counts)
    return found.low, found.high


def _hc3(design: Design, runs: NDArray[np.float64], counts: NDArray[np.intp]) -> Bounds:
    """A regression on cells with HC3, which divides each residual by one minus its leverage, 1 / runs of its cell."""
    means, variances = _moments(runs, counts)
    error = np.sqrt((variances / (counts - 1)) @ design.weights**2)
    half = stats.t.ppf(0.975, (counts - 1).sum()) * error
    return means @ design.weights - half, means @ design.weights + half


def _pooled(design: Design, runs: NDArray[np.float64], counts: NDArray[np.intp]) -> Bounds:
    """Least squares on the design's columns with the seed as a block; all runs share one variance."""
    seed, cell = np.nonzero(np.arange(runs.shape[1])[:, None] < counts)
    model = np.column_stack([design.columns[cell], np.eye(runs.shape[1])[seed]])
    solve = np.linalg.pinv(model)
    values = runs[:, seed, cell]
    coefficients = values @ solve.T
    freedom = seed.size - np.linalg.matrix_rank(model)
    variance = ((values - coefficients @ model.T) ** 2).sum(axis=1) / freedom
    half = stats.t.ppf(0.975, freedom) * np.sqrt(variance * (solve @ solve.T)[0, 0])
    return coefficients[:, 0] - half, coefficients[:, 0] + half


def _moments(runs: NDArray[np.float64], counts: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and variance of each cell over the runs that it has, (draws, cells)."""
    held = [runs[:, :count, cell] for cell, count in enumerate(counts)]
    return (
        np.stack([one.mean(axis=1) for one in held], axis=1),
        np.stack([one.var(axis=1, ddof=1) for one in held], axis=1),
    )


INTERVALS: Final[dict[str, Callable[[Design, NDArray[np.float64], NDArray[np.intp]], Bounds]]] = {
    "welch": _welch,
    "hc3": _hc3,
    "pooled_ols": _pooled,
}
