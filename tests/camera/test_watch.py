"""Streams made here, over HTTP, RTSP and standard input: what they send is scored, and what they fail at is a sentence."""

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.errors import StudyError
from memory_vad.model import Model
from memory_vad.scoring import score_video
from memory_vad.watch import watch
from tests.support.moving_clips import scene, write_clip
from tests.support.streams import http_source, rtsp_source


@pytest.fixture(scope="module")
def three_seconds(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An MPEG transport stream of three seconds: 15 frames at the model's rate, 11 scores."""
    return write_clip(tmp_path_factory.mktemp("stream") / "a.ts", 3).read_bytes()


def watched(model: Model, source: str, **options: Any) -> tuple[Any, list[dict[str, Any]]]:
    """Counts and lines of a stream that may take its time."""
    lines: list[dict[str, Any]] = []
    counts = watch(model, source, lines.append, **{"retries": 0, "max_delay": 60, **options})
    json.dumps(lines)
    return counts, lines


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

    def test_http_source_that_ends(self, model: Model, three_seconds: bytes) -> None:
        """A stream over HTTP is scored, and left with a sentence in the end."""
        with http_source(lambda: iter([three_seconds])) as address:
            counts, lines = watched(model, address)
        assert counts.scored == 15 - 4
        assert lines[-1]["reason"].startswith(("the stream ended", "the stream broke off"))

    def test_rtsp_source(self, model: Model, three_seconds: bytes) -> None:
        """A stream over RTSP is scored alike; user and password come nowhere in what is written."""
        with rtsp_source(three_seconds) as address:
            counts, lines = watched(model, address.replace("//", "//me:secret@"))
        assert counts.scored == 15 - 4
        assert "secret" not in json.dumps(lines)

    def test_standard_input(self, model: Model, three_seconds: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        """`-` reads what is piped in; nothing is dropped, however slow scoring is."""
        read, write = os.pipe()
        kept = os.dup(0)
        os.dup2(read, 0)

        def send() -> None:
            with os.fdopen(write, "wb") as pipe:
                pipe.write(three_seconds)

        threading.Thread(target=send, daemon=True).start()
        try:
            counts, _ = watched(model, "-", max_delay=0.1)
        finally:
            os.dup2(kept, 0)
            os.close(read)
            os.close(kept)
        assert (counts.scored, counts.dropped) == (15 - 4, 0)

    def test_a_stream_that_stalls(self, model: Model, three_seconds: bytes) -> None:
        """A stream without frames is left after a while and opened again; what was missing is said."""
        over = threading.Event()
        calls: list[int] = []

        def pieces() -> Iterator[bytes]:
            calls.append(1)
            if len(calls) < 3:
                yield three_seconds
            if len(calls) == 1:
                over.wait(20)

        with http_source(pieces) as address:
            counts, lines = watched(model, address, retries=1, stall=0.7)
            over.set()
        (note,) = [line["note"] for line in lines if line["kind"] == "note"][:1]
        assert note == "no frame came for 0.7 s; connecting again (1 of 1)"
        assert counts.reconnects >= 1
        assert counts.scored > 15 - 4

    def test_a_size_that_changes(self, model: Model, three_seconds: bytes, tmp_path: Path) -> None:
        """A camera that switches its resolution is scored on, and the change is said."""
        other = write_clip(tmp_path / "b.ts", 3, size=(64, 64)).read_bytes()
        with http_source(lambda: iter([three_seconds, other])) as address:
            counts, lines = watched(model, address)
        assert "the frame size changed to 64x64" in [line.get("note") for line in lines]
        assert counts.scored > 15

    def test_pictures_without_times(self, model: Model) -> None:
        """A camera that sends bare JPEGs is timed by when they arrive, not by a rate that nobody stated."""

        def pieces() -> Iterator[bytes]:
            for index in range(11):
                image = cv2.imencode(".jpg", scene(3 * index))[1].tobytes()
                yield b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(image) + image + b"\r\n"
                time.sleep(0.15)

        with http_source(pieces, "multipart/x-mixed-replace;boundary=next") as address:
            counts, _ = watched(model, address)
        # 1.5 s at 5 frames/s; by 25 frames/s, which FFmpeg assumes, it would be 0.4 s and too short for any score.
        assert counts.scored >= 1

    def test_a_slow_model_drops_the_backlog(self, model: Model, tmp_path: Path, monkeypatch: Any) -> None:
        """A live source is never queued beyond the delay: frames are dropped, counted, and what is scored goes on."""
        content = write_clip(tmp_path / "a.ts", 20).read_bytes()
        real = model.score_clips
        monkeypatch.setattr(model, "score_clips", lambda frames: (time.sleep(0.02), real(frames))[1])
        with http_source(lambda: iter([content])) as address:
            counts, _ = watched(model, address, max_delay=1.2)
        assert counts.dropped > 0
        assert 0 < counts.scored < 100 - counts.dropped

    @pytest.mark.parametrize(
        ("source", "said"),
        [
            ("http://me:secret@127.0.0.1:9/none", r"Expected a stream at http://127.0.0.1:9/none, but it cannot"),
            ("/dev/video97", r"Expected a camera at /dev/video97, but there is"),
            ("absent.mkv", r"Expected a stream at absent.mkv"),
        ],
    )
    def test_no_source(self, model: Model, source: str, said: str) -> None:
        """A source that was never there is one sentence, without the password."""
        with pytest.raises(StudyError, match=said) as caught:
            watch(model, source, lambda _: None, retries=0)
        assert "secret" not in str(caught.value)

    def test_a_stream_too_short_for_a_score(self, model: Model, tmp_path: Path) -> None:
        """A stream that ends before its first score says how many frames one needs."""
        content = write_clip(tmp_path / "a.ts", 0.5).read_bytes()
        with http_source(lambda: iter([content])) as address, pytest.raises(StudyError, match="at least 5 frames"):
            watch(model, address, lambda _: None, retries=0)
