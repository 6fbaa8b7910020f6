"""Streams: an HTTP source made here, delay and dropping by rule, and a webhook that fails at first."""

import functools
import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.errors import StudyError
from memory_vad.model import Model
from memory_vad.scoring import score_video
from memory_vad.watch import Webhook, watch
from tests.support.moving_clips import write_clip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """An HTTP server of the folder; its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_address[1]}"
        served.shutdown()


class TestWatch:
    def test_a_file_is_scored_as_by_score(self, model: Model, odd_clip: Path) -> None:
        """Each frame gets the score that `score` gives it; the event begins and ends; nothing is dropped."""
        lines: list[dict[str, Any]] = []
        counts = watch(model, str(odd_clip), lines.append, per_hour=120)
        frames = [line for line in lines if line["kind"] == "frame"]
        expected = score_video(model, odd_clip, per_hour=120)
        np.testing.assert_allclose([line["score"] for line in frames], expected.table["score"], rtol=1e-3, atol=1e-3)
        assert [line["alarm"] for line in frames] == expected.table["alarm"].tolist()
        kinds = [line["kind"] for line in lines if line["kind"] != "frame"]
        assert kinds == ["event began", "event ended", "end"]
        assert (counts.dropped, counts.events) == (0, 1)

    def test_http_source_that_ends(self, model: Model, server: str, tmp_path: Path) -> None:
        """A stream over HTTP is scored, connected to again when it ends, and left with a sentence in the end."""
        write_clip(tmp_path / "a.mkv", 3)
        lines: list[dict[str, Any]] = []
        counts = watch(model, f"{server}/a.mkv", lines.append, retries=0, max_delay=60)
        assert counts.scored == 15 - 4
        assert "ended" in lines[-1]["reason"]
        json.dumps(lines)

    def test_a_slow_model_drops_the_backlog(self, model: Model, server: str, tmp_path: Path, monkeypatch: Any) -> None:
        """A live source is never queued beyond the delay: frames are dropped, counted, and what is scored goes on."""
        write_clip(tmp_path / "a.mkv", 20)
        real = model.score_clips
        monkeypatch.setattr(model, "score_clips", lambda frames: (time.sleep(0.02), real(frames))[1])
        lines: list[dict[str, Any]] = []
        counts = watch(model, f"{server}/a.mkv", lines.append, retries=0, max_delay=1.2)
        assert counts.dropped > 0
        assert 0 < counts.scored < 100 - counts.dropped

    def test_no_source(self, model: Model) -> None:
        """A source that was never there is one sentence."""
        with pytest.raises(StudyError, match="none came"):
            watch(model, "http://127.0.0.1:9/none", lambda _: None, retries=0)


class TestWebhook:
    def test_tries_again(self) -> None:
        """A message that was refused twice arrives at the third attempt."""
        got: list[Any] = []
        tries: list[int] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                tries.append(1)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if len(tries) > 2:
                    got.append(json.loads(body))
                self.send_response(200 if len(tries) > 2 else 503)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as served:
            threading.Thread(target=served.serve_forever, daemon=True).start()
            hook = Webhook(f"http://127.0.0.1:{served.server_address[1]}/", pytest.fail, pause=0.01)
            hook.send({"kind": "event began"})
            hook.close()
            served.shutdown()
        assert got == [{"kind": "event began"}]

    def test_only_http(self) -> None:
        """An address of another kind is refused."""
        with pytest.raises(StudyError, match="http"):
            Webhook("file:///etc/passwd", print)
