"""Speed of evaluation: benchmarks/perf/scoring_speed.py."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.errors import StudyError
from benchmarks.perf import scoring_speed
from benchmarks.run.evaluation import Pass
from examples import mnad_in_one_file as published_mnad

TINY = (
    "--dataset",
    "tiny",
    "--size",
    "32",
    "--width",
    "0.0625",
    "--clips",
    "11",
    "--repetitions",
    "2",
    "--matrix",
    "64",
)


class TestMain:
    def test_writes_a_row_for_each_comparison(self, tiny_images: Path, tmp_path: Path) -> None:
        """Scores agree, and each row's claim is ours over theirs, pair by pair."""
        out = tmp_path / "scoring_speed.json"
        assert scoring_speed.main(["--data-root", str(tiny_images), "--out", str(out), *TINY]) == 0
        content = json.loads(out.read_text())
        assert [row["target"] for row in content["rows"]] == [3.0, 1.5, None, 4.0]
        assert all("matrix peak" in row["limit"] for row in content["rows"])
        for row in content["rows"]:
            pairs = zip(row["ours"]["values"], row["theirs"]["values"], row["claim"]["values"], strict=True)
            assert len(row["claim"]["values"]) == 2
            assert all(claim == pytest.approx(ours / theirs, rel=1e-3) for ours, theirs, claim in pairs)
        found = content["largest_relative_difference"]
        for variant in ("update", "no_update"):
            assert 0 <= max(found[variant].values()) <= scoring_speed.TOLERANCE
        assert found["decisions_that_change"] >= 1, "the check of the update is about decisions that change"


def scores(updated: list[bool]) -> published_mnad.Scores:
    """Scores of two frames as published."""
    return published_mnad.Scores(psnr=[[20.0, 30.0]], distance=[[0.1, 0.2]], updated=updated)


def passed(distance: float, updated: list[bool]) -> Pass:
    """The same scores as ours."""
    terms = {
        "mse": np.array([1e-2, 1e-3]),
        "feature_distance": np.array([0.1, distance]),
        "updated": np.array(updated, dtype=np.float64),
    }
    return Pass(np.zeros(2, np.int64), np.arange(2), {"update": terms}, {})


class TestDifference:
    def test_equal_scores_pass(self) -> None:
        """The largest relative difference of each term is returned."""
        found = scoring_speed.difference(passed(0.2, [True, False]), "update", scores([True, False]))
        assert found["psnr"] == pytest.approx(0, abs=1e-12)
        assert found["feature_distance"] == pytest.approx(0, abs=1e-12)

    def test_refuses_another_score(self) -> None:
        """Ten times the tolerance is too much, and the term is named."""
        with pytest.raises(StudyError, match="feature_distance"):
            scoring_speed.difference(passed(0.2 * (1 + 1e-5), [True, False]), "update", scores([True, False]))

    def test_refuses_another_decision(self) -> None:
        """A decision that differs is an error, whatever the scores."""
        with pytest.raises(StudyError, match="1 differ"):
            scoring_speed.difference(passed(0.2, [True, True]), "update", scores([True, False]))


class TestMiddle:
    def test_half_lie_below(self) -> None:
        """The threshold lies between the middle values."""
        assert scoring_speed.middle([4.0, 1.0, 2.0, 8.0]) == 3.0
