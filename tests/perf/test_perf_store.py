"""The benchmark of the store: benchmarks/perf/store.py."""

import json
from pathlib import Path

import pytest

from benchmarks.perf import store


@pytest.mark.data
class TestMain:
    def test_both_ways_give_the_same_batches_and_the_report_is_whole(self, tmp_path: Path, data_root: Path) -> None:
        """A short run on real frames ends with rates of both ways for 1 and 3 channels; no rate is judged here."""
        out = tmp_path / "out.json"
        sizes = ["--size", "16", "--batches", "3", "--repetitions", "2"]
        assert store.main(["--data-root", str(data_root), *sizes, "--out", str(out)]) == 0
        report = json.loads(out.read_text())
        assert [row["what"].partition(":")[0] for row in report["rows"]] == [
            *["frame store, 1 channel"] * 3,
            *["frame store, 3 channels"] * 3,
        ]
        for row in report["rows"]:
            assert row["unit"] == "clips/s"
            assert len(row["ours"]["values"]) == len(row["theirs"]["values"]) == 2
            assert min(row["ours"]["values"]) > 0
            assert (row["target"] is None) == ("uint8" in row["what"])
            assert bool(row["limit"]) == (row["reached"] is False)
        assert [bound["channels"] for bound in report["bounds"]] == [1, 3]


class TestWithoutData:
    def test_a_missing_root_is_a_sentence(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Status 2 and no traceback."""
        assert store.main(["--data-root", str(tmp_path / "gone"), "--out", str(tmp_path / "o")]) == 2
        assert "gone" in capsys.readouterr().err
