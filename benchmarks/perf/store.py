"""Clips a second from the frame store, against decoding and resizing each clip's images.

Both ways are measured up to uint8 batches, which is what the store hands on, and up to float32 batches in [-1, 1]: as
the harness makes them (`Feed.batch`, then MNAD's `to_frames`), and in one compiled pass (`benchmarks.perf.float_batches`).
The same shuffled clips everywhere, one core each. Run: `python -m benchmarks.perf.store --data-root DATA --out FILE`.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.data.clips import Clips
from benchmarks.data.datasets import open_dataset
from benchmarks.data.images import resize_square
from benchmarks.data.store import open_store
from benchmarks.data.video import Dataset
from benchmarks.errors import StudyError
from benchmarks.perf.float_batches import float_batch
from benchmarks.perf.measuring import Row, exit_on_study_error, interleave, ratio, report
from benchmarks.perf.options import parse, parser_of
from benchmarks.run.feed import Feed
from mnad.score import to_frames

_LENGTH = 5
_BATCH = 4
_TARGET = 50.0
_CHANNELS: tuple[Literal[1, 3], ...] = (1, 3)


def measure(
    dataset: Dataset, channels: Literal[1, 3], folder: Path, *, size: int, batches: int, repetitions: int
) -> tuple[list[Row], dict[str, Any]]:
    """Return a row for each kind of batch, and what writing alone would allow.

    Raises StudyError where the store does not hold what decoding gives.
    """
    store = open_store(dataset, "train", size=size, channels=channels, folder=folder, workers=os.cpu_count() or 1)
    clips = Clips(store.frames, store.lengths, length=_LENGTH, names=store.names)
    feed = Feed(clips, torch.device("cpu"))
    buffer = np.empty((_BATCH, _LENGTH, size, size, channels), dtype=np.uint8)
    scaled = np.empty(buffer.shape, dtype=np.float32)

    def from_images(indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        decoded = np.empty_like(buffer)
        for row, clip in enumerate(indices):
            video = dataset.train[clips.video[clip]]
            for frame in range(_LENGTH):
                image = video.read(int(clips.first[clip]) + frame, grey=channels == 1)
                decoded[row, frame] = resize_square(image, size, channels)
        return decoded

    chosen = np.random.default_rng(0).permutation(len(clips))[: batches * _BATCH]
    order = chosen[: len(chosen) // _BATCH * _BATCH].reshape(-1, _BATCH)
    decoded = from_images(order[0])
    one_pass = float_batch(clips, order[0], scaled)
    if not (
        np.array_equal(clips.take(order[0]), decoded)
        and np.array_equal(one_pass, to_frames(torch.from_numpy(decoded)).numpy())
    ):
        raise StudyError(
            f"The store {store.path} should hold the decoded frames, but does not; delete it and try again."
        )
    # A tenth of the batches where images are decoded, since that is slow.
    few = order[: max(1, len(order) // 10)]
    found = interleave(
        {
            "images uint8": lambda: _rate(from_images, few),
            "images float32": lambda: _rate(lambda indices: to_frames(torch.from_numpy(from_images(indices))), few),
            "store uint8": lambda: _rate(lambda indices: clips.take(indices, out=buffer), order),
            "harness": lambda: _rate(lambda indices: to_frames(feed.batch(indices).frames), order),
            "one pass": lambda: _rate(lambda indices: float_batch(clips, indices, scaled), order),
            "writing": lambda: _rate(lambda indices: scaled.fill(len(indices)), order),
        },
        repetitions,
    )
    bound = ratio(found["writing"], found["images float32"])
    gigabytes = found["writing"].median / _BATCH * scaled.nbytes / 1e9
    limits = {
        "harness": f"memory: a new float32 array for each batch, and three passes over it; writing it once into an array "
        f"that stays would allow {bound.median:.0f} times",
        "one pass": f"memory: writing four bytes an element allows {bound.median:.0f} times ({gigabytes:.1f} GB/s, one core)",
    }
    words = {
        "store uint8": "uint8 batches",
        "harness": "float32 batches as the harness makes them",
        "one pass": "float32 batches in one compiled pass",
    }
    rows = []
    for way, what in words.items():
        kind = "uint8" if way == "store uint8" else "float32"
        claim = ratio(found[way], found[f"images {kind}"])
        target = None if kind == "uint8" else _TARGET
        name = f"frame store, {channels} channel{'s' if channels > 1 else ''}: {what}"
        limit = limits.get(way, "") if claim.median < _TARGET else ""
        rows.append(Row(name, "clips/s", found[way], found[f"images {kind}"], claim, "times", target, limit=limit))
    facts = {
        "channels": channels,
        "writing_alone_times": bound.to_dict(),
        "write_gigabytes_per_second": round(gigabytes, 2),
    }
    return rows, facts


def _rate(way: Callable[[NDArray[np.int64]], object], order: NDArray[np.int64]) -> float:
    """Return clips a second."""
    begin = time.perf_counter()
    for indices in order:
        way(indices)
    return order.size / (time.perf_counter() - begin)


@exit_on_study_error
def main(arguments: list[str] | None = None) -> int:
    """Measure on real data from the command line; returns 0, or 2 with a sentence on stderr."""
    parser = parser_of("store", __doc__, repetitions=7)
    parser.add_argument("--dataset", default="ped2")
    parser.add_argument("--size", type=int, default=256, help="height and width in pixels (256)")
    parser.add_argument("--batches", type=int, help="batches a repetition (200, quick: 40)")
    chosen = parse(parser, arguments)
    batches = chosen.batches or (40 if chosen.quick else 200)
    dataset = open_dataset(chosen.dataset, chosen.data_root)
    with tempfile.TemporaryDirectory() as folder:
        found = [
            measure(
                dataset,
                channels,
                Path(folder),
                size=chosen.size,
                batches=batches,
                repetitions=chosen.repetitions,
            )
            for channels in _CHANNELS
        ]
    about = f"batches of {_BATCH} clips of {_LENGTH} frames, {chosen.size}x{chosen.size}, shuffled, one core"
    rows, bounds = [row for rows, _ in found for row in rows], [bound for _, bound in found]
    return report(chosen.out, rows, about=about, dataset=chosen.dataset, bounds=bounds)


if __name__ == "__main__":
    sys.exit(main())
