"""The benchmark of the store: benchmarks/perf/store.py."""

import json
import os
from pathlib import Path

import pytest

from benchmarks.perf import store


@pytest.mark.data
class TestMain:
    def test_both_ways_give_the_same_batches_and_the_report_is_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A short run on real frames ends with rates of both ways for 3 and 1 channels; no rate is judged here."""
        if not os.environ.get("DATA_ROOT"):
            pytest.skip("DATA_ROOT is not set")
        monkeypatch.setattr(store, "_SIZE", 32)
        out = tmp_path / "out.json"
        arguments = ["--data-root", os.environ["DATA_ROOT"], "--batches", "3", "--repetitions", "2", "--out", str(out)]
        assert store.main(arguments) == 0
        results = json.loads(out.read_text())["results"]
        assert [result["channels"] for result in results] == [3, 1]
        for result in results:
            assert set(result["times_faster"]) == {"uint8", "float32"}
            assert all(len(rates) == 2 and min(rates) > 0 for rates in result["repetitions"].values())

    def test_a_missing_root_is_a_sentence(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Status 2 and no traceback."""
        assert store.main(["--data-root", str(tmp_path / "gone"), "--out", str(tmp_path / "o")]) == 2
        assert "gone" in capsys.readouterr().err
