"""A frame store of any length that takes no room on the disk: an array file of holes, opened as every other store."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.store import FrameStore, open_store
from benchmarks.data.store_key import store_key
from benchmarks.data.video import Dataset, Video

_NAME = "holes"


@dataclass(frozen=True)
class _Black:
    """A reader of black frames, which is what a hole reads as."""

    size: int

    def __call__(self, index: int, *, grey: bool = False) -> NDArray[np.uint8]:
        del index
        return np.zeros((self.size, self.size) if grey else (self.size, self.size, 3), dtype=np.uint8)


def open_sparse_store(
    lengths: Sequence[int], *, size: int, folder: Path, channels: Literal[1, 3] = 1
) -> tuple[Dataset, FrameStore]:
    """Make the array (a header, then one hole) with its sidecar, and open it through `open_store`.

    The kernel reads a hole as zeros through the page cache, page by page, as it does a file's content; only the disk is
    left out. The folder must be on a disk: in a file system that lives in memory each page read would stay there.
    The checksum in the sidecar is none, since nobody has read the frames.
    """
    videos = tuple(
        Video(name=f"{number:03d}", length=length, read=_Black(size), identity=f"{length} black frames")
        for number, length in enumerate(lengths)
    )
    dataset = Dataset(name=_NAME, layout="holes", train=videos, test=())
    key = store_key(videos, size=size, channels=channels)
    path = folder / f"{_NAME}-train-{size}px-{channels}ch-{key[:16]}.npy"
    folder.mkdir(parents=True, exist_ok=True)
    shape = (sum(lengths), size, size, channels)
    with path.open("wb") as file:
        np.lib.format.write_array_header_2_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        total = file.tell() + int(np.prod(shape))
        file.truncate(total)
    sidecar = {"key": key, "size": size, "channels": channels, "names": [video.name for video in videos]}
    sidecar |= {"lengths": list(lengths), "checksum": "", "bytes": total}
    path.with_suffix(".json").write_text(json.dumps(sidecar), encoding="utf-8")
    return dataset, open_store(dataset, "train", size=size, channels=channels, folder=folder)


def even_lengths(frames: int, videos: int) -> tuple[int, ...]:
    """Share frames out over videos as evenly as they go."""
    return tuple(frames // videos + (number < frames % videos) for number in range(videos))
