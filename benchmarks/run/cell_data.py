"""Where a cell finds things, and the frames it works on: the stores of both splits, part of the training held out."""

import dataclasses
import os
from pathlib import Path
from typing import Literal

from benchmarks.data.clips import Clips
from benchmarks.data.datasets import open_dataset
from benchmarks.data.known_anomalies import read_folder, refuse_test_frames
from benchmarks.data.store import FrameStore, open_store
from benchmarks.data.video import Dataset
from benchmarks.errors import StudyError
from benchmarks.run.progress import Progress
from benchmarks.study.settings import Settings

# Up to here decoding in this process is faster than starting others.
_MANY_FRAMES = 5000
_SPLITS: tuple[Literal["train", "test"], ...] = ("train", "test")
# Stores whose bytes this process has checked, and when each was written: reading one takes a while, once is enough.
_verified: set[tuple[Path, int]] = set()


@dataclasses.dataclass(frozen=True)
class Places:
    """Folders of a cell: data (None for the synthetic set), results, and work of all cells together."""

    data: Path | None
    results: Path
    work: Path


@dataclasses.dataclass(frozen=True)
class CellData:
    """The stores of both splits, and which training videos are held out for calibration."""

    dataset: Dataset
    train: FrameStore
    test: FrameStore
    trained: tuple[int, ...]
    held_out: tuple[int, ...]

    def clips(self, split: Literal["train", "held out", "test"], length: int, stride: int = 1) -> Clips:
        """Return the clips of a split."""
        if split == "test":
            return Clips(self.test.frames, self.test.lengths, length=length, names=self.test.names)
        videos = self.trained if split == "train" else self.held_out
        store = self.train
        return Clips(store.frames, store.lengths, length=length, stride=stride, videos=videos, names=store.names)

    def training_clips(self, settings: Settings, length: int) -> Clips:
        """Return the clips to train on, of every temporal stride that the settings ask for."""
        if settings.temporal_strides is None:
            return self.clips("train", length, settings.train_stride)
        store = self.train
        return Clips(
            store.frames,
            store.lengths,
            length=length,
            stride=settings.train_stride,
            temporal_stride=range(1, settings.temporal_strides + 1),
            videos=self.trained,
            names=store.names,
        )


def open_data(settings: Settings, places: Places, progress: Progress | None = None) -> CellData:
    """Open both splits' stores, making them where they are not, and check the bytes of each against its checksum.

    progress: called with how many frames are decoded
    Raises StudyError if a store's bytes have changed, or if no training video is left to train on.
    """
    dataset = open_dataset(settings.dataset, places.data)
    channels: Literal[1, 3] = 1 if settings.channels == 1 else 3
    stores = [
        open_store(
            dataset,
            split,
            size=settings.size,
            channels=channels,
            folder=places.work / "frames",
            workers=(os.cpu_count() or 1) if sum(video.length for video in dataset.split(split)) > _MANY_FRAMES else 1,
            progress=False,
            report=None if progress is None else progress.step,
        )
        for split in _SPLITS
    ]
    for store in stores:
        _verify_once(store)
    train, test = stores
    if settings.negative_folder is not None:
        known = read_folder(Path(settings.negative_folder), settings.size, settings.channels)
        refuse_test_frames(known, test.frames)
    count = len(train.lengths)
    if settings.calibration_videos >= count:
        raise StudyError(
            f"Expected training videos besides {settings.calibration_videos} held out for calibration, but "
            f"{settings.dataset} has {count}; set calibration_videos lower."
        )
    split = count - settings.calibration_videos
    return CellData(dataset, train, test, tuple(range(split)), tuple(range(split, count)))


def _verify_once(store: FrameStore) -> None:
    """Check a store's bytes, unless this process has done so since the file was written."""
    seen = (store.path, store.path.stat().st_mtime_ns)
    if seen not in _verified:
        store.verify()
        _verified.add(seen)
