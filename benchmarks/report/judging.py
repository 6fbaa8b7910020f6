"""The rule of the verdict, and how many seeds an open one needs.

The effect is the mean over seeds of a paired difference, for the test videos at hand; its interval is the 95 % Student t
interval, whose coverage was measured (results/statistics/coverage.md). With s, the smallest effect worth the name:

| claimed    | reproduced: the whole interval lies | contradicted: the whole interval lies |
|------------|-------------------------------------|---------------------------------------|
| higher     | above +s                            | below +s                              |
| lower      | below -s                            | above -s                              |
| same       | within -s and +s                    | above +s, or below -s                 |
| not higher | below +s                            | above +s                              |
| not lower  | above -s                            | below -s                              |

Holm's correction within a family of claims stands beside the effects; the rule's own level is for a claim on a set.
Otherwise, and always with fewer than three seeds, it is not decided. A claim on a data set is reproduced if each of its
k deciding contrasts is; it is contradicted if one of them is even by an interval of level 1 - 0.05/k (Bonferroni), so that
many contrasts do not contradict by chance. A contrast that only its 95 % interval contradicts speaks neither way.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from scipy import stats

from benchmarks.measure.intervals import CANDIDATES, REPORTED
from benchmarks.measure.statistics import holm, interquartile_mean, paired_difference, probability_of_improvement
from benchmarks.report.claims import Claim, Contrast, Direction
from benchmarks.report.evidence import Evidence, Group

Verdict = Literal["reproduced", "contradicted", "not decided"]
Reason = Literal["", "missing cells", "not measured", "too few seeds", "hardly happens", "wide interval"]
FEWEST_SEEDS: Final = 3
POWER: Final = 0.8
_MOST_SEEDS: Final = 1000
_REASONS: Final[tuple[Reason, ...]] = (
    "missing cells",
    "not measured",
    "too few seeds",
    "hardly happens",
    "wide interval",
)


@dataclass(frozen=True)
class Judgement:
    """A contrast judged in one group.

    mean, low, high, spread (standard deviation over seeds), interquartile mean: in the contrast's unit, None where there
    are too few seeds for them. low_claim, high_claim: the interval at the level at which the contrast contradicts its
    claim; None where it decides nothing. improvement: chance that a run of a lies above a run of b, seeds not paired; None for a
    reference. p: t test of no difference; holm_p: the same within the claim's family in this group; exact_p: sign flips.
    """

    evidence: Evidence
    verdict: Verdict
    reason: Reason
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    low_claim: float | None = None
    high_claim: float | None = None
    spread: float | None = None
    interquartile: float | None = None
    improvement: float | None = None
    p: float | None = None
    holm_p: float | None = None
    exact_p: float | None = None

    @property
    def contrast(self) -> Contrast:
        """The contrast that was judged."""
        return self.evidence.contrast

    @property
    def seeds(self) -> int:
        """Number of pairs."""
        return len(self.evidence.effects)

    @property
    def for_claim(self) -> Verdict:
        """What the claim counts it as: its own verdict, but against the claim only by the wider interval."""
        if self.verdict != "contradicted" or self.low_claim is None or self.high_claim is None:
            return self.verdict
        return decide(self.low_claim, self.high_claim, self.contrast.direction, self.contrast.smallest)


@dataclass(frozen=True)
class ClaimVerdict:
    """A claim judged in one group: the verdict, why it is open where it is, and its contrasts."""

    claim: Claim
    group: Group
    verdict: Verdict
    reasons: tuple[Reason, ...]
    judgements: tuple[Judgement, ...]


def claimed_region(direction: Direction, smallest: float) -> tuple[float, float]:
    """Effects that the claim says are true, as an open interval."""
    return {
        "higher": (smallest, math.inf),
        "lower": (-math.inf, -smallest),
        "same": (-smallest, smallest),
        "not_higher": (-math.inf, smallest),
        "not_lower": (-smallest, math.inf),
    }[direction]


def decide(low: float, high: float, direction: Direction, smallest: float) -> Verdict:
    """Apply the rule to an interval; one that touches a line is not beyond it."""
    left, right = claimed_region(direction, smallest)
    if left < low and high < right:
        return "reproduced"
    return "contradicted" if high < left or low > right else "not decided"


def judge(evidence: Evidence, level: float = 0.95) -> Judgement:
    """Judge one contrast by itself."""
    values = list(evidence.effects.values())
    contrast = evidence.contrast
    if not values:
        return Judgement(evidence, "not decided", "not measured" if evidence.unheld else "missing cells")
    mean = float(np.mean(values))
    if len(values) == 1:
        return Judgement(evidence, "not decided", "too few seeds", mean)
    low, high = (float(bound) for bound in CANDIDATES[REPORTED](values, level))
    # the test is of "no effect": for a reference the effect is what is left above it
    tested = paired_difference(evidence.effects, dict.fromkeys(evidence.effects, 0.0))
    verdict: Verdict = "not decided"
    reason: Reason = "too few seeds"
    if len(values) >= FEWEST_SEEDS:
        verdict = decide(low, high, contrast.direction, contrast.smallest)
        reason = "wide interval" if verdict == "not decided" else ""
    if evidence.idle:
        verdict, reason = "not decided", "hardly happens"
    spread = float(np.std(values, ddof=1))
    improvement = None if contrast.b is None else probability_of_improvement(*evidence.runs)
    return Judgement(
        evidence,
        verdict,
        reason,
        mean,
        low,
        high,
        spread=spread,
        interquartile=interquartile_mean(values),
        improvement=improvement,
        p=tested.p_value,
        exact_p=tested.exact_p,
    )


def judge_claim(claim: Claim, group: Group, evidence: Sequence[Evidence]) -> ClaimVerdict:
    """Judge a claim by its contrasts in one group; contrasts that do not decide are judged beside."""
    number = sum(one.contrast.deciding for one in evidence)
    judgements = tuple(_widened(judge(one), number) if one.contrast.deciding else judge(one) for one in evidence)
    deciding = [one for one in judgements if one.contrast.deciding]
    if any(one.for_claim == "contradicted" for one in deciding):
        return ClaimVerdict(claim, group, "contradicted", (), judgements)
    if deciding and all(one.verdict == "reproduced" for one in deciding):
        return ClaimVerdict(claim, group, "reproduced", (), judgements)
    open_ones = {one.reason for one in deciding if one.verdict == "not decided"}
    if not open_ones:  # a contrast is contradicted alone, but not so strictly as many contrasts ask for
        open_ones = {"wide interval"}
    return ClaimVerdict(claim, group, "not decided", tuple(r for r in _REASONS if r in open_ones), judgements)


def _widened(judgement: Judgement, number: int) -> Judgement:
    """Add the interval at the level of a claim with that number of deciding contrasts."""
    strict = judge(judgement.evidence, 1 - 0.05 / number)
    return replace(judgement, low_claim=strict.low, high_claim=strict.high)


def with_holm(verdicts: Sequence[ClaimVerdict]) -> list[ClaimVerdict]:
    """Add Holm's adjusted p values: over the deciding contrasts of one family in one group, each pair of sides once."""
    families: dict[tuple[str, Group], list[Judgement]] = {}
    for verdict in verdicts:
        family = families.setdefault((verdict.claim.family, verdict.group), [])
        family += [one for one in verdict.judgements if one.contrast.deciding and one.p is not None]
    adjusted: dict[int, float] = {}
    for family in families.values():
        p_of: dict[object, float] = {_sides(one): one.p for one in family if one.p is not None}
        corrected = dict(zip(p_of, holm(list(p_of.values())), strict=True))
        adjusted |= {id(one): corrected[_sides(one)] for one in family}
    return [
        replace(verdict, judgements=tuple(replace(one, holm_p=adjusted.get(id(one))) for one in verdict.judgements))
        for verdict in verdicts
    ]


def _sides(judgement: Judgement) -> tuple[object, ...]:
    """What makes two contrasts the same test, so that a family counts it once."""
    contrast = judgement.contrast
    sides = [(repr(sorted(side.choice.items())), side.variant) for side in (contrast.a, contrast.b) if side is not None]
    return (contrast.quantity, contrast.score, contrast.normalisation, contrast.reference, *sides)


def seeds_needed(distance: float, spread: float, *, both_sides: bool = False) -> int | None:
    """Seeds with which the 95 % interval of a true effect so far from the line stays on its side in 80 % of studies.

    both_sides: two lines at that distance, so each is held in 90 %. At least three; None for more than a thousand.
    Exact under normal differences: noncentral t.
    """
    if distance <= 0:
        return None
    if spread == 0:
        return FEWEST_SEEDS
    seeds = np.arange(FEWEST_SEEDS, _MOST_SEEDS + 1)
    wanted = 1 - (1 - POWER) / 2 if both_sides else POWER
    power = stats.nct.sf(stats.t.ppf(0.975, seeds - 1), seeds - 1, distance / spread * np.sqrt(seeds))
    # far in the tail scipy gives NaN where the power is 1
    enough = np.flatnonzero(np.where(np.isnan(power), 1.0, power) >= wanted)
    return int(seeds[enough[0]]) if enough.size else None


def seeds_at_observed(judgement: Judgement) -> int | None:
    """Seeds that decide if the true effect is the observed one; None where the spread is unknown or it lies too close."""
    if judgement.mean is None or judgement.spread is None:
        return None
    contrast = judgement.contrast
    lines = [line for line in claimed_region(contrast.direction, contrast.smallest) if math.isfinite(line)]
    return seeds_needed(min(abs(judgement.mean - line) for line in lines), judgement.spread)


def seeds_at_smallest(judgement: Judgement) -> int | None:
    """Seeds that decide if the true effect lies one smallest effect from the line, as no effect at all does."""
    contrast = judgement.contrast
    if judgement.spread is None:
        return None
    return seeds_needed(contrast.smallest, judgement.spread, both_sides=contrast.direction == "same")
