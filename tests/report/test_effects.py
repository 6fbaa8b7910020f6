from benchmarks.report.claims import read_claims
from benchmarks.report.effects import claimed_words, contrast_name, effect_words, has_effects, power_table
from benchmarks.report.verdict import judge_all


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
