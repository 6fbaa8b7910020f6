"""The command: what it writes, what it says, and that bad input is one sentence and exit status 2."""

import json
import re
import subprocess
import sys
from pathlib import Path

import av
import pytest

from memory_vad import cli
from memory_vad.model import Model, settings_for


class TestMain:
    def test_score_writes_everything(
        self, weights: Path, odd_clip: Path, normal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """CSV, intervals, timeline and overlay of each video, and one page for several; no AUC anywhere."""
        out = tmp_path / "out"
        command = ["score", str(odd_clip), str(normal / "a.mp4"), "--weights", str(weights), "--out", str(out)]
        assert cli.main([*command, "--false-alarms-per-hour", "120"]) == 0
        names = {path.name for path in out.iterdir()}
        assert names == {"index.html"} | {
            f"{name}.{kind}" for name in ("odd.mp4", "a.mp4") for kind in ("csv", "json", "svg", "overlay.mp4")
        }
        assert (out / "odd.mp4.csv").read_text().startswith("time,frame,score,p,alarm\n0.8,4,")
        assert json.loads((out / "odd.mp4.json").read_text())["intervals"]
        with av.open(str(out / "odd.mp4.overlay.mp4")) as container:
            assert container.streams.video[0].codec_context.name == "h264"
            assert sum(1 for _ in container.decode(video=0)) == 150
        page = (out / "index.html").read_text()
        assert page.count("<svg") == 2
        assert not re.search(r"\bAUC\b", page + capsys.readouterr().out)

    def test_shipped_weights_are_announced(
        self,
        weights: Path,
        odd_clip: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Without --weights those shipped are taken, and it is said what that means."""
        monkeypatch.setattr("memory_vad.scoring.SHIPPED", weights)
        assert cli.main(["score", str(odd_clip), "--out", str(tmp_path), "--no-overlay"]) == 0
        assert "UCSD Ped2" in capsys.readouterr().err
        assert not list(tmp_path.glob("*.mp4"))

    def test_evaluate(self, weights: Path, odd_clip: Path, tmp_path: Path) -> None:
        """With labels: AUC, events, delay and false alarms."""
        out = tmp_path / "e.json"
        command = ["evaluate", str(odd_clip), "--weights", str(weights), "--out", str(out)]
        assert cli.main([*command, "--false-alarms-per-hour", "120"]) == 0
        content = json.loads(out.read_text())
        assert content["frame"]["micro_auc"] > 0.9
        assert content["event"]["recall"] == 1
        assert content["event"]["delay"] < 1.5

    def test_a_full_disk(self, weights: Path, odd_clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Where the overlay cannot be written the sentence names it and the way around."""
        assert cli.main(["score", str(odd_clip), "--weights", str(weights), "--out", "/dev/null/out"]) == 2
        assert "/dev/null/out" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["score", "absent.mp4"], "absent.mp4"),
            (["train", "absent"], "absent"),
            (["train", "x", "--epochs", "none"], "whole number"),
            (["train", "x", "--fps", "-1"], "above 0"),
            (["evaluate"], "either labelled videos or --data-root"),
            (["fly"], "memory-vad --help"),
            (["export", "--weights", "absent.safetensors", "--out", "x.onnx"], "does not exist"),
        ],
    )
    def test_bad_arguments(self, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
        """One sentence on the error stream, exit status 2."""
        assert cli.main(arguments) == 2
        assert said in capsys.readouterr().err.splitlines()[-1]

    def test_weights_that_were_never_calibrated(
        self, odd_clip: Path, tmp_path: Path, normal: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """They are refused until normal footage is given, by `calibrate` or beside the videos."""
        path = tmp_path / "w.safetensors"
        Model.build(settings_for("frame_difference", "reconstruction", size=32, channels=1, epochs=0), 5).save(path)
        command = ["score", str(odd_clip), "--weights", str(path), "--out", str(tmp_path / "out"), "--no-overlay"]
        assert cli.main(command) == 2
        assert "calibrate" in capsys.readouterr().err
        assert cli.main([*command, "--normal", str(normal)]) == 0
        assert (
            cli.main(["calibrate", str(normal), "--weights", str(path), "--out", str(tmp_path / "c.safetensors")]) == 0
        )
        assert Model.load(tmp_path / "c.safetensors").calibration is not None

    def test_no_study_library_is_loaded(self) -> None:
        """Scoring loads no MLflow, Dask, matplotlib or pandas; importing the package alone not even torch."""
        code = (
            "import sys, memory_vad; assert 'torch' not in sys.modules; memory_vad.score_video; memory_vad.train; "
            "import memory_vad.cli, memory_vad.overlay, memory_vad.timeline, memory_vad.watch; memory_vad.load(); "
            "heavy = {'mlflow', 'dask', 'distributed', 'matplotlib', 'seaborn', 'numba', 'onnx', 'pandas', 'scipy', 'sklearn'}; "
            "heavy &= set(sys.modules); "
            "assert not heavy, heavy"
        )
        subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
