"""A long stream at accelerated time: `python -m memory_vad.endurance` writes how memory, delay and work develop.

A pipe repeats one generated clip; `watch` takes it as fast as it can and drops nothing.
"""

import argparse
import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.writing import replace_text
from memory_vad.calibration import Calibration
from memory_vad.decode import pictures
from memory_vad.model import Model, settings_for
from memory_vad.speed import moving_clip
from memory_vad.watch import Counts, watch

_COLUMNS = ("stream_minutes", "scored", "dropped", "megabytes", "cpu_seconds_per_stream_second", "longest_delay_s")


@contextlib.contextmanager
def repeated(clip: bytes, times: int) -> Iterator[str]:
    """Send a transport stream so many times in a row through a pipe; gives the source to read."""
    reading, writing = os.pipe()

    def send() -> None:
        with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
            for _ in range(times):
                pipe.write(clip)

    threading.Thread(target=send, daemon=True).start()
    try:
        yield f"pipe:{reading}"
    finally:
        os.close(reading)


def measure(model: Model, clip: Path, minutes: float, *, rows: int = 12) -> tuple[list[tuple[float, ...]], Counts]:
    """Watch `clip` over and over for so many minutes of stream and return a row of `_COLUMNS` for each part of it."""
    shown = [model.prepared(picture.image(grey=True)) for picture in pictures(clip, model.fps)]
    terms = dict(model.score_clips(np.stack(shown)).terms)
    model.calibration = Calibration.of([terms], model.method.rule.weights, model.fps, block=2.0)
    seconds = len(shown) / model.fps
    found: list[tuple[float, ...]] = []
    scored, delay = 0, 0.0
    last = time.process_time()

    def emit(line: dict[str, Any]) -> None:
        nonlocal scored, delay, last
        if line["kind"] != "frame":
            return
        scored, delay = scored + 1, max(delay, line["delay"])
        if scored % max(1, round(minutes * 60 * model.fps / rows)) == 0:
            now, span = time.process_time(), minutes * 60 / rows
            found.append((line["time"] / 60, scored, line["dropped"], _megabytes(), (now - last) / span, delay))
            last, delay = now, 0.0

    with repeated(clip.read_bytes(), round(minutes * 60 / seconds)) as address:
        counts = watch(model, address, emit, per_hour=60)
    return found, counts


def _megabytes() -> float:
    """Return the memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write `endurance.csv`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=1440.0, help="of stream (1440, a day)")
    parser.add_argument("--fps", type=float, default=10.0)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=float, default=0.125)
    parser.add_argument("--out", type=Path, default=Path("results/camera/endurance.csv"))
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    settings = settings_for("mnad", "prediction", size=options.size, width=options.width, channels=1)
    with tempfile.TemporaryDirectory() as name:
        clip = moving_clip(Path(name) / "clip.ts", 250, rate=round(options.fps), size=(160, 90))
        rows, counts = measure(Model.build(settings, options.fps), clip, options.minutes)
    lines = [",".join(f"{value:.6g}" for value in row) for row in rows]
    replace_text(options.out, "\n".join([",".join(_COLUMNS), *lines]) + "\n")
    print(f"Wrote {options.out}: {counts}.")


if __name__ == "__main__":
    main()
