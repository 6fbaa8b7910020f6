from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.report.claims import HALF_A_POINT, read_claims
from benchmarks.report.quantities import QUANTITIES

GOOD = """
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


def written(folder: Path, text: str) -> Path:
    path = folder / "claims.toml"
    path.write_text(text)
    return path


class TestReadClaims:
    def test_the_study_has_fourteen(self) -> None:
        """C1 to C14 are there, in order, each with a deciding contrast, and a smallest effect that is half a point of AUC."""
        claims = read_claims()
        assert [claim.id for claim in claims] == [f"C{number}" for number in range(1, 15)]
        for claim in claims:
            assert any(contrast.deciding for contrast in claim.contrasts), claim.id
            for contrast in claim.contrasts:
                assert set(contrast.sets) <= set(claim.sets)
                if contrast.quantity in ("auc", "auc_change"):
                    assert contrast.smallest == HALF_A_POINT, (claim.id, contrast.name)

    def test_lists_multiply(self, tmp_path: Path) -> None:
        """A list of two tasks makes two contrasts, each told by its cells."""
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
        ],
    )
    def test_a_wrong_file_is_named(self, tmp_path: Path, before: str, after: str, told: str) -> None:
        """A wrong key or level gets one sentence that names the file or claim and what is valid."""
        assert before in GOOD
        with pytest.raises(StudyError, match=told):
            read_claims(written(tmp_path, GOOD.replace(before, after)))

    def test_a_claim_comes_once(self, tmp_path: Path) -> None:
        """Two claims of one name are refused."""
        with pytest.raises(StudyError, match="C1 comes twice"):
            read_claims(written(tmp_path, GOOD + GOOD))

    def test_units_are_known(self) -> None:
        """Every quantity that a claim names has a unit."""
        for claim in read_claims():
            for contrast in claim.contrasts:
                assert contrast.unit == QUANTITIES[contrast.quantity]
