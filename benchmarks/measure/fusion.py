"""A frame's score as a weighted sum of its normalised terms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.errors import StudyError
from benchmarks.measure.normalise import Moments, Normalisation, normalise
from benchmarks.measure.terms import orientation

if TYPE_CHECKING:
    from numpy.typing import NDArray

Calibration = pd.DataFrame | Mapping[str, Moments]
"""Terms of held-out normal training frames, or their moments: column (or key) per term, in the term's own sign."""


@dataclass(frozen=True)
class Score:
    """A score's name and the weight of each of its terms; a term of weight 0 is left out.

    MNAD's published score is ``Score("fused", {"psnr": alpha, "feature_distance": 1 - alpha})``.
    """

    name: str
    weights: Mapping[str, float]

    def __post_init__(self) -> None:
        """Raise StudyError for an unknown term, a weight that is negative or not finite, or no weight above 0."""
        for term, weight in self.weights.items():
            orientation(term)
            if not (math.isfinite(weight) and weight >= 0):
                raise StudyError(f"Expected weights of at least 0 in score {self.name}, but got {weight} for {term}")
        if not self.terms:
            raise StudyError(f"Expected a term of weight above 0 in score {self.name}, but got none: give it one")

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the terms that count, sorted, so that the sum does not depend on how the weights were written."""
        return tuple(sorted(term for term, weight in self.weights.items() if weight > 0))


@dataclass(frozen=True)
class FusedScore:
    """values: (n,) float64, high = abnormal; notes: what normalisation had to say."""

    values: NDArray[np.float64]
    notes: tuple[str, ...]


def fuse(terms: pd.DataFrame, score: Score, how: Normalisation, calibration: Calibration | None = None) -> FusedScore:
    """Anomaly score of each frame: sum over terms of weight * normalise(orientation * term).

    terms: one row per frame, column ``video`` and a column per term in its own sign.
    With min-max and weights that sum to 1 it is 1 - normality of MNAD (Park et al. 2020; alpha = weight of psnr), and
    with one error term 1 - regularity of MemAE (Gong et al. 2019).

    Raises:
        StudyError: if a column is missing, or as ``normalise`` does.
    """
    total = np.zeros(len(terms))
    notes: list[str] = []
    for term in score.terms:
        sign = orientation(term)
        part = normalise(
            sign * _column(terms, term, f"score {score.name}"),
            _videos(terms),
            how,
            _oriented(calibration, term, sign, score.name) if how == "train" else None,
            term=term,
        )
        total += score.weights[term] * part.values  # noqa: PD011 - not pandas
        notes += part.notes
    return FusedScore(total, tuple(notes))


def _column(table: pd.DataFrame, term: str, user: str) -> NDArray[np.float64]:
    if term not in table.columns:
        raise StudyError(
            f"Expected a column {term} for {user}, but got {', '.join(map(str, table.columns))}: choose another score"
        )
    return table[term].to_numpy(dtype=np.float64)


def _videos(table: pd.DataFrame) -> NDArray[np.str_]:
    if "video" not in table.columns:
        raise StudyError(f"Expected a column video next to the terms, but got {', '.join(map(str, table.columns))}")
    return table["video"].to_numpy(dtype=np.str_)


def _oriented(
    calibration: Calibration | None, term: str, sign: int, score: str
) -> NDArray[np.float64] | Moments | None:
    """Turn the term's calibration to high = abnormal."""
    if calibration is None:
        return None
    if isinstance(calibration, pd.DataFrame):
        return sign * _column(calibration, term, f"the calibration of score {score}")
    if term not in calibration:
        raise StudyError(f"Expected moments of {term} to calibrate score {score}, but got {', '.join(calibration)}")
    return Moments(sign * calibration[term].mean, calibration[term].std)
