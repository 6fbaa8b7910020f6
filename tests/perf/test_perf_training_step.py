"""Speed of training steps: benchmarks/perf/training_step.py."""

import json
from pathlib import Path

import pytest

from benchmarks.perf import training_step

TINY = ("--dataset", "tiny", "--size", "32", "--memae-size", "16", "--memae-batch", "2", "--width", "0.125")


class TestMain:
    def test_writes_a_row_for_each_comparison(self, tiny_images: Path, tmp_path: Path) -> None:
        """Each row's claim is ours over theirs, pair by pair, and the targets stand at the published width."""
        out = tmp_path / "training_step.json"
        arguments = ["--data-root", str(tiny_images), "--out", str(out), *TINY, "--steps", "1", "--repetitions", "2"]
        assert training_step.main(arguments) == 0
        content = json.loads(out.read_text())
        rows = content["rows"]
        assert [row["target"] for row in rows] == [2.6, None, 2.5, None]
        assert [row["unit"] for row in rows] == ["frames/s", "frames/s", "clips/s", "clips/s"]
        assert "32x32x3" in rows[0]["what"]
        for row in rows:
            pairs = zip(row["ours"]["values"], row["theirs"]["values"], row["claim"]["values"], strict=True)
            assert len(row["claim"]["values"]) == 2
            assert all(claim == pytest.approx(ours / theirs, rel=1e-3) for ours, theirs, claim in pairs)
        assert {"commit", "machine", "versions", "threads"} <= set(content)

    def test_too_few_frames_are_a_sentence(
        self, tiny_images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Status 2, what was needed, and no file."""
        out = tmp_path / "training_step.json"
        arguments = ["--data-root", str(tiny_images), "--out", str(out), *TINY, "--steps", "100", "--quick"]
        assert training_step.main(arguments) == 2
        assert "404 frames" in capsys.readouterr().err
        assert not out.exists()
