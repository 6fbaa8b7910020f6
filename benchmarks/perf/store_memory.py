"""Resident memory while training from a store of ShanghaiTech's size: 274,515 frames at 256x256, 18 GB.

The store is a file of holes (`benchmarks.perf.sparse_store`); store, clips, feed, method and training step are the
project's own. A child process trains a tiny MNAD on shuffled clips; a thread of it reads /proc/self/smaps_rollup.

What is counted as held: anonymous pages, dirty pages of files and locked pages, which is all that a process cannot give
back while it goes on. Clean pages of files (the store's frames that were read, and the libraries) are the kernel's to
take at once wherever something else needs the room; they are reported apart, and at the end the store's are handed back
to show it. Run: `python -m benchmarks.perf.store_memory --data-root DATA --out FILE` (it reads no data; Linux only).
"""

import argparse
import json
import mmap
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.data.clips import Clips
from benchmarks.errors import StudyError
from benchmarks.perf.measuring import Row, Spread, exit_on_study_error, report
from benchmarks.perf.options import parse, parser_of
from benchmarks.perf.sparse_store import even_lengths, open_sparse_store
from benchmarks.run.feed import Feed
from benchmarks.run.methods import build
from benchmarks.study.presets import resolve

_ROLLUP = Path("/proc/self/smaps_rollup")
_ROOT = Path(__file__).resolve().parents[2]
_VIDEOS = 330  # ShanghaiTech's training split
_KIB = 1024
_PARTS = 10
_GB = 1e9
_TARGET_GB = 2.0
_TARGET_SLOPE = 1.0  # MB a thousand frames


@dataclass(frozen=True)
class Sample:
    """Memory at one moment, in bytes. frames: trained until then. files: clean and dirty pages of files together."""

    seconds: float
    frames: int
    resident: int
    anonymous: int
    files: int
    held: int


def sample(begun: float, frames: int) -> Sample:
    """Read the kernel's own count of this process."""
    lines = (line.split() for line in _ROLLUP.read_text(encoding="ascii").splitlines()[1:])
    size = {words[0].rstrip(":"): int(words[1]) * _KIB for words in lines}
    dirty = size["Shared_Dirty"] + size["Private_Dirty"]
    # An anonymous page counts once, dirty or not.
    held = max(size["Anonymous"], dirty) + size["Locked"]
    files = size["Rss"] - size["Anonymous"]
    return Sample(time.monotonic() - begun, frames, size["Rss"], size["Anonymous"], files, held)


def train(folder: Path, *, frames: int, size: int, steps: int, batch: int, interval: float) -> dict[str, Any]:
    """Train for so many steps from a store of so many frames, and return the samples; for a process of its own."""
    _, store = open_sparse_store(even_lengths(frames, min(_VIDEOS, max(1, frames // 32))), size=size, folder=folder)
    settings = resolve(
        dataset="ped2", method="mnad", task="prediction", profile="smoke", size=size, width=0.0625, batch=batch
    )
    method = build(settings, 0, torch.device("cpu"))
    feed = Feed(Clips(store.frames, store.lengths, length=method.clip_length), torch.device("cpu"))
    (objective,) = method.objectives()
    samples: list[Sample] = []
    done, ended, turn = 0, threading.Event(), threading.Lock()
    begun = time.monotonic()

    def watch() -> None:
        while not ended.wait(interval):
            with turn:
                samples.append(sample(begun, done))

    samples.append(sample(begun, 0))
    watcher = threading.Thread(target=watch)
    watcher.start()
    epoch = 0
    try:
        while done < steps * batch:
            epoch += 1
            for clips in feed.shuffled(0, epoch, batch):
                objective.optimiser.zero_grad(set_to_none=True)
                method.losses(clips, objective.name).total.backward()
                objective.optimiser.step()
                # Between steps too, so that few quick steps have enough samples.
                with turn:
                    done += batch
                    samples.append(sample(begun, done))
                if done >= steps * batch:
                    break
    finally:
        ended.set()
        watcher.join()
    samples.append(sample(begun, done))
    _hand_back(store.frames)
    return {"samples": [asdict(one) for one in samples], "after": asdict(sample(begun, done))}


def _hand_back(frames: np.ndarray[Any, Any]) -> None:
    """Give the store's pages back, as the kernel does when it needs room."""
    base: Any = frames
    while not isinstance(base, mmap.mmap):
        base = base.base
    base.madvise(mmap.MADV_DONTNEED)


def slope(samples: Sequence[Sample]) -> float:
    """Return by how many MB held memory grows a thousand frames over the second half.

    Least squares through the lowest sample of each tenth of it: a step's own rise and fall is no growth, a leak lifts
    the floor. Raises StudyError where the samples of the second half are too few for that.
    """
    half = [one for one in samples if one.frames >= samples[-1].frames / 2]
    tenths = [half[start * len(half) // _PARTS : (start + 1) * len(half) // _PARTS] for start in range(_PARTS)]
    floors = [min(tenth, key=lambda one: one.held) for tenth in tenths if tenth]
    frames = np.asarray([one.frames for one in floors], dtype=np.float64)
    if len(floors) < _PARTS or np.ptp(frames) == 0:
        raise StudyError(
            f"Expected at least {_PARTS} samples in the second half of the training, but got {len(half)}; train for "
            "more --steps or sample at a shorter --interval."
        )
    return float(np.polyfit(frames / 1000, np.asarray([one.held for one in floors]) / 1e6, 1)[0])


def rows_of(samples: Sequence[Sample], after: Sample, what: str) -> list[Row]:
    """Return the rows: peak held and its growth with targets, and what else was resident."""
    held = Spread((max(one.held for one in samples) / _GB,))
    growth = Spread((slope(samples),))
    peak = Spread((max(one.resident for one in samples) / _GB,))
    returned = Spread((after.resident / _GB,))
    named = (
        ("held (anonymous, dirty and locked pages)", "GB", held, _TARGET_GB),
        ("growth of what is held, second half", "MB per 1000 frames", growth, _TARGET_SLOPE),
        ("resident with the clean pages of files, which the kernel takes back at will", "GB", peak, None),
        ("resident after the store's pages were handed back", "GB", returned, None),
    )
    return [Row.alone(f"{what}: {name}", unit, value, target, at_least=False) for name, unit, value, target in named]


@exit_on_study_error
def main(arguments: list[str] | None = None) -> int:
    """Measure from the command line; returns 0, or 2 with a sentence on stderr."""
    parser = parser_of("store_memory", __doc__)
    parser.add_argument("--folder", type=Path, help="where the store of holes is made, on a disk; a temporary folder")
    parser.add_argument("--frames", type=int, default=274_515, help="of the store (274515)")
    parser.add_argument("--size", type=int, default=256, help="height and width in pixels (256)")
    parser.add_argument("--batch", type=int, default=4, help="clips of a step (4)")
    parser.add_argument("--steps", type=int, help="training steps (600, quick: 100)")
    parser.add_argument("--interval", type=float, default=0.1, help="seconds between samples (0.1)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parse(parser, arguments)
    steps = chosen.steps or (100 if chosen.quick else 600)
    sizes = {name: getattr(chosen, name) for name in ("frames", "size", "batch", "interval")}
    if not _ROLLUP.exists():
        raise StudyError(f"Expected the kernel's count of memory in {_ROLLUP}, but it is not there; run on Linux.")
    if chosen.child:
        chosen.out.write_text(json.dumps(train(chosen.folder, steps=steps, **sizes)), encoding="utf-8")
        return 0
    with tempfile.TemporaryDirectory(dir=chosen.folder) as temporary:
        trace = Path(temporary) / "trace.json"
        options = [text for name, value in sizes.items() for text in (f"--{name}", str(value))]
        command = [sys.executable, "-m", "benchmarks.perf.store_memory", "--child", "--folder", temporary, *options]
        command += ["--data-root", str(chosen.data_root), "--steps", str(steps), "--out", str(trace)]
        done = subprocess.run(
            command,
            cwd=_ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=False,
        )
        if done.returncode:
            raise StudyError(f"Expected the training process to end well, but its status is {done.returncode}.")
        found = json.loads(trace.read_text(encoding="utf-8"))
    samples = [Sample(**one) for one in found["samples"]]
    after = Sample(**found["after"])
    gigabytes = chosen.frames * chosen.size**2 / _GB
    what = f"training from a store of {chosen.frames} frames at {chosen.size}x{chosen.size} ({gigabytes:.2f} GB)"
    rows = rows_of(samples, after, what)
    counted = "held: max(anonymous, dirty) + locked of /proc/self/smaps_rollup; clean pages of files are not held"
    thinned = samples[:: max(1, len(samples) // 200)]
    return report(
        chosen.out,
        rows,
        counted=counted,
        samples=[{name: round(value, 2) for name, value in asdict(one).items()} for one in thinned],
        sampled=len(samples),
        after={name: round(value, 2) for name, value in asdict(after).items()},
    )


if __name__ == "__main__":
    sys.exit(main())
