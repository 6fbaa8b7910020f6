"""A claim's word in one group from its contrasts', and what of all words survives a correction for their number."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from statsmodels.stats.multitest import multipletests

from benchmarks.report.claims.claims import Claim
from benchmarks.report.claims.judging import (
    DECIDED,
    MISSING,
    NOT_MEASURED,
    TOO_FEW,
    WIDE,
    Judgement,
    Word,
    judge,
    word_p,
)
from benchmarks.report.claims.paired_effects import Evidence
from benchmarks.report.read.groups import Group

LEVEL: Final = 0.05
OUT_OF_SCOPE: Final = "out of scope"
MIXED: Final = "its comparisons differ"
_ORDER: Final = (MISSING, NOT_MEASURED, TOO_FEW, WIDE, MIXED)


@dataclass(frozen=True)
class ClaimVerdict:
    """A claim judged in one group.

    word: one of the four, or "" where reasons stand in its place. p: of the word; holm_p: the same, corrected for all
    claims and groups that have a word. Both are None without a word that decides. judgements: of its contrasts.
    """

    claim: Claim
    group: Group
    word: Word
    reasons: tuple[str, ...]
    judgements: tuple[Judgement, ...]
    p: float | None = None
    holm_p: float | None = None

    @property
    def deciding(self) -> list[Judgement]:
        """The judgements that the word rests on."""
        return [one for one in self.judgements if one.contrast.deciding]

    @property
    def exploratory(self) -> bool:
        """Whether any run behind the word started before the plan was frozen."""
        return any(one.evidence.exploratory for one in self.deciding)

    @property
    def survives(self) -> bool:
        """Whether the word stands after the correction for all claims and groups."""
        return self.holm_p is not None and self.holm_p <= LEVEL


def judge_claim(claim: Claim, group: Group, evidence: Sequence[Evidence]) -> ClaimVerdict:
    """Judge a claim by its contrasts in one group; contrasts that do not decide are judged alongside.

    Supported or of no practical effect if all its deciding contrasts are; opposite if one of k is at the level 1 - 0.05/k.
    A set of alternatives counts as one contrast: it has a word if one of its k alternatives is supported at the level
    1 - 0.05/k, or if all have the same.
    """
    judgements = tuple(map(judge, evidence))
    if claim.out_of_scope:
        bare = tuple(replace(one, word="", reason=OUT_OF_SCOPE, word_p=None) for one in judgements)
        return ClaimVerdict(claim, group, "", (f"{OUT_OF_SCOPE}: {claim.out_of_scope}",), bare)
    units = _units(judgements)
    levels = {word: _claim_p(units, word) for word in DECIDED}
    for word in ("opposite", "no practical effect", "supported"):
        if (p := levels[word]) <= LEVEL:
            return ClaimVerdict(claim, group, word, (), judgements, p)
    return ClaimVerdict(claim, group, *_open(units), judgements)


def with_holm(verdicts: Sequence[ClaimVerdict]) -> list[ClaimVerdict]:
    """Add Holm's adjusted p values over all claims and groups that have a word."""
    judged = [one for one in verdicts if one.p is not None]
    corrected = multipletests([one.p for one in judged], method="holm")[1].tolist()
    of = dict(zip(map(id, judged), corrected, strict=True))
    return [replace(one, holm_p=of.get(id(one))) for one in verdicts]


def _units(judgements: Sequence[Judgement]) -> list[list[Judgement]]:
    """Deciding contrasts, those that are alternatives together."""
    found: dict[object, list[Judgement]] = {}
    for place, one in enumerate(judgements):
        if one.contrast.deciding:
            alternatives = one.contrast.alternatives
            key = ("contrast", place) if alternatives is None else ("alternatives", alternatives)
            found.setdefault(key, []).append(one)
    return list(found.values())


def _claim_p(units: Sequence[Sequence[Judgement]], word: Word) -> float:
    """The smallest level at which the claim still gets a word from its contrasts; 1 where it gets it at none."""
    each = [_unit_p(unit, word) for unit in units]
    if not each:
        return 1.0
    return min(1.0, len(each) * min(each)) if word == "opposite" else max(each)


def _unit_p(unit: Sequence[Judgement], word: Word) -> float:
    """The same of one contrast, or of a set of alternatives: one is enough to support, all have to be anything else."""
    each = [_contrast_p(one, word) for one in unit]
    return min(1.0, len(each) * min(each)) if word == "supported" else max(each)


def _contrast_p(one: Judgement, word: Word) -> float:
    """A contrast without a word is for none; of two words whose intervals overlap it is for the one that goes first."""
    if one.word not in DECIDED:
        return 1.0
    if word != one.word == "no practical effect":
        return 1.0
    return word_p(one.evidence, word)


def _open(units: Sequence[Sequence[Judgement]]) -> tuple[Word, tuple[str, ...]]:
    """What stands in place of a decision, and why: a reason without a word goes before those that are open."""
    deciding = [one for unit in units for one in unit]
    withheld = list(dict.fromkeys(one.reason for one in deciding if one.word == ""))
    if withheld:
        return "", tuple(withheld)
    found = {one.reason for one in deciding if one.word == "open"} or {MIXED}
    return "open", tuple(reason for reason in _ORDER if reason in found)
