from collections.abc import Callable

from benchmarks.report.claims import read_claims
from benchmarks.report.effects import (
    claim_words,
    claimed_words,
    contrast_name,
    effect_words,
    effects_table,
    has_effects,
    power_table,
    verdict_words,
)
from benchmarks.report.judging import ClaimVerdict
from benchmarks.report.verdict import judge_all

Judge = Callable[..., ClaimVerdict]
AGAINST, NEAR, GOOD = (-2.0, -2.1, -1.9, -2.0), (0.35, -0.3, 0.35, -0.2, 0.1), (2.0, 2.1, 1.9)


class TestAgainstAClaim:
    def test_counted_at_the_level_of_the_claim(self, judged_claim: Judge) -> None:
        """Of two contrasts with the whole 95 % interval elsewhere, one is against twenty contrasts' claim; both say so."""
        found = judged_claim(AGAINST, NEAR, *[GOOD] * 18)
        assert claim_words(found) == "**contradicted** (1 of 20 against, 18 for)"
        assert [verdict_words(one) for one in found.judgements[:3]] == [
            "contradicted",
            "not decided: contradicted at 95 %, not at the claim's level",
            "reproduced",
        ]
        table = effects_table("Effects", [found])
        place = table.columns.index("Verdict")
        assert [row[place] for row in table.rows] == [verdict_words(one) for one in found.judgements]

    def test_one_contrast_needs_no_wider_interval(self, judged_claim: Judge) -> None:
        """What contradicts alone contradicts a claim of one contrast."""
        found = judged_claim(NEAR)
        assert claim_words(found) == "**contradicted** (1 of 1 against, 0 for)"
        assert verdict_words(found.judgements[0]) == "contradicted"


class TestClaimedWords:
    def test_every_direction_is_told(self) -> None:
        """Where the interval must lie stands in the contrast's unit, lines below zero with their sign."""
        words = {(one.direction, claimed_words(one)) for claim in read_claims() for one in claim.contrasts}
        assert ("higher", "> 0.5") in words
        assert ("lower", "< −0.5 dB") in words
        assert ("same", "within ±0.5") in words
        assert ("not_lower", "> −0.5") in words


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
