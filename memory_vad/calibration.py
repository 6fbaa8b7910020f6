"""A threshold that can be stated: conformal p-values over blocks of held-out normal footage.

Neighbouring frames are alike, so a quantile of frames promises nothing about alarms. Here the unit is a block of a few
seconds. M_1 .. M_n are the highest scores in the n blocks of held-out normal footage. For a score s

    p(s) = (1 + #{j: M_j >= s}) / (n + 1)

bounds the probability that a normal block reaches s, if normal blocks to come are like those (Vovk et al. 2005). Alarms
that are less than a block apart are one event (`memory_vad.events`), so a block begins at most one event, and alarms at
p <= rate x block / 3600 come at most `rate` times an hour of normal footage, in expectation.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import StudyError
from benchmarks.measure.normalise import Moments
from benchmarks.measure.terms import orientation

BLOCK_SECONDS = 10.0
SUSTAINED_SECONDS = 0.4
_QUANTILES = (0.001, 0.5, 0.999)


@dataclass(frozen=True)
class Calibration:
    """What held-out normal footage says.

    weights: of the score's terms. moments: term -> (mean, standard deviation), the scale of each term.
    maxima: highest sustained score of each block, in descending order. quantiles: of its scores (0.1 %, median, 99.9 %).
    block: seconds. sustained: frames that a score has to last. seconds: of footage that it rests on.
    """

    weights: Mapping[str, float]
    moments: Mapping[str, tuple[float, float]]
    maxima: tuple[float, ...]
    quantiles: tuple[float, float, float]
    block: float
    sustained: int
    seconds: float

    @classmethod
    def of(
        cls,
        runs: Sequence[Mapping[str, NDArray[np.float64]]],
        weights: Mapping[str, float],
        fps: float,
        *,
        block: float = BLOCK_SECONDS,
    ) -> Self:
        """Calibrate on runs of consecutive normal frames; each run: term -> (n,), in the term's own sign.

        A run shorter than a block gives none, and the rest of a run behind its last whole block gives none.
        """
        terms = [term for term, weight in weights.items() if weight > 0]
        if not runs or not sum(len(run[terms[0]]) for run in runs):
            raise StudyError("Expected normal footage to calibrate on, but there is none; hold out more of it.")
        pooled = {term: Moments.of(np.concatenate([run[term] for run in runs])) for term in terms}
        moments = {term: (moment.mean, moment.std) for term, moment in pooled.items()}
        scores = [score_of(run, weights, moments) for run in runs]
        lasting = max(1, round(SUSTAINED_SECONDS * fps))
        length = max(1, round(block * fps))
        blocks = [
            sustained(run, lasting)[start : start + length].max()
            for run in scores
            for start in range(0, len(run) - length + 1, length)
        ]
        every = np.concatenate(scores)
        low, median, high = (float(value) for value in np.quantile(every, _QUANTILES))
        return cls(
            weights={term: weights[term] for term in terms},
            moments=moments,
            maxima=tuple(sorted(map(float, blocks), reverse=True)),
            quantiles=(low, median, high),
            block=block,
            sustained=lasting,
            seconds=len(every) / fps,
        )

    def score(self, terms: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the anomaly score (n,) of frames: weighted terms in standard deviations of normal footage."""
        return score_of(terms, self.weights, self.moments)

    def p_values(self, lasting: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return p (n,) of sustained scores: how likely a normal block reaches each."""
        ascending = np.asarray(self.maxima[::-1])
        at_least = len(ascending) - np.searchsorted(ascending, lasting, side="left")
        return np.asarray((1 + at_least) / (len(ascending) + 1), dtype=np.float64)

    def level(self, per_hour: float) -> float:
        """Return the p at or below which to raise an alarm so that at most `per_hour` come an hour.

        Where the footage is too short for that it is the smallest p there is; `missing_minutes` says what is missing.
        """
        if not math.isfinite(per_hour) or per_hour <= 0:
            raise StudyError(f"Expected a rate above 0 alarms an hour, but got {per_hour:g}; 1 is a common one.")
        if not self.maxima:
            return 0.0  # without a whole block there is nothing to compare with, and no alarm
        # A rounding below a whole number of blocks would cost one.
        return max(per_hour * self.block / 3600 * (1 + 1e-12), 1 / (len(self.maxima) + 1))

    def threshold(self, per_hour: float) -> float:
        """Return the score above which a sustained score raises an alarm; infinity without a whole block."""
        if not self.maxima:
            return math.inf
        allowed = math.floor(self.level(per_hour) * (len(self.maxima) + 1)) - 1
        return self.maxima[allowed] if allowed < len(self.maxima) else -math.inf

    def missing_minutes(self, per_hour: float) -> float:
        """Return how many more minutes of normal footage the promise of `per_hour` needs; 0 where it holds."""
        needed = math.ceil(3600 / (per_hour * self.block) - 1e-9) - 1
        return max(0, needed - len(self.maxima)) * self.block / 60

    def best_promise(self) -> float:
        """Return the smallest rate an hour that can be promised."""
        return 3600 / self.block / (len(self.maxima) + 1)

    def mean_error(self) -> float:
        """Return the mean squared error of normal frames in [0, 1], roughly: what a heat map takes for normal."""
        if "psnr" in self.moments:
            return float(10 ** (-self.moments["psnr"][0] / 10))
        mean = self.moments.get("mse", self.moments.get("mean_absolute_error", (0.01, 0.0)))[0]
        return max(mean if "mse" in self.moments else mean**2, 1e-6)

    def foreign(self, scores: NDArray[np.float64]) -> str | None:
        """Return a warning where scores lie so far off that they seem to come from another camera; None otherwise."""
        low, median, high = self.quantiles
        middle = float(np.median(scores))
        if low <= middle <= high:
            return None
        return (
            f"Half of these frames score {'above' if middle > high else 'below'} {middle:.1f}, but of the normal footage "
            f"that the weights were calibrated on 99.8 % score from {low:.1f} to {high:.1f} (median {median:.1f}): this "
            "seems to be another camera, scene or light. Scores rank frames at best; calibrate on this camera's own "
            "normal footage (memory-vad calibrate)."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        moments = {term: (float(mean), float(std)) for term, (mean, std) in values["moments"].items()}
        low, median, high = values["quantiles"]
        known = {**values, "moments": moments, "maxima": tuple(values["maxima"]), "quantiles": (low, median, high)}
        return cls(**known)


def score_of(
    terms: Mapping[str, NDArray[np.float64]],
    weights: Mapping[str, float],
    moments: Mapping[str, tuple[float, float]],
) -> NDArray[np.float64]:
    """Return sum of weight x orientation x (term - mean) / standard deviation: the study's normalisation `train`."""
    total = np.zeros(len(next(iter(terms.values()))))
    for term in sorted(weights):
        mean, std = moments[term]
        if std > 0:
            total += weights[term] * orientation(term) * (terms[term] - mean) / std
    return total


def sustained(scores: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
    """Return the lowest score of each frame and those before it, `frames` in all: what has lasted so long.

    At the start of a run there is less to look back on: such frames get minus infinity.
    """
    lasting = np.full(len(scores), -np.inf)
    if len(scores) >= frames:
        windows = np.lib.stride_tricks.sliding_window_view(scores, frames)
        lasting[frames - 1 :] = windows.min(axis=1)
    return lasting
