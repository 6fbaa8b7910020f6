from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.report.claims.claims import HALF_A_POINT, Condition, read_claims
from benchmarks.report.claims.rules import CLAIMS
from benchmarks.report.read.quantities import QUANTITIES

HEAD = CLAIMS.read_text().split("\n[[claim]]")[0]
RULES = "".join(f"{line}\n" for line in HEAD.splitlines() if not line.startswith("#"))
GOOD = (
    RULES
    + """
[[claim]]
id = "C1"
family = "memory"
statement = "Memory helps."
source = "a test"
sets = ["ped2"]
[[claim.contrast]]
name = "on - off"
quantity = "auc"
cells = { method = "mnad", task = ["reconstruction", "prediction"] }
a = { memory = "own" }
b = { memory = "none" }
direction = "higher"
"""
)


def written(folder: Path, text: str) -> Path:
    path = folder / "claims.toml"
    path.write_text(text)
    return path


class TestReadClaims:
    def test_the_study_has_fourteen(self) -> None:
        """C1 to C14 are there in order, some in parts, each with a deciding contrast; half a point of AUC is the line."""
        claims = read_claims()
        numbers = [int(claim.id.removeprefix("C").rstrip("ab")) for claim in claims]
        assert numbers == sorted(numbers)
        assert set(numbers) == set(range(1, 15))
        for claim in claims:
            assert any(contrast.deciding for contrast in claim.contrasts), claim.id
            assert bool(claim.also) <= bool(claim.out_of_scope)
            for contrast in claim.contrasts:
                assert set(contrast.sets) <= {*claim.sets, *claim.also}
                if contrast.quantity in ("auc", "auc_change"):
                    assert contrast.smallest == HALF_A_POINT, (claim.id, contrast.name)

    def test_lists_multiply(self, tmp_path: Path) -> None:
        """A list of two tasks makes two contrasts, each named by its cells."""
        (claim,) = read_claims(written(tmp_path, GOOD))
        assert [contrast.cells for contrast in claim.contrasts] == ["MNAD, reconstruction", "MNAD, prediction"]
        one = claim.contrasts[1]
        assert one.b is not None
        assert one.a.settings("ped2", "cpu").memory == "mnad"
        assert (one.b.settings("ped2", "cpu").memory, one.b.settings("ped2", "cpu").task) == ("none", "prediction")

    @pytest.mark.parametrize(
        ("before", "after", "told"),
        [
            ('direction = "higher"', 'direction = "up"', r"claim C1 of .*claims.toml.*'up'"),
            ('direction = "higher"', 'direktion = "higher"', r"keys among name, quantity, .* got direktion"),
            ('family = "memory"', "", r"family is missing"),
            ('quantity = "auc"', 'quantity = "area"', r"quantity to be one of .*auc"),
            ('b = { memory = "none" }', "", "either b or reference"),
            ('a = { memory = "own" }', 'a = { memroy = "own" }', "memroy"),
            ('a = { memory = "own" }', 'a = { memory = "new" }', r"cells that can be run .*'new'"),
            ("direction", "smallest = -1\ndirection", "smallest to be at least 0"),
            ('id = "C1"', 'id = "C1', "claims in TOML"),
            ("direction", "margin = -1\ndirection", "margin to be at least 0"),
            ('sets = ["ped2"]', 'sets = ["ped2"]\nalso = ["synthetic"]', "also only with out_of_scope"),
            ("direction", "any = true\ndeciding = false\ndirection", "any to decide"),
            ("direction", 'only_if = { quantity = "auc", at_least = 1 }\ndirection', "otherwise is missing"),
            ("direction", 'only_if = { quantity = "auc", otherwise = "x" }\ndirection', "either at_least or at_most"),
        ],
    )
    def test_a_wrong_file_is_named(self, tmp_path: Path, before: str, after: str, told: str) -> None:
        """A wrong key or level gets one sentence that names the file or claim and what is valid."""
        assert before in GOOD
        with pytest.raises(StudyError, match=told):
            read_claims(written(tmp_path, GOOD.replace(before, after)))

    def test_conditions_alternatives_and_scope(self, tmp_path: Path) -> None:
        """A condition holds at its bound; what lists make of one contrast with any belongs together; also adds sets."""
        more = """any = true
margin = 1.5
only_if = { quantity = "dead_queries", at_most = 10, otherwise = "memory not read" }
direction = """
        scope = 'sets = ["shanghaitech"]\nout_of_scope = "no data"\nalso = ["ped2"]'
        text = GOOD.replace("direction = ", more).replace('sets = ["ped2"]', scope)
        (claim,) = read_claims(written(tmp_path, text))
        assert (claim.out_of_scope, claim.also) == ("no data", ("ped2",))
        assert [one.alternatives for one in claim.contrasts] == [0, 0]
        one = claim.contrasts[0]
        assert (one.margin, one.sets) == (1.5, ("shanghaitech", "ped2"))
        assert one.only_if is not None
        assert [one.only_if.met(mean) for mean in (9.9, 10.0, 10.1)] == [True, True, False]
        least = Condition("frames_updated", "hardly any", at_least=5.0)
        assert [least.met(mean) for mean in (4.9, 5.0, 60.0)] == [False, True, True]

    def test_a_claim_comes_once(self, tmp_path: Path) -> None:
        """Two claims of one name are refused."""
        with pytest.raises(StudyError, match="C1 comes twice"):
            read_claims(written(tmp_path, GOOD + GOOD.removeprefix(RULES)))

    def test_units_are_known(self) -> None:
        """Every quantity that a claim names has a unit."""
        for claim in read_claims():
            for contrast in claim.contrasts:
                assert contrast.unit == QUANTITIES[contrast.quantity]
