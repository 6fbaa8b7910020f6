"""Batches a second from the frame store, against decoding and resizing each clip's images.

Both ways are measured up to uint8 batches, which is what the store hands on, and up to float32 batches in [-1, 1], where
the conversion costs both the same and soon more than the store. One core each. Repetitions are interleaved, so that a machine that slows down slows both;
medians are compared. Run: `python -m benchmarks.perf.store --data-root DATA --out FILE`.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.clips import Clips
from benchmarks.data.datasets import open_dataset
from benchmarks.data.images import resize_square
from benchmarks.data.store import open_store
from benchmarks.data.video import Dataset
from benchmarks.data.writing import replace_text
from benchmarks.errors import StudyError

_LENGTH = 5
_SIZE = 256
_BATCH = 4


def measure(
    dataset: Dataset, channels: Literal[1, 3], folder: Path, *, batches: int, repetitions: int
) -> dict[str, Any]:
    """Return batches a second for both ways, each repetition and the medians; the same shuffled clips in both."""
    store = open_store(dataset, "train", size=_SIZE, channels=channels, folder=folder, workers=os.cpu_count() or 1)
    clips = Clips(store.frames, store.lengths, length=_LENGTH, names=store.names)
    rng = np.random.default_rng(0)
    buffer = np.empty((_BATCH, _LENGTH, _SIZE, _SIZE, channels), dtype=np.uint8)

    def from_store(indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        return clips.take(indices, out=buffer)

    def from_images(indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        decoded = np.empty_like(buffer)
        for row, clip in enumerate(indices):
            video = dataset.train[clips.video[clip]]
            for frame in range(_LENGTH):
                image = video.read(int(clips.first[clip]) + frame, grey=channels == 1)
                decoded[row, frame] = resize_square(image, _SIZE, channels)
        return decoded

    order = rng.permutation(len(clips))[: batches * _BATCH].reshape(-1, _BATCH)
    if not np.array_equal(from_store(order[0]), from_images(order[0])):
        raise StudyError(
            f"The store {store.path} should hold the decoded frames, but does not; delete it and try again."
        )
    ways: dict[str, Callable[[NDArray[np.int64]], object]] = {
        "store_uint8": from_store,
        "images_uint8": from_images,
        "store_float32": lambda indices: _scale(from_store(indices)),
        "images_float32": lambda indices: _scale(from_images(indices)),
    }
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(repetitions):
        for way, run in ways.items():
            # A tenth of the batches where images are decoded, since that is slow.
            rates[way].append(_rate(run, order if way.startswith("store") else order[: max(1, len(order) // 10)]))
    medians = {way: statistics.median(values) for way, values in rates.items()}
    return {
        "channels": channels,
        "batches_per_second": medians,
        "times_faster": {kind: medians[f"store_{kind}"] / medians[f"images_{kind}"] for kind in ("uint8", "float32")},
        "repetitions": rates,
    }


def _scale(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
    scaled = batch.astype(np.float32)
    scaled *= np.float32(1 / 127.5)
    scaled -= np.float32(1)
    return scaled


def _rate(way: Callable[[NDArray[np.int64]], object], order: NDArray[np.int64]) -> float:
    begin = time.perf_counter()
    for indices in order:
        way(indices)
    return len(order) / (time.perf_counter() - begin)


def main(arguments: list[str] | None = None) -> int:
    """Measure on real data from the command line; returns 0, or 2 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.perf.store", description=__doc__)
    parser.add_argument("--data-root", type=Path, required=True, help="folder that holds the set")
    parser.add_argument("--dataset", default="ped2")
    parser.add_argument(
        "--store", type=Path, default=None, help="folder of the frame store, a temporary one by default"
    )
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    try:
        dataset = open_dataset(chosen.dataset, chosen.data_root)
        with tempfile.TemporaryDirectory() as temporary:
            folder = chosen.store if chosen.store is not None else Path(temporary)
            results = [
                measure(dataset, channels, folder, batches=chosen.batches, repetitions=chosen.repetitions)
                for channels in (3, 1)
            ]
    except StudyError as error:
        print(error, file=sys.stderr)
        return 2
    report = {
        "what": f"batches of {_BATCH} clips of {_LENGTH} frames, {_SIZE}x{_SIZE}, shuffled, one core",
        "dataset": chosen.dataset,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "opencv": cv2.__version__},
        "results": results,
    }
    replace_text(chosen.out, json.dumps(report, indent=1) + "\n")
    for result in results:
        for kind, times in result["times_faster"].items():
            rates = [result["batches_per_second"][f"{way}_{kind}"] for way in ("store", "images")]
            print(
                f"{result['channels']} channel(s), {kind}: store {rates[0]:.0f} batches/s, images {rates[1]:.1f}, "
                f"{times:.1f} times faster"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
