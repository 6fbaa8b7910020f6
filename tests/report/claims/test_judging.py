import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks.measure.intervals import student_t
from benchmarks.report.claims.claims import Contrast, Direction, Side
from benchmarks.report.claims.judging import (
    MISSING,
    NOT_MEASURED,
    TOO_FEW,
    WIDE,
    Word,
    decide,
    judge,
    published_excluded,
    regions,
    seeds_at_observed,
    seeds_needed,
    seeds_without_effect,
    word_p,
)
from benchmarks.report.claims.paired_effects import Evidence
from benchmarks.report.read.groups import Group

GROUP = Group("ped2", "cpu")
DIRECTIONS: tuple[Direction, ...] = ("higher", "lower", "same", "not_higher", "not_lower")
MIRRORED: dict[Direction, Direction] = {
    "higher": "lower",
    "lower": "higher",
    "same": "same",
    "not_higher": "not_lower",
    "not_lower": "not_higher",
}


def evidence(values: list[float], direction: Direction = "higher", margin: float = 0.5) -> Evidence:
    sides = Side({"method": "mnad", "task": "prediction"}), Side({"method": "mnad", "task": "prediction"})
    contrast = Contrast("x", "", "auc", *sides, direction, 0.5, ("ped2",))
    runs = (tuple(values), (0.0,) * len(values))
    return Evidence(contrast, GROUP, dict(enumerate(values)), None, None, None, (), False, (), runs, margin)


class TestDecide:
    @pytest.mark.parametrize(
        ("direction", "interval", "word"),
        [
            ("higher", (0.6, 9), "supported"),
            ("higher", (-1.4, 1.4), "no practical effect"),
            ("higher", (-9, -0.6), "opposite"),
            ("higher", (0.4, 1.6), "open"),
            ("lower", (-9, -0.6), "supported"),
            ("lower", (-1.4, 1.4), "no practical effect"),
            ("lower", (0.6, 9), "opposite"),
            ("lower", (-1.6, -0.4), "open"),
            ("same", (-1.4, 1.4), "supported"),
            ("same", (1.6, 9), "opposite"),
            ("same", (-9, -1.6), "opposite"),
            ("same", (1.4, 1.6), "open"),
            ("not_higher", (-9, 1.4), "supported"),
            ("not_higher", (1.6, 9), "opposite"),
            ("not_higher", (-9, 1.6), "open"),
            ("not_lower", (-1.4, 9), "supported"),
            ("not_lower", (-9, -1.6), "opposite"),
            ("not_lower", (-1.6, 9), "open"),
        ],
    )
    def test_the_plans_table(self, direction: Direction, interval: tuple[float, float], word: Word) -> None:
        """Each cell of the table of section 4 with d = 0.5 and s = 1.5, as on Ped2, and an open interval beside it."""
        assert decide(*interval, direction, 0.5, 1.5) == word

    @pytest.mark.parametrize(("direction", "interval"), [("higher", (0.6, 1.4)), ("higher", (-1.4, -0.6))])
    def test_no_practical_effect_goes_first(self, direction: Direction, interval: tuple[float, float]) -> None:
        """An interval beyond d and within s satisfies two columns."""
        assert decide(*interval, direction, 0.5, 1.5) == "no practical effect"

    @given(st.floats(-5, 5), st.floats(0, 4), st.sampled_from(DIRECTIONS), st.floats(0, 2), st.floats(0, 2))
    def test_every_interval_has_exactly_one_word(
        self, low: float, width: float, direction: Direction, smallest: float, more: float
    ) -> None:
        """Where the interval satisfies no column it is open; satisfying two, it has the first; a mirror changes nothing."""
        high, margin = low + width, smallest + more
        word = decide(low, high, direction, smallest, margin)
        satisfied = [
            name
            for name, lying in regions(direction, smallest, margin).items()
            if any(left < low and high < right for left, right in lying)
        ]
        assert word == (satisfied[0] if satisfied else "open")
        assert len(satisfied) < 2 or satisfied[0] == "no practical effect"
        assert word == decide(-high, -low, MIRRORED[direction], smallest, margin)

    @given(st.floats(-5, 5), st.floats(0, 3), st.floats(0, 3), st.sampled_from(DIRECTIONS))
    def test_a_wider_interval_never_decides_more(
        self, low: float, width: float, more: float, direction: Direction
    ) -> None:
        """Widening an interval keeps a word, opens it, or lets it leave the margin for a word that it satisfied before."""
        narrow = decide(low, low + width, direction, 0.5, 1.5)
        wide = decide(low - more, low + width + more, direction, 0.5, 1.5)
        assert wide in (narrow, "open") or narrow == "no practical effect"
        if wide != "open":
            assert narrow != "open"

    @pytest.mark.parametrize("direction", DIRECTIONS)
    def test_touching_a_line_is_not_beyond_it(self, direction: Direction) -> None:
        """An interval that ends on a line is not on its far side, one a hair inside is."""
        for word, lying in regions(direction, 0.5, 0.5).items():
            for left, right in lying:
                low, high = max(left, -9.0), min(right, 9.0)
                inside = (low + 1e-9 if math.isfinite(left) else low, high - 1e-9 if math.isfinite(right) else high)
                assert decide(*inside, direction, 0.5, 0.5) == word
                assert decide(low, high, direction, 0.5, 0.5) == "open"


class TestJudge:
    def test_numbers(self) -> None:
        """Mean, interval and p are those of the paired differences."""
        values = [1.0, 1.2, 0.9, 1.1, 1.3, 1.0]
        found = judge(evidence(values))
        low, high = student_t(values)
        assert (found.mean, found.low, found.high) == pytest.approx((np.mean(values), low, high))
        assert (found.word, found.reason, found.seeds) == ("supported", "", 6)
        assert found.p == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
        assert found.exact_p == pytest.approx(2 / 64)

    def test_reasons(self) -> None:
        """No runs, nothing measured, too few seeds and a wide interval are distinguished; two seeds never decide."""
        assert judge(evidence([])).reason == MISSING
        assert judge(replace(evidence([]), unheld=True)).reason == NOT_MEASURED
        for few in ([9.0], [9.0, 9.0]):
            found = judge(evidence(few))
            assert (found.word, found.reason, found.word_p) == ("open", TOO_FEW, None)
        assert judge(evidence([9.0, 9.0, 9.0])).word == "supported"
        assert judge(evidence([-3.0, 1.0, 5.0])).reason == WIDE

    @pytest.mark.parametrize("values", [[9.0], [9.0, 9.1], [9.0, 9.1, 9.2]])
    def test_in_place_of_a_word_stands_the_reason(self, values: list[float]) -> None:
        """Runs that are not trained, or a memory that is not read, show their effect and no word, whatever it is."""
        one = evidence(values)
        untrained = judge(replace(one, untrained="5 % of the published updates"))
        assert (untrained.word, untrained.mean) == ("", pytest.approx(np.mean(values)))
        assert untrained.reason == "not trained long enough (5 % of the published updates)"
        unread = judge(replace(one, unmet="memory not read"))
        assert (unread.word, unread.reason, unread.word_p) == ("", "memory not read", None)

    def test_says_how_often_a_run_beats_another(self) -> None:
        """The chance counts all pairs of runs; it and the mean of the middle half stand with the interval."""
        found = judge(evidence([-1.0, 1.0, 2.0, 3.0]))
        assert (found.improvement, found.interquartile) == (0.75, 1.5)


class TestWordP:
    @given(
        st.lists(st.floats(-4, 4), min_size=3, max_size=8).filter(lambda values: np.std(values) > 0.01),
        st.sampled_from(DIRECTIONS),
        st.sampled_from(("supported", "no practical effect", "opposite")),
    )
    def test_is_the_level_at_which_the_interval_just_loses_the_word(
        self, values: list[float], direction: Direction, word: Word
    ) -> None:
        """A hair above p the interval still lies where the word wants it, a hair below no more."""
        one = evidence(values, direction, margin=1.5)
        p = word_p(one, word)
        if 1e-6 < p < 0.99:
            lying = regions(direction, 0.5, 1.5)[word]
            for alpha, holds in ((p * 1.001, True), (p * 0.999, False)):
                low, high = student_t(values, 1 - alpha)
                assert any(left < low and high < right for left, right in lying) is holds

    def test_edges(self) -> None:
        """Without spread the word is certain or impossible; a word that the direction does not know has p = 1."""
        assert word_p(evidence([2.0, 2.0, 2.0]), "supported") == 0.0
        assert word_p(evidence([0.2, 0.2, 0.2]), "supported") == 1.0
        assert word_p(evidence([0.2, 0.2, 0.3], "same"), "no practical effect") == 1.0


class TestPublishedExcluded:
    @pytest.mark.parametrize(
        ("values", "published", "excluded"),
        [
            ([1.0, 1.1, 1.2], 3.8, True),
            ([1.0, 1.1, 1.2], 1.1, False),
            ([9.0, 9.1, 9.2], 3.8, False),
            ([1.0, 1.1, 1.2], -0.5, True),
            ([-2.0, -2.1, -1.9], -0.5, False),
        ],
    )
    def test_where_the_interval_ends_before_it(self, values: list[float], published: float, excluded: bool) -> None:
        """A published rise is excluded from below, a published loss from above; a larger effect excludes nothing."""
        assert published_excluded(judge(evidence(values)), published) is excluded

    def test_needs_trained_runs_and_three_seeds(self) -> None:
        """What may have no word excludes nothing."""
        short = replace(evidence([1.0, 1.1, 1.2]), untrained="5 % of the published updates")
        assert published_excluded(judge(short), 3.8) is None
        assert published_excluded(judge(evidence([1.0, 1.1])), 3.8) is None


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
        """As observed: the lines around the mean count; without an effect the margin has to hold on both sides."""
        found = judge(evidence([2.5, 0.5, 1.5, 0.5]))
        assert found.spread is not None
        assert seeds_at_observed(found) == seeds_needed(1.25 - 0.5, found.spread)
        assert seeds_without_effect(found) == seeds_needed(0.5, found.spread, both_sides=True)
        one_sided = judge(evidence([2.5, 0.5, 1.5, 0.5], "not_lower"))
        assert seeds_without_effect(one_sided) == seeds_needed(0.5, found.spread)
        assert seeds_without_effect(judge(evidence([1.0]))) is None
