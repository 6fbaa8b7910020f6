"""Invented studies with known effects and the real structure, to measure what an interval is worth.

Twelve videos with Ped2's lengths and abnormal ranges; the error of a frame on a log scale is the video's level, the
anomaly's shift in that video, smooth noise that all runs share (it is the same footage) and smooth noise of the run. A
seed moves the shift for both sides of a pair, for one side, and for one side in one video. Each video is then
min-max normalised and the micro AUC taken over all frames, as published. Sizes are those of this study's Ped2 records
(log error: level 0.3, shift 0.44 +- 0.35, noise 0.08, lag-1 correlation 0.9).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.signal import lfilter

from benchmarks.measure.hierarchical import SeedVideoDifference, hierarchical_bootstrap, two_way_t
from benchmarks.measure.intervals import CANDIDATES, REPORTED, sign_flip_p
from side_studies.coverage.cell_simulation import designs, simulated_bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

# STUDY section 9; ranges one-based and inclusive.
LENGTHS: Final = (180, 180, 150, 180, 150, 180, 180, 180, 120, 150, 180, 180)
RANGES: Final = (
    ((61, 180), (95, 180), (1, 146), (31, 180), (1, 129), (1, 159), (46, 180), (1, 180), (1, 120), (1, 150), (1, 180), (88, 180))
)  # fmt: skip
SEEDS: Final = (3, 4, 5, 6, 8, 12)
SMALLEST: Final = 0.5
AFTER_A_LOOK: Final = "these videos, seeds added after a look"
FACTORIAL: Final = "effects of a factorial"
# Numbers of seeds at which one looks, and adds seeds only while the interval decides nothing.
LOOKS: Final = ((3, 6), (3, 6, 12), (6, 12))
# Shift of the log error that moves the AUC by about 0, half a point and two points.
EFFECTS: Final[dict[str, float]] = {"null": 0.0, "half a point": 0.007, "two points": 0.028}
# Spread over videos of what a sees more than b: as the noise of a seed in one video, and three times that.
BIASES: Final[dict[str, float]] = {"null": 0.05, "null, videos differ more": 0.15}
_MOST_SEEDS: Final = 12
_CORRELATION: Final = 0.9


@dataclass(frozen=True)
class Coverage:
    """What one interval did in the studies of one scenario; shares are fractions, widths and effects points of AUC.

    estimand: "these videos", "other videos too", "these videos, seeds added after a look" (interval: where one
    looked, as "3, 6"; seeds: the most), or "effects of a factorial" (`cell_simulation`). effect: mean true effect. covered: intervals that hold the truth.
    above, below: intervals wholly above, or below, the truth: what the rule of the verdict errs by where the truth
    lies on its line. reproduced: intervals wholly beyond half a point.
    """

    estimand: str
    scenario: str
    interval: str
    seeds: int
    studies: int
    effect: float
    covered: float
    above: float
    below: float
    reproduced: float
    median_width: float


@dataclass(frozen=True)
class Footage:
    """Test videos that all runs of a study share: label (F,), video (F,), the common log error (F,), bias (V,)."""

    label: NDArray[np.bool_]
    video: NDArray[np.intp]
    common: NDArray[np.float64]
    bias: NDArray[np.float64]


def draw_footage(generator: np.random.Generator, *, bias: float) -> Footage:
    """Invent twelve test videos; bias: spread over videos of how much more a sees of the anomaly than b."""
    count = len(LENGTHS)
    video = np.repeat(np.arange(count), LENGTHS)
    place = np.concatenate([np.arange(1, length + 1) for length in LENGTHS])
    first, last = (np.array(ends)[video] for ends in zip(*RANGES, strict=True))
    label = (place >= first) & (place <= last)
    level, shift = generator.normal(0, 0.3, count), generator.normal(0.44, 0.35, count)
    common = level[video] + shift[video] * label + _smooth(generator, 1, 0.07)[0]
    return Footage(label, video, common, generator.normal(0, bias, count))


def run_differences(footage: Footage, seeds: int, effect: float, generator: np.random.Generator) -> SeedVideoDifference:
    """Wins of a minus wins of b for so many seeds on this footage; effect: a's extra shift of the log error."""
    count = len(LENGTHS)
    both = generator.normal(0, 0.03, (seeds, 1))
    wins = np.zeros((seeds, count, count))
    for sign in (+1, -1):
        shift = both + generator.normal(0, 0.04, (seeds, 1)) + generator.normal(0, 0.05, (seeds, count))
        # half on each side, so that without an effect the sides are exchangeable and the truth is exactly 0
        shift = shift + sign * (effect + footage.bias) / 2
        error = footage.common + shift[:, footage.video] * footage.label + _smooth(generator, seeds, 0.03)
        wins += sign * win_matrices(_per_video(error), footage.label, footage.video, generator)
    abnormal = np.bincount(footage.video[footage.label], minlength=count).astype(np.float64)
    return SeedVideoDifference(wins, abnormal, np.array(LENGTHS, dtype=np.float64) - abnormal)


def win_matrices(
    scores: NDArray[np.float64],
    label: NDArray[np.bool_],
    video: NDArray[np.intp],
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """What `VideoPairs.wins` is, for many runs at once; scores: (runs, F) -> (runs, V, V); ties are broken at random."""
    count = int(video.max()) + 1
    # min-max gives every video a 0 and a 1: a jitter far below any other gap decides such ties without favour
    order = np.argsort(scores + generator.uniform(0, 1e-9, scores.shape), axis=1)
    member = np.eye(count, dtype=np.float32)[video]
    normal_below = np.cumsum((member * ~label[:, None])[order], axis=1)
    return np.asarray((member * label[:, None])[order].transpose(0, 2, 1) @ normal_below, dtype=np.float64)


def coverage_over_seeds(scenario: str, draws: int, seed: int = 0) -> list[Coverage]:
    """Coverage for the estimand "these videos": the mean over seeds, the footage as it is.

    draws: studies of twelve seeds; smaller ones are cut from the same runs. In each of the footages the truth is the
    mean over all its runs (that a study is part of them is corrected for).
    """
    generator = np.random.default_rng([seed, list(EFFECTS).index(scenario)])
    studies_each = 25
    pools = []
    for _ in range(max(2, draws // studies_each)):
        footage = draw_footage(generator, bias=0.0 if scenario == "null" else 0.03)
        pools.append(100 * run_differences(footage, studies_each * _MOST_SEEDS, EFFECTS[scenario], generator).by_seed())
    pool = np.stack(pools)
    runs = pool.shape[1]
    found = []
    for seeds in SEEDS:
        kept = min(runs // seeds, studies_each)
        studies = pool[:, : kept * seeds].reshape(len(pool), kept, seeds)
        # under the null the truth is known; elsewhere the deviation from the pool's mean is smaller by this factor
        known = scenario == "null"
        truth = np.zeros((len(pool), 1)) if known else pool.mean(axis=1, keepdims=True)
        shrunk = 1.0 if known else np.sqrt(1 - seeds / runs)
        off = (studies.mean(axis=2) - truth) * (1 / shrunk - 1)
        flat = (studies + off[:, :, None]).reshape(-1, seeds)
        for name, interval in CANDIDATES.items():
            low, high = interval(flat)
            found.append(_tally("these videos", scenario, name, seeds, np.repeat(truth, kept), low, high))
        if known:
            rejected = sign_flip_p(flat) < 0.05
            # as an interval that holds everything or leaves 0 out on one side
            low = np.where(rejected & (flat.mean(axis=1) > 0), np.inf, -np.inf)
            high = np.where(rejected & (flat.mean(axis=1) < 0), -np.inf, np.inf)
            truths = np.repeat(truth, kept)
            found.append(_tally("these videos", scenario, "sign flip p < 0.05", seeds, truths, low, high))
    if scenario == "null":
        found += _after_looks(pool.reshape(-1, _MOST_SEEDS))
    return found


def _after_looks(studies: NDArray[np.float64]) -> list[Coverage]:
    """The reported interval where seeds are added until it leaves the line out; studies: (studies, 12), truth 0."""
    found = []
    for looks in LOOKS:
        bounds = [CANDIDATES[REPORTED](studies[:, :seeds]) for seeds in looks]
        low, high = bounds[0]
        for next_low, next_high in bounds[1:]:
            open_ = (low <= 0) & (high >= 0)
            low, high = np.where(open_, next_low, low), np.where(open_, next_high, high)
        name = ", ".join(map(str, looks))
        truth = np.zeros(len(studies))
        found.append(_tally(AFTER_A_LOOK, "null", name, looks[-1], truth, low, high))
    return found


def coverage_over_videos(scenario: str, draws: int, seed: int = 0) -> list[Coverage]:
    """Coverage for the estimand "other videos too": every study has footage of its own, the truth is exactly 0."""
    generator = np.random.default_rng([seed, len(EFFECTS) + list(BIASES).index(scenario)])
    bias = BIASES[scenario]
    studies = [run_differences(draw_footage(generator, bias=bias), _MOST_SEEDS, 0.0, generator) for _ in range(draws)]
    wins = np.stack([study.wins for study in studies])
    found = []
    for seeds in SEEDS:
        cut = SeedVideoDifference(wins[:, :seeds], studies[0].abnormal, studies[0].normal)
        bounds = {
            "student_t": CANDIDATES["student_t"](cut.by_seed()),
            "two_way_t": two_way_t(cut),
            "hierarchical_bootstrap": _in_parts(cut),
        }
        for name, (low, high) in bounds.items():
            truth = np.zeros(draws)
            found.append(_tally("other videos too", scenario, name, seeds, truth, 100 * low, 100 * high))
    return found


def coverage_of_factorials(draws: int, seed: int = 0) -> list[Coverage]:
    """Coverage for the effects of factorials whose settings spread differently."""
    return [
        _tally(FACTORIAL, design.name, name, seeds, np.full(draws, design.effect), low, high)
        for design in designs()
        for seeds in SEEDS
        for name, (low, high) in simulated_bounds(design, seeds, draws, seed).items()
    ]


def simulate(draws: int, seed: int = 0) -> list[Coverage]:
    """Every scenario; draws: studies each, half as many where each study has footage of its own."""
    over_seeds = [row for scenario in EFFECTS for row in coverage_over_seeds(scenario, draws, seed)]
    over_videos = [row for scenario in BIASES for row in coverage_over_videos(scenario, max(2, draws // 2), seed)]
    return [*over_seeds, *over_videos, *coverage_of_factorials(draws, seed)]


def _in_parts(cut: SeedVideoDifference) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The hierarchical bootstrap of many studies without holding all their draws at once."""
    parts = [
        hierarchical_bootstrap(SeedVideoDifference(part, cut.abnormal, cut.normal), draws=300)
        for part in _split(cut.wins, 50)
    ]
    return np.concatenate([low for low, _ in parts]), np.concatenate([high for _, high in parts])


def _split(wins: NDArray[np.float64], size: int) -> Iterator[NDArray[np.float64]]:
    for start in range(0, len(wins), size):
        yield wins[start : start + size]


def _tally(
    estimand: str,
    scenario: str,
    interval: str,
    seeds: int,
    truth: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> Coverage:
    above, below = float((low > truth).mean()), float((high < truth).mean())
    return Coverage(
        estimand,
        scenario,
        interval,
        seeds,
        truth.size,
        float(truth.mean()),
        float(((low <= truth) & (truth <= high)).mean()),
        above,
        below,
        float((low > SMALLEST).mean()),
        _median_width(low, high),
    )


def _median_width(low: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    finite = np.isfinite(low) & np.isfinite(high)
    width = np.full(low.shape, np.inf)
    width[finite] = high[finite] - low[finite]
    return float(np.median(width))


def _smooth(generator: np.random.Generator, runs: int, spread: float) -> NDArray[np.float64]:
    """Autocorrelated noise that starts again in each video, (runs, F), of standard deviation ``spread``."""
    longest = max(LENGTHS)
    white = generator.normal(0, spread, (runs, len(LENGTHS), longest))
    white[:, :, 1:] *= np.sqrt(1 - _CORRELATION**2)
    noise = lfilter([1.0], [1.0, -_CORRELATION], white, axis=2)
    inside = np.arange(longest) < np.array(LENGTHS)[:, None]
    return np.asarray(noise[:, inside])


def _per_video(error: NDArray[np.float64]) -> NDArray[np.float64]:
    """Min-max of each run within each video; error: (runs, F)."""
    starts = np.concatenate([[0], np.cumsum(LENGTHS)[:-1]])
    low = np.repeat(np.minimum.reduceat(error, starts, axis=1), LENGTHS, axis=1)
    high = np.repeat(np.maximum.reduceat(error, starts, axis=1), LENGTHS, axis=1)
    return np.asarray((error - low) / (high - low))
