from collections.abc import Callable
from dataclasses import replace

from benchmarks.report.claims.claim_judging import ClaimVerdict
from benchmarks.report.claims.claims import read_claims
from benchmarks.report.claims.effects import (
    claim_words,
    claimed_words,
    contrast_name,
    counts_words,
    effect_words,
    effects_table,
    has_effects,
    power_table,
    published_words,
    short_reasons,
    word_of,
)
from benchmarks.report.claims.judging import judge
from benchmarks.report.claims.paired_effects import gather
from benchmarks.report.claims.rules import read_rules
from benchmarks.report.claims.trained import Training
from benchmarks.report.claims.verdict import judge_all
from benchmarks.report.read.groups import Group

Judge = Callable[..., ClaimVerdict]
AGAINST, NULL, GOOD = (-2.0, -2.1, -1.9, -2.0), (0.1, 0.0, -0.1), (2.0, 2.1, 1.9)


class TestClaimWords:
    def test_the_word_and_how_many_contrasts_have_which(self, judged_claim: Judge) -> None:
        """A decided claim in bold with its counts; an open one with why."""
        assert claim_words(judged_claim(AGAINST, *[GOOD] * 3)) == "**opposite** (3 of 4 supported, 1 opposite)"
        assert claim_words(judged_claim(NULL, NULL)) == "**no practical effect** (2 of 2 no practical effect)"
        assert claim_words(judged_claim(GOOD, ())) == "open (1 of 2 supported; runs missing)"
        assert counts_words(judged_claim((-3.0, 1.0, 5.0))) == ""

    def test_a_reason_in_place_of_a_word_is_short(self, judged_claim: Judge) -> None:
        """Each reason once and without its numbers; runs before the freeze are marked."""
        verdict = judged_claim(GOOD)
        reasons = (
            "not trained long enough (MNAD: 5 % (a); MemAE: 2 %); memory not read",
            "not trained long enough (3 %)",
        )
        bare = replace(verdict, word="", reasons=reasons, p=None, judgements=())
        assert short_reasons(bare) == "not trained long enough, memory not read"
        assert claim_words(bare) == "not trained long enough, memory not read"
        one = verdict.judgements[0]
        before = replace(one, evidence=replace(one.evidence, exploratory=True))
        marked = replace(verdict, judgements=(before,))
        assert claim_words(marked).endswith(", exploratory")
        table = effects_table("Effects", [marked])
        assert table.rows[0][table.columns.index("Word")] == f"{word_of(before)} (exploratory)"

    def test_the_numbers_of_a_reason_stand_below_the_table(self, judged_claim: Judge) -> None:
        """Once for each group of runs, however many rows they have."""
        verdict = judged_claim(GOOD, GOOD)
        short = [judge(replace(one.evidence, untrained="5 % of the published updates")) for one in verdict.judgements]
        table = effects_table("Effects", [replace(verdict, judgements=tuple(short))])
        assert {row[table.columns.index("Word")] for row in table.rows} == {"not trained long enough"}
        assert len(table.notes) == 1
        assert table.notes[0].endswith(": not trained long enough (5 % of the published updates).")

    def test_published_effects_say_whether_they_are_excluded(self, judged_claim: Judge) -> None:
        """Beside a contrast of published settings; without a word nothing is excluded."""
        (claim,) = [claim for claim in read_claims() if claim.id == "C2a"]
        contrast = claim.contrasts[1]
        one = judged_claim(GOOD).judgements[0]
        evidence = replace(one.evidence, contrast=contrast)
        assert published_words(judge(evidence), "ped2").startswith("+2.7 P, excluded")
        assert published_words(judge(replace(evidence, untrained="5 %")), "ped2").startswith("+2.7 P; ")


class TestClaimedWords:
    def test_every_direction_is_told(self) -> None:
        """Where the interval must lie stands in the contrast's unit, lines below zero with their sign."""
        rules = read_rules()
        words = {
            (one.direction, claimed_words(judge(gather(one, Group("ped2", "cpu"), [], rules, Training(rules.trained)))))
            for claim in read_claims()
            for one in claim.contrasts
        }
        assert ("higher", "> 0.5") in words
        assert ("lower", "< −0.5 dB") in words
        assert ("same", "within ±0.5") in words
        assert ("same", "within ±0.5 dB") in words
        assert ("not_lower", "> −1.5") in words


class TestContrastName:
    def test_cells_before_the_difference(self) -> None:
        """A contrast is named by its cells, then by what is taken from what; without cells by that alone."""
        names = [contrast_name(one) for claim in read_claims() if claim.id == "C14" for one in claim.contrasts]
        assert "MNAD, prediction: memory and update − neither" in names
        assert "MNAD's prediction without memory − MemAE" in names


class TestWithoutRecords:
    def test_nothing_is_told(self) -> None:
        """No effect, no words for it, and nothing whose power could be known."""
        found = judge_all(read_claims(), [])
        assert not any(has_effects(one) for one in found)
        assert {effect_words(one) for verdict in found for one in verdict.judgements} == {""}
        assert power_table(found).rows == ()
