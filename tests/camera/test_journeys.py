"""The page "Your own video": every command on it does what the page says, in its order."""

import functools
import http.server
import json
import re
import shlex
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from memory_vad import cli
from tests.camera.test_official import golden, official_module
from tests.support.moving_clips import write_clip

PAGE = Path(__file__).parents[2] / "docs" / "own-video.md"
# The same commands, at a size that a test can train.
SMALLER = {
    "train": ["--size", "32", "--width", "0.125", "--epochs", "1", "--stride", "8"],
    "import-weights": ["--size", "64"],
}


def commands() -> list[list[str]]:
    """The page's commands, as lists of words."""
    fenced = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in fenced for line in block.splitlines() if line.startswith("memory-vad")]
    return [shlex.split(line)[1:] for line in lines]


class TestPage:
    def test_journeys(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Own video without labels, with labels, the authors' checkpoint, a stream: carried out as typed on the page."""
        # Five short videos: one is held out whole, and has one block to calibrate on.
        for number in range(5):
            write_clip(tmp_path / "cam1" / f"{number}.mp4", 12, fps=10, start=17 * number)
        write_clip(tmp_path / "new.mp4", 12, fps=10, odd=(6, 9))
        write_clip(tmp_path / "labelled" / "clip.mp4", 12, fps=10, odd=(6, 9))
        (tmp_path / "labelled" / "clip.csv").write_text("start,end\n6,9\n")
        trace = golden("mnad_eval_trace_pred")
        weights = {name[8:]: value for name, value in trace.items() if name.startswith("weights.")}
        torch.save(official_module(weights, monkeypatch), tmp_path / "model.pth")
        torch.save(torch.from_numpy(np.asarray(trace["items_init"])), tmp_path / "keys.pt")
        monkeypatch.chdir(tmp_path)
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
            threading.Thread(target=served.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{served.server_address[1]}"
            for typed in commands():
                words = [f"{address}/new.mp4" if word.startswith("rtsp:") else word for word in typed]
                words = [word.replace("http://localhost:8000", address) for word in words]
                if words[0] == "watch":
                    monkeypatch.setattr("memory_vad.webhook._TRIES", 1)
                    words += ["--retries", "0", "--max-delay", "60"]
                assert cli.main([*words, *SMALLER.get(words[0], [])]) == 0, words
            served.shutdown()
        assert {command[0] for command in commands()} >= {"train", "score", "evaluate", "import-weights", "watch"}
        assert json.loads((tmp_path / "scores" / "new.mp4.json").read_text())["intervals"]
        assert (tmp_path / "scores" / "new.mp4.overlay.mp4").exists()
        assert '"kind": "end"' in capsys.readouterr().out
