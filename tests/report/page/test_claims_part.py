import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.report.claims.claim_judging import MIXED, ClaimVerdict
from benchmarks.report.claims.claims import read_claims
from benchmarks.report.claims.effects import effect_words
from benchmarks.report.claims.judging import MISSING, NOT_MEASURED, TOO_FEW, UNTRAINED, WIDE, Word
from benchmarks.report.claims.verdict import judge_all
from benchmarks.report.page.claims_part import REASONS, chip, claims_part, glance, scoreboard, standing
from benchmarks.report.read.groups import Group
from benchmarks.report.read.records import load_records
from benchmarks.study.settings import Cell

Write = Callable[..., Path]


@pytest.fixture
def judged(trained_pairs: Write) -> list[ClaimVerdict]:
    """Verdicts of trained runs on Ped2 in which the memory stands out, three seeds: C2a is supported."""
    return judge_all(read_claims(), load_records(trained_pairs(3)))


def verdicts(*words: Word) -> list[ClaimVerdict]:
    claim = read_claims()[0]
    decided = ("supported", "opposite", "no practical effect")
    return [
        ClaimVerdict(claim, Group(f"set{place}", "cpu"), word, (), (), 0.01 if word in decided else None)
        for place, word in enumerate(words)
    ]


class TestStanding:
    @pytest.mark.parametrize(
        ("words", "wanted"),
        [
            (["open"], "open"),
            (["open", "supported"], "supported"),
            (["opposite", "open"], "opposite"),
            (["no practical effect", ""], "no practical effect"),
            (["opposite", "supported", "open"], "differs"),
        ],
    )
    def test_best_that_is_known(self, words: list[Word], wanted: str) -> None:
        """A set with a word speaks for the claim; two that disagree are said to."""
        assert standing(verdicts(*words)) == wanted

    def test_without_a_word(self, core_cells: Callable[..., list[Cell]], core_results: Write) -> None:
        """Short runs leave a claim without a word; a claim about another set is out of scope."""
        found = judge_all(read_claims(), load_records(core_results(core_cells("ped2", range(3)))))

        def of(name: str) -> str:
            return standing([one for one in found if one.claim.id == name])

        assert (of("C2a"), of("C3"), of("C6")) == ("no word", "out of scope", "open")


class TestScoreboard:
    def test_counts_every_claim_once(self, judged: list[ClaimVerdict]) -> None:
        """The numbers on the tiles add up to the claims, and each claim is named under its word."""
        board = scoreboard(judged)
        assert '<span class="chip yes">' in board
        assert '<a href="#C2a">C2a</a>' in board
        assert sum(int(count) for count in re.findall(r'class="count">(\d+)', board)) == len(read_claims())
        assert all(board.count(f'href="#{claim.id}"') == 1 for claim in read_claims())
        assert "differs" not in board
        assert "out of scope" in board

    def test_says_where_sets_differ(self) -> None:
        """A tile of its own only where there is such a claim."""
        assert "differs by data set" in scoreboard(verdicts("supported", "opposite"))


class TestGlance:
    def test_says_where_or_why(self, judged: list[ClaimVerdict]) -> None:
        """A decided claim has the sets that decide it, an open one the reason with its sets."""
        text = glance(judged)
        assert text.count('<th scope="row"') == len(read_claims())
        assert "Supported: UCSD Ped2, 256×256, ¼ width, 20 of 60 epochs" in text
        assert "ShanghaiTech is not available here: ShanghaiTech" in text
        assert "Runs missing: UCSD Ped2; CUHK Avenue (a part); Circles and squares" in text


class TestClaimsPart:
    def test_shows_effects_with_intervals_and_seeds(self, judged: list[ClaimVerdict]) -> None:
        """Every contrast that has cells is in a table with its effect, number of seeds and verdict in words."""
        text = claims_part(judged)
        for one in (one for verdict in judged for one in verdict.judgements if one.mean is not None):
            assert effect_words(one) in text
        assert re.search(r"Supported \(\d+\)", text)
        assert "(3 seeds" in text
        assert "CUHK Avenue: runs missing." in text
        assert "What would decide it" in text

    def test_counts_words_and_leads_with_the_claims_own(self, judged_claim: Callable[..., ClaimVerdict]) -> None:
        """The effect that is shown first has the claim's word; each is drawn in its word's colour."""
        null, against = (0.1, 0.0, -0.1), (-2.0, -2.1, -1.9, -2.0)
        text = claims_part([judged_claim(null, against, *[(2.0, 2.1, 1.9)] * 2)])
        assert "2 of 4 supported, 1 no practical effect, 1 opposite" in text
        assert 'class="telling">contrast 2:' in text
        assert [text.count(f'class="track {colour}"') for colour in ("yes", "null", "no")] == [2, 1, 1]

    def test_escapes(self) -> None:
        """A claim's own words are text."""
        (one,) = verdicts("open")
        hostile = replace(one, claim=replace(one.claim, statement="<b>&"), group=Group("<i>", "cpu"))
        text = claims_part([hostile])
        assert "&lt;b&gt;&amp;" in text
        assert "<i>" not in text


class TestChip:
    def test_is_a_word_and_a_sign(self) -> None:
        """No verdict is reported by colour alone."""
        for word, sign in (
            ("supported", "yes"),
            ("no practical effect", "null"),
            ("opposite", "no"),
            ("open", "open"),
        ):
            assert word in chip(word)
            assert f"#icon-{sign}" in chip(word)


class TestReasons:
    def test_every_reason_is_explained(self) -> None:
        """Whatever the rule of the verdict can say has plain words on the page."""
        conditions = {one.only_if.otherwise for claim in read_claims() for one in claim.contrasts if one.only_if}
        assert set(REASONS) == {MISSING, NOT_MEASURED, TOO_FEW, WIDE, MIXED, UNTRAINED} | conditions
