"""Where the time goes: benchmarks/perf/profiles.py."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.data.video import Video
from benchmarks.errors import StudyError
from benchmarks.perf import profiles
from benchmarks.study.presets import resolve


class TestProfilePhase:
    def test_names_what_took_the_time(self) -> None:
        """A product of matrices is among the operations, once a call, and shares do not exceed the whole."""
        factor = torch.ones(300, 300)
        found = profiles.profile_phase(lambda: (factor @ factor).add_(1), 3, top=100)
        product = next(one for one in found["operations"] if one["name"] == "aten::mm")
        assert product["calls"] == 1
        assert sum(one["share"] for one in found["operations"]) <= 1.01
        assert found["seconds"] >= product["seconds"] > 0

    def test_keeps_the_largest_only(self) -> None:
        """No more operations than asked for, the largest first."""
        found = profiles.profile_phase(lambda: torch.ones(50).exp().log().sin().cos().sum(), 2, top=3)
        seconds = [one["seconds"] for one in found["operations"]]
        assert len(seconds) == 3
        assert seconds == sorted(seconds, reverse=True)


class TestFirstClips:
    def test_are_consecutive(self) -> None:
        """Clips overlap by all frames but one, in order."""
        video = Video("a", 6, lambda index, *, grey=False: np.full((32, 32), index, dtype=np.uint8), identity="a")
        settings = resolve(dataset="ped2", method="mnad", task="prediction", profile="smoke")
        clips = profiles.first_clips(video, settings, 5, 2)
        assert clips.take([0, 1])[:, :, 0, 0, 0].tolist() == [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5]]

    def test_a_short_video_is_a_sentence(self) -> None:
        """It names the video and what is needed."""
        video = Video("short", 3, lambda index, *, grey=False: np.zeros((32, 32), dtype=np.uint8), identity="a")
        settings = resolve(dataset="ped2", method="mnad", task="prediction", profile="smoke")
        with pytest.raises(StudyError, match="short"):
            profiles.first_clips(video, settings, 5, 2)


class TestMarkdown:
    def test_a_table_a_phase(self) -> None:
        """Times in milliseconds, shares in per cent."""
        one = {"name": "aten::mm", "seconds": 0.0123, "share": 0.5, "calls": 2.0}
        text = profiles.markdown({"a step": {"seconds": 0.025, "operations": [one]}}, "Profiles")
        assert "## a step: 0.025 s" in text
        assert "| `aten::mm` | 12.30 ms | 50.0 % | 2 |" in text


@pytest.mark.data
class TestMain:
    @pytest.mark.parametrize("unfused", [False, True])
    def test_four_phases(self, tmp_path: Path, data_root: Path, unfused: bool) -> None:
        """Steps and scoring of both methods, as JSON and Markdown; the fused norm appears unless switched off."""
        out = tmp_path / "profiles.json"
        arguments = [
            "--data-root",
            str(data_root),
            "--profile",
            "smoke",
            "--repetitions",
            "1",
            "--top",
            "99",
            "--out",
            str(out),
        ]
        assert profiles.main([*arguments, *(["--unfused"] if unfused else [])]) == 0
        report = json.loads(out.read_text())
        assert len(report["phases"]) == 4
        assert report["mode"] == ("record" if unfused else "fast")
        for phase in report["phases"].values():
            assert 12 < len(phase["operations"]) <= 99
            assert phase["seconds"] > 0
        step = next(phase for name, phase in report["phases"].items() if name.startswith("MNAD training"))
        fused = any("NormaliseRectify" in one["name"] for one in step["operations"])
        assert fused == (not unfused and importlib.util.find_spec("numba") is not None)
        assert out.with_suffix(".md").read_text().count("| operation |") == 4
