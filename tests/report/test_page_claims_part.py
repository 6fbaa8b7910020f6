import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.report.claims import read_claims
from benchmarks.report.effects import effect_words
from benchmarks.report.evidence import Group
from benchmarks.report.judging import _REASONS, ClaimVerdict, Verdict
from benchmarks.report.page.claims_part import REASONS, chip, claims_part, glance, group_name, scoreboard, standing
from benchmarks.report.records import load_records
from benchmarks.report.verdict import judge_all
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory, write_record: Write, core_cells: Cells) -> list[ClaimVerdict]:
    """Verdicts of records on Ped2 in which the memory stands out, three seeds: C2 is reproduced."""
    results = tmp_path_factory.mktemp("results")
    for cell in core_cells("ped2", range(3)):
        write_record(results, cell.settings, cell.seed, 0.7 if cell.settings.memory == "none" else 1.1)
    return judge_all(read_claims(), load_records(results))


def verdicts(*words: Verdict) -> list[ClaimVerdict]:
    claim = read_claims()[0]
    return [ClaimVerdict(claim, Group(f"set{place}", "cpu"), word, (), ()) for place, word in enumerate(words)]


class TestStanding:
    @pytest.mark.parametrize(
        ("words", "wanted"),
        [
            (["not decided"], "not decided"),
            (["not decided", "reproduced"], "reproduced"),
            (["contradicted", "not decided"], "contradicted"),
            (["contradicted", "reproduced", "not decided"], "differs"),
        ],
    )
    def test_best_that_is_known(self, words: list[Verdict], wanted: str) -> None:
        """A set that decides speaks for the claim; two that disagree are said to."""
        assert standing(verdicts(*words)) == wanted


class TestScoreboard:
    def test_counts_every_claim_once(self, judged: list[ClaimVerdict]) -> None:
        """The numbers on the tiles add up to the claims, and each claim is named under its word."""
        board = scoreboard(judged)
        assert '<span class="count">1</span> <span class="chip yes">' in board
        assert '<p class="which"><a href="#C2">C2</a></p>' in board
        assert sum(int(count) for count in re.findall(r'class="count">(\d+)', board)) == len(read_claims())
        assert all(board.count(f'href="#C{number}"') == 1 for number in range(1, 15))
        assert "differs" not in board

    def test_says_where_sets_differ(self) -> None:
        """A tile of its own only where there is such a claim."""
        assert "differs by data set" in scoreboard(verdicts("reproduced", "contradicted"))


class TestGlance:
    def test_says_where_or_why(self, judged: list[ClaimVerdict]) -> None:
        """A decided claim has the sets that decide it, an open one the reason with its sets."""
        text = glance(judged)
        assert text.count('<th scope="row"') == len(read_claims())
        assert "Reproduced: UCSD Ped2, profile cpu" in text
        assert "Runs missing: ShanghaiTech" in text
        assert "Runs missing: UCSD Ped2; CUHK Avenue (a part); circles and squares" in text


class TestClaimsPart:
    def test_shows_effects_with_intervals_and_seeds(self, judged: list[ClaimVerdict]) -> None:
        """Every contrast that has cells is in a table with its effect, number of seeds and verdict in words."""
        text = claims_part(judged)
        for one in (one for verdict in judged for one in verdict.judgements if one.mean is not None):
            assert effect_words(one) in text
        assert "Reproduced (1)" in text
        assert "(3 seeds" in text
        assert "ShanghaiTech: runs missing." in text
        assert "What would decide it" in text

    def test_counts_against_a_claim_at_its_own_level(self, judged_claim: Callable[..., ClaimVerdict]) -> None:
        """What the 95 % interval alone contradicts is not against it, and its row says why not."""
        near, against = (0.35, -0.3, 0.35, -0.2, 0.1), (-2.0, -2.1, -1.9, -2.0)
        text = claims_part([judged_claim(near, against, *[(2.0, 2.1, 1.9)] * 18)])
        assert "18 of 20 comparisons for it, 1 against" in text
        assert "contradicted at 95 %, not at the claim&#x27;s level" in text
        assert 'class="telling">contrast 2:' in text
        assert text.count('class="track no"') == 1

    def test_escapes(self) -> None:
        """A claim's own words are text."""
        (one,) = verdicts("not decided")
        hostile = replace(one, claim=replace(one.claim, statement="<b>&"), group=Group("<i>", "cpu"))
        text = claims_part([hostile])
        assert "&lt;b&gt;&amp;" in text
        assert "<i>" not in text


class TestChip:
    def test_is_a_word_and_a_sign(self) -> None:
        """No verdict is told by colour alone."""
        for word, sign in (("reproduced", "yes"), ("contradicted", "no"), ("not decided", "open")):
            assert word in chip(word)
            assert f"#icon-{sign}" in chip(word)


class TestGroupName:
    def test_reads_as_people_write(self) -> None:
        """Known sets by their names, with what else tells the group."""
        assert group_name(Group("ped2", "cpu")) == "UCSD Ped2, profile cpu"
        assert group_name(Group("mine", "small", 64, 5)) == "mine, profile small (64×64, 5 epochs)"


class TestReasons:
    def test_every_reason_is_explained(self) -> None:
        """Whatever the rule of the verdict can say has plain words on the page."""
        assert tuple(REASONS) == _REASONS
