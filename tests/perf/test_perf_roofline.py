"""Shares of the machine's limits: benchmarks/perf/roofline.py."""

import json
from pathlib import Path

import pytest

from benchmarks.perf import roofline


class TestMain:
    def test_writes_both_shares_with_what_binds(
        self, tiny_images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The share of the peak is the step's rate over the product's, the other the bound over the measured time."""
        out = tmp_path / "roofline.json"
        tiny = ["--dataset", "tiny", "--size", "32", "--width", "0.25", "--steps", "1", "--repetitions", "2"]
        limits = ["--matrix", "128", "--elements", "4096", "--cached-elements", "1024"]
        assert roofline.main(["--data-root", str(tiny_images), "--out", str(out), *tiny, *limits]) == 0
        content = json.loads(out.read_text())
        peak, roof, precision = content["rows"]
        full, small = content["steps"]
        assert (peak["target"], roof["target"], precision["target"]) == (0.88, 0.75, None)
        rates = zip(peak["ours"]["values"], full["peak_gflops"]["values"], peak["claim"]["values"], strict=True)
        assert all(share == pytest.approx(step / product, rel=1e-3) for step, product, share in rates)
        for described in (full, small):
            bounds = described["bandwidth"]
            assert bounds["compute_share"] + bounds["memory_share"] == pytest.approx(1, abs=1e-3)
            share = bounds["bound_seconds"] / described["seconds_per_step"]["median"]
            assert bounds["share_of_bound"] == pytest.approx(share, abs=1e-3)
            assert described["gflop_per_frame"] > 0
        assert full["gflop_per_frame"] > 4 * small["gflop_per_frame"]
        assert "of the bound is memory traffic" in roof["limit"]
        assert "of the roofline" in capsys.readouterr().out
