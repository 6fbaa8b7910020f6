"""Three ways to bring a term of the score to a common scale before terms are added.

``per_video`` is the published way: min-max within each test video, so it needs the whole video and gives a video that
is abnormal throughout the full range. ``global`` is min-max over all test frames. ``train`` is the z-score by normal
frames that were held out from training: the only one that a system in use could compute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from benchmarks.errors import StudyError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Normalisation = Literal["per_video", "global", "train"]
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)


@dataclass(frozen=True)
class Moments:
    """Mean and standard deviation (divided by n) of a term over held-out normal frames; small enough for a record."""

    mean: float
    std: float

    @classmethod
    def of(cls, values: ArrayLike) -> Moments:
        """Moments of one term; values: (n,). Raises StudyError if there is none, or one that is not finite."""
        array = np.asarray(values, dtype=np.float64)
        if array.ndim != 1 or not array.size or not np.all(np.isfinite(array)):
            raise StudyError(
                f"Expected finite calibration values of shape (n,), but got shape {array.shape}: hold out a training video"
            )
        # the sum behind std() rounds, so equal values can give 1e-18
        return cls(float(array.mean()), float(array.std()) if np.ptp(array) > 0 else 0.0)


@dataclass(frozen=True)
class Normalised:
    """values: (n,) float64; notes: a sentence for each constant that was set to 0."""

    values: NDArray[np.float64]
    notes: tuple[str, ...]


def normalise(
    values: ArrayLike,
    videos: ArrayLike,
    how: Normalisation,
    calibration: ArrayLike | Moments | None = None,
    *,
    term: str = "term",
) -> Normalised:
    """Bring one term to a common scale.

    values: (n,) one number per frame, high = abnormal. videos: (n,) name of each frame's video.
    calibration: (m,) the same term, same sign, on held-out normal training frames, or its moments; for ``train``.
    term: name used in notes.

    A term that does not vary (in a video, over all frames, over the calibration frames) contributes 0 and a note says
    where; the official code divides 0 by 0 there and gets NaN.

    Raises:
        StudyError: for an unknown way, arrays that do not fit, values not finite, or ``train`` without calibration.
    """
    x = np.asarray(values, dtype=np.float64)
    names = np.asarray(videos)
    if x.ndim != 1 or not x.size or x.shape != names.shape or not np.all(np.isfinite(x)):
        raise StudyError(
            f"Expected finite values and a video for each, but got shapes {x.shape} and {names.shape} for {term}"
        )
    if how == "per_video":
        return _per_video(x, names, term)
    if how == "global":
        if np.ptp(x) == 0:
            return Normalised(np.zeros_like(x), (f"{term} is constant over all test frames: it contributes 0",))
        return Normalised((x - x.min()) / np.ptp(x), ())
    if how == "train":
        if calibration is None:
            raise StudyError(
                f"Expected calibration values of {term} to normalise by train, but got none: hold out a training video"
            )
        moments = calibration if isinstance(calibration, Moments) else Moments.of(calibration)
        if moments.std == 0:
            return Normalised(np.zeros_like(x), (f"{term} is constant over the calibration frames: it contributes 0",))
        return Normalised((x - moments.mean) / moments.std, ())
    raise StudyError(f"Expected a normalisation of {', '.join(NORMALISATIONS)}, but got {how!r}")


def _per_video(x: NDArray[np.float64], names: NDArray[np.generic], term: str) -> Normalised:
    """Min-max within each video."""
    unique, index = np.unique(names, return_inverse=True)
    low = np.full(unique.size, np.inf)
    high = np.full(unique.size, -np.inf)
    np.minimum.at(low, index, x)
    np.maximum.at(high, index, x)
    span = high - low
    constant = span == 0
    scaled = np.where(constant[index], 0.0, (x - low[index]) / np.where(constant, 1.0, span)[index])
    return Normalised(
        scaled, tuple(f"{term} is constant in video {name}: it contributes 0" for name in unique[constant])
    )
