"""The difference of two settings when test videos are a sample too: seeds x videos, both resampled.

An interval over seeds speaks of these test videos. The ones here speak of other videos of the same kind as well, and are
therefore wider. Twelve videos are few, so even they are a rough guide: `python -m benchmarks simulate` measures how
often they hold the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from benchmarks.errors import StudyError
from benchmarks.measure.statistics import VideoPairs

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class SeedVideoDifference:
    """All that the difference of two micro AUCs needs to know, for n seeds and V videos.

    wins: (..., n, V, V) pairs (abnormal frame of i, normal frame of j) that a ranks rightly minus those that b does.
    abnormal, normal: (V,) numbers of frames, the same on both sides.
    """

    wins: NDArray[np.float64]
    abnormal: NDArray[np.float64]
    normal: NDArray[np.float64]

    @classmethod
    def of(cls, a: Sequence[VideoPairs], b: Sequence[VideoPairs]) -> SeedVideoDifference:
        """Pair two settings; a, b: one per seed, in the same order of seeds, on the same frames.

        Raises:
            StudyError: if there is no seed, or numbers of seeds or frames differ.
        """
        same = len(a) == len(b) > 0 and all(
            np.array_equal(one.abnormal, a[0].abnormal) and np.array_equal(one.normal, a[0].normal) for one in (*a, *b)
        )
        if not same:
            raise StudyError(
                f"Expected both sides on the same frames for the same seeds, but got {len(a)} and {len(b)} runs: "
                "keep the frames that both score"
            )
        wins = np.stack([one.wins - other.wins for one, other in zip(a, b, strict=True)])
        return cls(wins, a[0].abnormal, a[0].normal)

    def by_seed(self) -> NDArray[np.float64]:
        """Difference of micro AUC for each seed, (..., n)."""
        return np.asarray(self.wins.sum(axis=(-2, -1)) / (self.abnormal.sum() * self.normal.sum()))

    def without_each_video(self) -> NDArray[np.float64]:
        """Mean difference over seeds when one video is left out, (..., V); NaN where one class is left."""
        kept = 1.0 - np.eye(self.normal.size)
        mean = self.wins.mean(axis=-3)
        return self._areas(np.einsum("ki,...ij,kj->...k", kept, mean, kept), kept)

    def bootstrap(self, draws: int, generator: np.random.Generator) -> NDArray[np.float64]:
        """Mean difference when seeds and videos are drawn with replacement, (..., draws)."""
        seeds, videos = self.wins.shape[-3], self.normal.size
        weights = generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=draws) / seeds
        taken = generator.multinomial(videos, np.full(videos, 1 / videos), size=draws).astype(np.float64)
        mixed = np.einsum("ds,...sij->...dij", weights, self.wins)
        return self._areas(np.einsum("di,...dij,dj->...d", taken, mixed, taken), taken)

    def _areas(self, right: NDArray[np.float64], taken: NDArray[np.float64]) -> NDArray[np.float64]:
        pairs = (taken @ self.abnormal) * (taken @ self.normal)
        return np.asarray(np.where(pairs > 0, right / np.where(pairs > 0, pairs, 1.0), np.nan))


def hierarchical_bootstrap(
    difference: SeedVideoDifference, *, draws: int = 2000, seed: int = 0, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile interval of the mean difference over seeds x videos -> low (...), high (...); draws of one class drop."""
    areas = difference.bootstrap(draws, np.random.default_rng(seed))
    low, high = np.nanquantile(areas, [(1 - level) / 2, (1 + level) / 2], axis=-1)
    return low, high


def two_way_t(difference: SeedVideoDifference, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Student's t interval whose variance is that over seeds plus the jackknife's over videos -> low (...), high (...).

    Degrees of freedom by Satterthwaite from n - 1 and V - 1. The noise that seeds and videos share is counted twice, so
    it errs on the wide side.

    Raises:
        StudyError: for fewer than two seeds or videos.
    """
    values = difference.by_seed()
    seeds, videos = values.shape[-1], difference.normal.size
    if seeds < 2 or videos < 2:
        raise StudyError(f"Expected at least two seeds and two videos, but got {seeds} and {videos}")
    left = difference.without_each_video()
    count = np.sum(~np.isnan(left), axis=-1)
    over_videos = (count - 1) * np.nanvar(left, axis=-1)
    over_seeds = values.var(axis=-1, ddof=1) / seeds
    total = over_seeds + over_videos
    below = over_seeds**2 / (seeds - 1) + over_videos**2 / (count - 1)
    freedom = np.where(below > 0, total**2 / np.where(below > 0, below, 1.0), seeds - 1)
    mean = values.mean(axis=-1)
    half = stats.t.ppf((1 + level) / 2, freedom) * np.sqrt(total)
    return mean - half, mean + half
