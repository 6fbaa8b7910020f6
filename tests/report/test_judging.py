import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks.measure.intervals import student_t
from benchmarks.report.claims import Claim, Contrast, Direction, Side
from benchmarks.report.evidence import Evidence, Group
from benchmarks.report.judging import (
    claimed_region,
    decide,
    judge,
    judge_claim,
    seeds_at_observed,
    seeds_at_smallest,
    seeds_needed,
    with_holm,
)

GROUP = Group("ped2", "cpu")
DIRECTIONS: tuple[Direction, ...] = ("higher", "lower", "same", "not_higher", "not_lower")


def evidence(
    values: list[float], direction: Direction = "higher", smallest: float = 0.5, name: str = "x", *, idle: bool = False
) -> Evidence:
    sides = (
        Side({"method": "mnad", "task": "prediction", "items": len(name)}),
        Side({"method": "mnad", "task": "prediction"}),
    )
    contrast = Contrast(name, "", "auc", *sides, direction, smallest, ("ped2",))
    lacking = () if values else ("b",)
    runs = (tuple(values), (0.0,) * len(values))
    return Evidence(contrast, GROUP, dict(enumerate(values)), None, None, None, lacking, False, idle, (), runs)


def claim_of(*those: Evidence) -> Claim:
    return Claim("C1", "memory", "Memory helps.", "a test", ("ped2",), tuple(one.contrast for one in those))


class TestIdle:
    def test_what_hardly_happens_decides_nothing(self) -> None:
        """Three equal runs with an update that never came about say nothing of the update."""
        judged = judge(evidence([0.0, 0.0, 0.01], "same", idle=True))
        assert (judged.verdict, judged.reason) == ("not decided", "hardly happens")
        assert judge(evidence([0.0, 0.0, 0.01], "same")).verdict == "reproduced"


class TestDecide:
    @pytest.mark.parametrize(
        ("direction", "reproduced", "contradicted", "open_one"),
        [
            ("higher", (0.6, 2), (-3, 0.4), (0.4, 0.6)),
            ("lower", (-2, -0.6), (-0.4, 3), (-0.6, -0.4)),
            ("same", (-0.4, 0.4), (0.6, 2), (-0.4, 0.6)),
            ("not_higher", (-9, 0.4), (0.6, 2), (0.4, 0.6)),
            ("not_lower", (-0.4, 9), (-2, -0.6), (-0.6, -0.4)),
        ],
    )
    def test_known_effects(
        self,
        direction: Direction,
        reproduced: tuple[float, float],
        contradicted: tuple[float, float],
        open_one: tuple[float, float],
    ) -> None:
        """An interval where the claim says reproduces it, one elsewhere contradicts it, one across the line is open."""
        assert decide(*reproduced, direction, 0.5) == "reproduced"
        assert decide(*contradicted, direction, 0.5) == "contradicted"
        assert decide(*open_one, direction, 0.5) == "not decided"

    def test_the_opposite_direction_contradicts(self) -> None:
        """A claimed gain is contradicted by a loss, and a claimed sameness by an effect on either side."""
        assert decide(-3, -1, "higher", 0.5) == "contradicted"
        assert decide(-3, -1, "same", 0.5) == "contradicted"
        assert decide(1, 3, "same", 0.5) == "contradicted"

    @pytest.mark.parametrize("direction", DIRECTIONS)
    def test_touching_a_line_is_not_beyond_it(self, direction: Direction) -> None:
        """At the edge itself nothing is decided; a hair beyond it is."""
        for line in claimed_region(direction, 0.5):
            if math.isfinite(line):
                assert decide(line, line + 0.2, direction, 0.5) == "not decided"
                assert decide(line - 0.2, line, direction, 0.5) == "not decided"
                assert {
                    decide(line + 1e-9, line + 0.2, direction, 0.5),
                    decide(line - 0.2, line - 1e-9, direction, 0.5),
                } == {
                    "reproduced",
                    "contradicted",
                }

    @given(st.floats(-5, 5), st.floats(0, 3), st.sampled_from(DIRECTIONS), st.floats(0.01, 2))
    def test_a_mirror_changes_nothing(self, low: float, width: float, direction: Direction, smallest: float) -> None:
        """Swapping the sides of a contrast and its direction gives the same verdict."""
        mirrored: dict[Direction, Direction] = {
            "higher": "lower",
            "lower": "higher",
            "same": "same",
            "not_higher": "not_lower",
            "not_lower": "not_higher",
        }
        high = low + width
        assert decide(low, high, direction, smallest) == decide(-high, -low, mirrored[direction], smallest)

    @given(st.floats(-5, 5), st.floats(0, 3), st.floats(0, 3), st.sampled_from(DIRECTIONS))
    def test_a_wider_interval_never_decides_more(
        self, low: float, width: float, more: float, direction: Direction
    ) -> None:
        """Widening an interval leaves its verdict or opens it."""
        narrow = decide(low, low + width, direction, 0.5)
        assert decide(low - more, low + width + more, direction, 0.5) in (narrow, "not decided")


class TestJudge:
    def test_numbers(self) -> None:
        """Mean, interval and p are those of the paired differences."""
        values = [1.0, 1.2, 0.9, 1.1, 1.3, 1.0]
        found = judge(evidence(values))
        low, high = student_t(values)
        assert (found.mean, found.low, found.high) == pytest.approx((np.mean(values), low, high))
        assert (found.verdict, found.reason, found.seeds) == ("reproduced", "", 6)
        assert found.p == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
        assert found.exact_p == pytest.approx(2 / 64)

    def test_reasons(self) -> None:
        """No cells, too few seeds and a wide interval are told apart; two seeds never decide, however clear."""
        assert judge(evidence([])).reason == "missing cells"
        for few in ([9.0], [9.0, 9.0]):
            found = judge(evidence(few))
            assert (found.verdict, found.reason) == ("not decided", "too few seeds")
        assert judge(evidence([9.0, 9.0, 9.0])).verdict == "reproduced"
        assert judge(evidence([-3.0, 1.0, 5.0])).reason == "wide interval"

    def test_says_how_often_a_run_beats_another(self) -> None:
        """The chance counts all pairs of runs; it and the mean of the middle half are beside the interval."""
        found = judge(evidence([-1.0, 1.0, 2.0, 3.0]))
        assert (found.improvement, found.interquartile) == (0.75, 1.5)


class TestJudgeClaim:
    def test_all_must_hold_and_one_against_is_enough(self) -> None:
        """Reproduced if every contrast is; contradicted if one is, clearly; open otherwise, with its reasons."""
        good, bad = evidence([2.0, 2.1, 1.9]), evidence([-2.0, -2.1, -1.9], name="xx")
        no_cells = evidence([], name="xxx")
        assert judge_claim(claim_of(good, good), GROUP, [good, good]).verdict == "reproduced"
        assert judge_claim(claim_of(good, bad), GROUP, [good, bad]).verdict == "contradicted"
        found = judge_claim(claim_of(good, no_cells), GROUP, [good, no_cells])
        assert (found.verdict, found.reasons) == ("not decided", ("missing cells",))

    def test_many_contrasts_contradict_only_strictly(self) -> None:
        """What contradicts alone does not contradict a claim of ten contrasts, whose intervals are wider."""
        against = evidence([0.2, -0.15, 0.1, -0.1, 0.3])
        assert judge(against).verdict == "contradicted"
        assert judge_claim(claim_of(against), GROUP, [against]).verdict == "contradicted"
        near = evidence([0.35, -0.3, 0.35, -0.2, 0.1])
        assert judge(near).verdict == "contradicted"
        others = [evidence([2.0, 2.1, 1.9], name="x" * (2 + place)) for place in range(19)]
        found = judge_claim(claim_of(near, *others), GROUP, [near, *others])
        assert (found.verdict, found.reasons) == ("not decided", ("wide interval",))
        assert (found.judgements[0].verdict, found.judgements[0].for_claim) == ("contradicted", "not decided")

    def test_the_interval_of_a_claim_is_wider_the_more_contrasts_decide(self) -> None:
        """Two that decide have intervals of level 1 - 0.05/2, one alone its own; what decides nothing has none."""
        values = [0.35, -0.3, 0.35, -0.2, 0.1]
        one, beside = evidence(values), evidence(values, name="xx")
        beside = replace(beside, contrast=replace(beside.contrast, deciding=False))
        alone, aside = judge_claim(claim_of(one, beside), GROUP, [one, beside]).judgements
        assert (alone.low_claim, alone.high_claim) == (alone.low, alone.high)
        assert (aside.low_claim, aside.for_claim) == (None, "contradicted")
        first, _ = judge_claim(claim_of(one, one), GROUP, [one, one]).judgements
        assert (first.low_claim, first.high_claim) == pytest.approx(student_t(values, 0.975))


class TestWithHolm:
    def test_within_a_family(self) -> None:
        """Two tests of one family are corrected for each other, and the same test is counted once."""
        one, other = evidence([1.0, 2.0, 4.0]), evidence([1.0, 1.5, 1.2], name="xx")
        p, less = judge(one).p, judge(other).p
        assert less < p
        (found,) = with_holm([judge_claim(claim_of(one, other), GROUP, [one, other])])
        assert [judgement.holm_p for judgement in found.judgements] == pytest.approx([p, 2 * less])
        (found,) = with_holm([judge_claim(claim_of(one, one), GROUP, [one, one])])
        assert [judgement.holm_p for judgement in found.judgements] == pytest.approx([p, p])


class TestSeedsNeeded:
    def test_power_by_simulation(self) -> None:
        """With the seeds it names, about 80 % of simulated studies decide; with fewer, fewer."""
        seeds = seeds_needed(1.0, 1.0)
        assert seeds is not None
        generator = np.random.default_rng(0)
        low, _ = student_t(generator.normal(1.0, 1.0, (4000, seeds)))
        assert 0.79 < (low > 0).mean() < 0.88
        low, _ = student_t(generator.normal(1.0, 1.0, (4000, seeds - 1)))
        assert (low > 0).mean() < 0.81

    def test_edges(self) -> None:
        """Never fewer than three, none where the truth lies on the line or too close, three without spread."""
        assert seeds_needed(100.0, 1.0) == 3
        assert seeds_needed(1.0, 0.0) == 3
        assert seeds_needed(0.0, 1.0) is None
        assert seeds_needed(0.01, 10.0) is None

    def test_of_a_judgement(self) -> None:
        """As observed: the distance to the nearest line counts; for sameness both lines have to hold."""
        found = judge(evidence([2.5, 0.5, 1.5, 0.5]))
        assert found.spread is not None
        assert seeds_at_observed(found) == seeds_needed(1.25 - 0.5, found.spread)
        assert seeds_at_smallest(found) == seeds_needed(0.5, found.spread)
        same = judge(evidence([2.5, 0.5, 1.5, 0.5], "same"))
        assert (seeds_at_smallest(same) or 9999) > (seeds_at_smallest(found) or 0)
        assert seeds_at_smallest(judge(evidence([1.0]))) is None
