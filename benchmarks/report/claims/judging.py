"""The four words, how many seeds an open contrast needs, and the p value of a word (docs/analysis-plan.md, section 4).

The effect is the mean over seeds of a paired difference, for these test videos; its interval is the 95 % Student t
interval, whose coverage was measured (results/statistics/coverage.md). With d, the smallest effect worth a name, and s, the
margin of practical equivalence:

| claimed    | supported: interval | no practical effect: interval | opposite: interval |
|------------|---------------------|-------------------------------|--------------------|
| higher     | above +d            | within ±s                     | below -d           |
| lower      | below -d            | within ±s                     | above +d           |
| same       | within ±s           |                               | outside ±s         |
| not higher | below +s            |                               | above +s           |
| not lower  | above -s            |                               | below -s           |

"No practical effect" goes first where an interval satisfies two columns. Everything else is open, and always what has
fewer than three seeds. In place of a word stands a reason where runs are not trained long enough or a contrast's condition
is not met.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy import stats

from benchmarks.measure.intervals import CANDIDATES, REPORTED
from benchmarks.measure.statistics import interquartile_mean, paired_difference, probability_of_improvement
from benchmarks.report.claims.claims import Contrast, Direction
from benchmarks.report.claims.paired_effects import Evidence

Word = Literal["supported", "no practical effect", "opposite", "open", ""]
"""The four words, and "" where a reason stands in place of one."""
DECIDED: Final[tuple[Word, ...]] = ("supported", "no practical effect", "opposite")
MISSING: Final = "runs missing"
NOT_MEASURED: Final = "not measured"
TOO_FEW: Final = "fewer than three seeds"
WIDE: Final = "wide interval"
UNTRAINED: Final = "not trained long enough"
FEWEST_SEEDS: Final = 3
POWER: Final = 0.8
_MOST_SEEDS: Final = 1000

Region = tuple[float, float]
"""Effects between two lines, which themselves lie outside."""


@dataclass(frozen=True)
class Judgement:
    """A contrast judged in one group.

    word: one of the four, or "" where reason stands in its place; reason: why it is open or has no word, else "".
    mean, low, high, spread (standard deviation over seeds), interquartile mean: in the contrast's unit, None where there
    are too few seeds for them. improvement: chance that a run of a lies above a run of b, seeds not paired; None for a
    reference. p: t test of no difference; exact_p: sign flips; word_p: of the word, None without one of the first three.
    """

    evidence: Evidence
    word: Word
    reason: str
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    spread: float | None = None
    interquartile: float | None = None
    improvement: float | None = None
    p: float | None = None
    exact_p: float | None = None
    word_p: float | None = None

    @property
    def contrast(self) -> Contrast:
        """The contrast that was judged."""
        return self.evidence.contrast

    @property
    def seeds(self) -> int:
        """Number of pairs."""
        return len(self.evidence.effects)


def regions(direction: Direction, smallest: float, margin: float) -> dict[Word, tuple[Region, ...]]:
    """Where an interval must lie for each word, in the order in which they are given."""
    within, above, below = (-margin, margin), (smallest, math.inf), (-math.inf, -smallest)
    over, under = (margin, math.inf), (-math.inf, -margin)
    found: dict[Direction, dict[Word, tuple[Region, ...]]] = {
        "higher": {"no practical effect": (within,), "supported": (above,), "opposite": (below,)},
        "lower": {"no practical effect": (within,), "supported": (below,), "opposite": (above,)},
        "same": {"supported": (within,), "opposite": (under, over)},
        "not_higher": {"supported": ((-math.inf, margin),), "opposite": (over,)},
        "not_lower": {"supported": ((-margin, math.inf),), "opposite": (under,)},
    }
    return found[direction]


def claimed_region(evidence: Evidence) -> Region:
    """Where the interval must lie for the claim to be supported."""
    contrast = evidence.contrast
    return regions(contrast.direction, contrast.smallest, evidence.margin)["supported"][0]


def decide(low: float, high: float, direction: Direction, smallest: float, margin: float) -> Word:
    """Give an interval its word; one that touches a line is not beyond it."""
    for word, lying in regions(direction, smallest, margin).items():
        if any(left < low and high < right for left, right in lying):
            return word
    return "open"


def judge(evidence: Evidence, level: float = 0.95) -> Judgement:
    """Judge one contrast by itself."""
    values = list(evidence.effects.values())
    contrast = evidence.contrast
    if not values:
        return Judgement(evidence, "open", NOT_MEASURED if evidence.unheld else MISSING)
    withheld = "; ".join(
        reason
        for reason in (f"{UNTRAINED} ({evidence.untrained})" if evidence.untrained else "", evidence.unmet)
        if reason
    )
    mean = float(np.mean(values))
    if len(values) == 1:
        return Judgement(evidence, "" if withheld else "open", withheld or TOO_FEW, mean)
    low, high = (float(bound) for bound in CANDIDATES[REPORTED](values, level))
    word: Word = "open"
    if withheld:
        word, reason = "", withheld
    elif len(values) < FEWEST_SEEDS:
        reason = TOO_FEW
    else:
        word = decide(low, high, contrast.direction, contrast.smallest, evidence.margin)
        reason = WIDE if word == "open" else ""
    # the test is of "no effect": for a reference the effect is what is left above it
    tested = paired_difference(evidence.effects, dict.fromkeys(evidence.effects, 0.0))
    return Judgement(
        evidence,
        word,
        reason,
        mean,
        low,
        high,
        spread=float(np.std(values, ddof=1)),
        interquartile=interquartile_mean(values),
        improvement=None if contrast.b is None else probability_of_improvement(*evidence.runs),
        p=tested.p_value,
        exact_p=tested.exact_p,
        word_p=word_p(evidence, word) if word in DECIDED else None,
    )


def word_p(evidence: Evidence, word: Word) -> float:
    """The p value of a word: the smallest level at which the interval still lies where the word wants it.

    At most 1; 1 for a word that the contrast's direction does not know. Needs two seeds or more.
    """
    contrast = evidence.contrast
    lying = regions(contrast.direction, contrast.smallest, evidence.margin).get(word, ())
    return min((_level_within(list(evidence.effects.values()), region) for region in lying), default=1.0)


def _level_within(values: Sequence[float], region: Region) -> float:
    """The smallest alpha whose Student t interval of level 1 - alpha lies within a region."""
    mean = float(np.mean(values))
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    distances = [side for side in (mean - region[0], region[1] - mean) if math.isfinite(side)]
    if min(distances) <= 0:
        return 1.0
    if error == 0:
        return 0.0
    return float(2 * stats.t.sf(min(distances) / error, len(values) - 1))


def published_excluded(judgement: Judgement, published: float) -> bool | None:
    """Whether the interval ends before a published effect; None where the contrast may not be judged or none was stated."""
    if judgement.word == "" or judgement.seeds < FEWEST_SEEDS or judgement.low is None or judgement.high is None:
        return None
    return judgement.high < published if published > 0 else judgement.low > published


def seeds_needed(distance: float, spread: float, *, both_sides: bool = False) -> int | None:
    """Seeds with which the 95 % interval of a true effect so far from the line stays on its side in 80 % of studies.

    both_sides: two lines at that distance, so each is held in 90 %. At least three; None for more than a thousand.
    Exact under normal differences: noncentral t.
    """
    if distance <= 0:
        return None
    if spread == 0:
        return FEWEST_SEEDS
    wanted = 1 - (1 - POWER) / 2 if both_sides else POWER
    # power grows with the number of seeds, so that the fewest are found by halving
    found = bisect_left(
        range(FEWEST_SEEDS, _MOST_SEEDS + 1), x=True, key=lambda seeds: _power(seeds, distance / spread) >= wanted
    )
    return FEWEST_SEEDS + found if FEWEST_SEEDS + found <= _MOST_SEEDS else None


def _power(seeds: int, effect: float) -> float:
    """Chance that the interval of an effect, in standard deviations, stays on its side of a line."""
    power = float(stats.nct.sf(stats.t.ppf(0.975, seeds - 1), seeds - 1, effect * math.sqrt(seeds)))
    return 1.0 if math.isnan(power) else power  # scipy gives NaN far in the tail


def seeds_at_observed(judgement: Judgement) -> int | None:
    """Seeds that decide if the true effect is the observed one; None where the spread is unknown or it lies too close."""
    if judgement.mean is None or judgement.spread is None:
        return None
    return _seeds_if(judgement, judgement.mean)


def seeds_without_effect(judgement: Judgement) -> int | None:
    """Seeds that decide if there is no effect at all; None where the spread is unknown or no word is about that."""
    return None if judgement.spread is None else _seeds_if(judgement, 0.0)


def _seeds_if(judgement: Judgement, true: float) -> int | None:
    """Seeds with which a true effect gets the word of the region that it lies in."""
    assert judgement.spread is not None, "the spread is known"
    contrast = judgement.contrast
    for lying in regions(contrast.direction, contrast.smallest, judgement.evidence.margin).values():
        for left, right in lying:
            if left < true < right:
                distance = min(true - left, right - true)
                bounded = math.isfinite(left) and math.isfinite(right)
                return seeds_needed(distance, judgement.spread, both_sides=bounded)
    return None
