from dataclasses import replace

import pytest

from benchmarks.measure.intervals import student_t
from benchmarks.report.claims.claim_judging import MIXED, OUT_OF_SCOPE, ClaimVerdict, judge_claim, with_holm
from benchmarks.report.claims.claims import Claim, Contrast, Direction, Side
from benchmarks.report.claims.judging import MISSING, WIDE, judge, word_p
from benchmarks.report.claims.paired_effects import Evidence
from benchmarks.report.read.groups import Group

GROUP = Group("ped2", "cpu")
GOOD, BAD, NULL = [2.0, 2.1, 1.9], [-2.0, -2.1, -1.9], [0.1, 0.0, -0.1]
NEAR = [-0.65, -1.3, -0.65, -1.2, -0.9]
"""Wholly below -0.5 by the 95 % interval, but not by that of a claim with twenty contrasts."""


def evidence(
    values: list[float], direction: Direction = "higher", *, alternatives: int | None = None, deciding: bool = True
) -> Evidence:
    sides = Side({"method": "mnad", "task": "prediction"}), Side({"method": "mnad", "task": "prediction"})
    contrast = Contrast("x", "", "auc", *sides, direction, 0.5, ("ped2",), deciding=deciding, alternatives=alternatives)
    runs = (tuple(values), (0.0,) * len(values))
    return Evidence(contrast, GROUP, dict(enumerate(values)), None, None, None, (), False, (), runs, 0.5)


def judged(*those: Evidence, out_of_scope: str = "") -> ClaimVerdict:
    contrasts = tuple(one.contrast for one in those)
    claim = Claim("C1", "memory", "Memory helps.", "a test", ("ped2",), contrasts, out_of_scope)
    return judge_claim(claim, GROUP, those)


def found(*those: Evidence) -> tuple[str, tuple[str, ...]]:
    verdict = judged(*those)
    return verdict.word, verdict.reasons


class TestJudgeClaim:
    def test_all_must_agree(self) -> None:
        """Supported or without practical effect if every contrast is; words that differ leave it open."""
        assert found(evidence(GOOD), evidence(GOOD)) == ("supported", ())
        assert found(evidence(NULL), evidence(NULL)) == ("no practical effect", ())
        assert found(evidence(GOOD), evidence(NULL)) == ("open", (MIXED,))
        assert found(evidence(GOOD), evidence([])) == ("open", (MISSING,))
        assert found(evidence(GOOD), evidence([-3.0, 1.0, 5.0])) == ("open", (WIDE,))

    def test_one_opposite_is_enough_at_the_level_of_their_number(self) -> None:
        """What is opposite by its 95 % interval alone is not against a claim of twenty contrasts."""
        assert found(evidence(GOOD), evidence(BAD)) == ("opposite", ())
        low, high = student_t(NEAR, 1 - 0.05 / 20)
        assert (judge(evidence(NEAR)).word, low < -0.5 < high) == ("opposite", True)
        assert found(evidence(NEAR)) == ("opposite", ())
        assert found(evidence(NEAR), *[evidence(GOOD)] * 19) == ("open", (MIXED,))

    def test_p_is_the_level_of_the_whole_claim(self) -> None:
        """The largest p of contrasts that all have to hold; the smallest times their number where one is enough."""
        one, other = evidence(GOOD), evidence([1.0, 2.0, 1.5, 1.2])
        assert judged(one, other).p == max(word_p(one, "supported"), word_p(other, "supported"))
        assert judged(evidence(BAD), one).p == pytest.approx(2 * word_p(evidence(BAD), "opposite"))
        assert judged(one, evidence(NULL)).p is None

    def test_what_decides_nothing_changes_nothing(self) -> None:
        """A contrast that is only shown neither helps nor counts among the k."""
        aside = evidence(BAD, deciding=False)
        assert found(evidence(GOOD), aside) == ("supported", ())
        assert judged(evidence(GOOD), aside).p == judged(evidence(GOOD)).p

    def test_a_reason_in_place_of_a_word_goes_to_the_claim(self) -> None:
        """With one contrast that is not trained or not read the claim has no word, unless another one is opposite."""
        short = replace(evidence(GOOD), untrained="5 % of the published updates")
        unread = replace(evidence(GOOD), unmet="memory not read")
        told = "not trained long enough (5 % of the published updates)"
        assert found(evidence(GOOD), short) == ("", (told,))
        assert found(evidence([]), short, unread) == ("", (told, "memory not read"))
        assert found(evidence(BAD), short) == ("opposite", ())

    def test_exploratory_if_any_deciding_run_is(self) -> None:
        """Runs before the freeze mark the claim; those of a contrast that is only shown do not."""
        before = replace(evidence(GOOD), exploratory=True)
        assert judged(evidence(GOOD), before).exploratory
        assert not judged(evidence(GOOD), replace(evidence(GOOD, deciding=False), exploratory=True)).exploratory


class TestAlternatives:
    def test_one_is_enough_at_the_level_of_their_number(self) -> None:
        """An existence statement is supported by one of three, corrected for three; by none of weak ones."""
        three = [evidence(values, alternatives=0) for values in (GOOD, BAD, NULL)]
        verdict = judged(*three)
        assert verdict.word == "supported"
        assert verdict.p == pytest.approx(3 * word_p(three[0], "supported"))
        weak = [0.65, 1.3, 0.65, 1.2, 0.9]
        assert judge(evidence(weak)).word == "supported"
        assert found(*[evidence(values, alternatives=0) for values in (weak, *[BAD] * 19)])[0] == "open"

    def test_opposite_only_if_all_are(self) -> None:
        """One alternative on the other side says nothing against the existence of another."""
        assert found(*[evidence(BAD, alternatives=0) for _ in range(3)])[0] == "opposite"
        assert found(evidence(BAD, alternatives=0), evidence([-3.0, 1.0, 5.0], alternatives=0)) == ("open", (WIDE,))
        assert found(*[evidence(NULL, alternatives=0) for _ in range(3)])[0] == "no practical effect"

    def test_beside_another_contrast_they_count_as_one(self) -> None:
        """Of alternatives and one more contrast k is two."""
        bad = evidence(BAD)
        verdict = judged(*[evidence(GOOD, alternatives=0) for _ in range(3)], bad)
        assert (verdict.word, verdict.p) == ("opposite", pytest.approx(2 * word_p(bad, "opposite")))


class TestOutOfScope:
    def test_effects_without_a_word(self) -> None:
        """The claim says why, its contrasts keep their effects and lose their words."""
        verdict = judged(evidence(GOOD), out_of_scope="no data")
        assert (verdict.word, verdict.reasons, verdict.p) == ("", ("out of scope: no data",), None)
        (one,) = verdict.judgements
        assert (one.word, one.reason, one.mean, one.word_p) == ("", OUT_OF_SCOPE, pytest.approx(2.0), None)


class TestWithHolm:
    def test_over_all_claims_and_groups_that_have_a_word(self) -> None:
        """A word at p = 0.03 among four of that size is lost, one far below survives; what is open counts for nothing."""
        strong, weak = judged(evidence([5.0, 5.1, 4.9, 5.0])), judged(evidence(NEAR))
        assert weak.p is not None
        assert 0.0125 < weak.p < 0.05
        several = with_holm([strong, *[weak] * 1, weak, weak, judged(evidence([-3.0, 1.0, 5.0]))])
        assert [one.survives for one in several] == [True, False, False, False, False]
        assert several[1].holm_p == pytest.approx(3 * weak.p)
        assert several[-1].holm_p is None
        (alone,) = with_holm([weak])
        assert (alone.survives, alone.holm_p) == (True, weak.p)
