"""Scoring a stream: bounded delay, flat memory, reconnects; one JSON line a scored frame or event.

One thread decodes and resamples by time, the other scores. Where scoring falls behind by more than the delay allowed, the
whole backlog is dropped at once and counted: clips need consecutive frames, so dropping single ones would spoil many scores.
"""

import queue
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import StudyError
from memory_vad.decode import Picture, reason_of, resampled, video_stream
from memory_vad.model import Model

_NETWORK = ("rtsp://", "rtsps://", "rtmp://", "http://", "https://", "udp://", "tcp://", "srt://")

# What comes from these has no times of its own worth the name: the time of arrival counts.
_CLOCKLESS = frozenset({"mpjpeg", "mjpeg", "image2pipe"})

Emit = Callable[[dict[str, Any]], None]


@dataclass
class Counts:
    """What has happened so far."""

    scored: int = 0
    dropped: int = 0
    reconnects: int = 0
    events: int = 0


@dataclass
class _Reader(threading.Thread):
    """Decodes the stream into a queue; connects again where a network source breaks off."""

    source: str
    fps: float
    grey: bool
    backlog: int
    stall: float
    retries: int
    live: bool
    notes: "queue.Queue[str]" = field(default_factory=queue.Queue)
    frames: "deque[tuple[float, float, NDArray[np.uint8]]]" = field(default_factory=deque)
    ready: threading.Condition = field(default_factory=threading.Condition)
    counts: Counts = field(default_factory=Counts)
    ended: str | None = None
    broken: bool = False  # since the last frame that was taken: clips start again
    halt: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    @property
    def shown(self) -> str:
        """The source without user name and password, for messages."""
        return re.sub(r"//[^/@]*@", "//", self.source)

    def run(self) -> None:
        """Read until the source is over or cannot be reached any more."""
        tries, began = 0, time.monotonic()
        while not self.halt.is_set():
            try:
                for picture in resampled(self._pictures(), self.fps, self.shown):
                    tries = 0
                    # The stream's clock runs on over a reconnection.
                    self._put(picture, time.monotonic() - began if self.live else picture.time)
                    if self.halt.is_set():
                        return
                reason = "the stream ended"
            except av.error.ExitError:
                reason = f"no frame came for {self.stall:g} s"
            except (av.error.FFmpegError, OSError) as error:
                reason = f"the stream broke off ({reason_of(error)})"
            except StudyError as error:
                reason = str(error).rstrip(".")
            if not self.live or tries >= self.retries:
                break
            tries += 1
            self.counts.reconnects += 1
            self.notes.put(f"{reason}; connecting again ({tries} of {self.retries})")
            with self.ready:
                self.broken = True
            self.halt.wait(min(2.0 ** (tries - 1) / 2, 30.0))
        with self.ready:
            self.ended = f"{reason} (tried {tries + 1} times)" if tries else reason
            self.ready.notify()

    def _pictures(self) -> Iterator[Picture]:
        size: tuple[int, int] | None = None
        with self._opened() as container:
            stream = video_stream(container, self.shown)
            clockless = container.format.name in _CLOCKLESS
            rate = float(stream.average_rate or 25)
            first: float | None = None
            last = -1.0
            for count, frame in enumerate(container.decode(stream)):
                if size not in (None, (frame.width, frame.height)):
                    self.notes.put(f"the frame size changed to {frame.width}x{frame.height}")
                size = (frame.width, frame.height)
                now = count / rate if frame.time is None else float(frame.time)
                now = time.monotonic() if clockless and self.live else now
                first = now if first is None else first
                # A camera whose clock jumps goes on from where it was.
                last = now - first if 0 < now - first - last < 10 else last + 1 / rate
                first = now - last
                yield Picture(last, frame)

    def _opened(self) -> Any:
        options: dict[str, Any] = {"timeout": (self.stall, self.stall)} if self.live else {}
        if self.source.startswith("rtsp"):
            options["options"] = {"rtsp_transport": "tcp"}
        if self.source.startswith("/dev/video"):
            options["format"] = "v4l2"
        try:
            return av.open("pipe:0" if self.source == "-" else self.source, **options)
        except av.error.ExitError:
            raise
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise StudyError(
                f"Expected a stream at {self.shown}, but it cannot be opened ({reason_of(error)}); check the address, that the "
                "camera is on, and user and password (rtsp://USER:PASSWORD@HOST/...)."
            ) from error

    def _put(self, picture: Picture, at: float) -> None:
        image = picture.image(grey=self.grey)
        with self.ready:
            if self.live:
                if len(self.frames) >= self.backlog:
                    self.counts.dropped += len(self.frames)
                    self.frames.clear()
                    self.broken = True
            else:
                while len(self.frames) >= self.backlog and not self.halt.is_set():  # a file waits
                    self.ready.wait(0.5)
            self.frames.append((at, time.monotonic(), image))
            self.ready.notify()


def watch(
    model: Model,
    source: str,
    emit: Emit,
    *,
    per_hour: float = 1.0,
    max_delay: float = 1.0,
    stall: float = 10.0,
    retries: int = 10,
    live: bool | None = None,
    events_only: bool = False,
) -> Counts:
    """Score a stream until it ends; `emit` gets one dictionary a scored frame, and one as an event begins and ends.

    source: an address (rtsp, http, ...), a file, a device, or - for standard input. live: whether frames may be dropped and
    the source is connected to again; by default for addresses and devices. max_delay, stall: seconds.
    Raises StudyError where the source was never reached.
    """
    calibration = model.calibration
    if calibration is None:
        raise StudyError(
            "Expected calibrated weights to watch with; call memory-vad calibrate with normal footage first."
        )
    level = calibration.level(per_hour)
    live = source.startswith((*_NETWORK, "/dev/")) if live is None else live
    if source.startswith("/dev/video") and not Path(source).exists():
        present = ", ".join(sorted(map(str, Path("/dev").glob("video*")))) or "no camera at all"
        raise StudyError(
            f"Expected a camera at {source}, but there is {present}; plug it in, or name the one you mean."
        )
    backlog = max(2, round(max_delay * model.fps))
    reader = _Reader(source, model.fps, model.settings.channels == 1, backlog, stall, retries if live else 0, live)
    reader.start()
    window: deque[NDArray[np.uint8]] = deque(maxlen=model.clip_length)
    lasting: deque[float] = deque(maxlen=calibration.sustained)
    event: dict[str, Any] | None = None
    last_alarm = -np.inf
    at = 0.0
    try:
        while (taken := _take(reader)) is not None:
            at, arrived, image, broken = taken
            _tell(reader, emit)
            if broken:
                window.clear()
                lasting.clear()
            window.append(model.prepared(image))
            if len(window) < model.clip_length:
                continue
            score = float(calibration.score(model.score_clips(np.stack(window)).terms)[0])
            lasting.append(score)
            held = min(lasting) if len(lasting) == calibration.sustained else -np.inf
            p = float(calibration.p_values(np.asarray([held]))[0])
            alarm = p <= level
            reader.counts.scored += 1
            if event is not None and at - last_alarm >= calibration.block:
                emit({"kind": "event ended", **event})
                event = None
            if alarm:
                last_alarm = at
                if event is None:
                    reader.counts.events += 1
                    event = {"start": round(at, 3), "end": round(at, 3), "score": score, "p": p}
                    emit({"kind": "event began", "start": event["start"], "score": score, "p": p})
                else:
                    event |= {"end": round(at, 3), "score": max(score, event["score"]), "p": min(p, event["p"])}
            if not events_only:
                emit(
                    {
                        "kind": "frame",
                        "time": round(at, 3),
                        "score": round(score, 4),
                        "p": round(p, 6),
                        "alarm": alarm,
                        "delay": round(time.monotonic() - arrived, 3),
                        "dropped": reader.counts.dropped,
                    }
                )
        if event is not None:
            emit({"kind": "event ended", **event})
        _tell(reader, emit)
        if not reader.counts.scored:
            short = f"Expected at least {model.clip_length} frames from {reader.shown} for a score, but {reader.ended}."
            raise StudyError(f"{reader.ended}." if str(reader.ended).startswith("Expected") else short)
        emit({"kind": "end", "time": round(at, 3), "reason": reader.ended, **vars(reader.counts)})
    finally:
        reader.halt.set()
    return reader.counts


def _take(reader: _Reader) -> tuple[float, float, NDArray[np.uint8], bool] | None:
    with reader.ready:
        while not reader.frames:
            if reader.ended is not None:
                return None
            reader.ready.wait(0.5)
        at, arrived, image = reader.frames.popleft()
        broken, reader.broken = reader.broken, False
        reader.ready.notify()
        return at, arrived, image, broken


def _tell(reader: _Reader, emit: Emit) -> None:
    while not reader.notes.empty():
        emit({"kind": "note", "note": reader.notes.get()})
