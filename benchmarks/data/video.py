"""What every layout hands on: data sets made of videos whose frames, labels and masks are read on demand."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.images import read_image
from benchmarks.errors import StudyError


class FrameReader(Protocol):
    """Reads one frame of one video; must be picklable, since worker processes fill the store."""

    def __call__(self, index: int, *, grey: bool = False) -> NDArray[np.uint8]:
        """Return frame `index` as (height, width, 3) uint8 in B, G, R order, or (height, width) uint8 where grey.

        With `grey` the frame must come as (height, width); without, a set that has no colour may return that too.
        Raises StudyError where the frame cannot be read.
        """


class MaskReader(Protocol):
    """Reads the pixel mask of one frame; must be picklable."""

    def __call__(self, index: int) -> NDArray[np.bool_]:
        """Return the mask of frame `index` as (height, width) bool, True where abnormal."""


@dataclass(frozen=True, eq=False)
class Video:
    """One video of a split.

    labels: (length,) uint8, 1 = abnormal; None in training splits, which hold normal frames only.
    kinds: (length,) uint8, 0 normal, 1 spatial, 2 temporal, 3 spatio-temporal; synthetic set only.
    sources: the files that determine the frames. identity: what else does (a generator's plan, a decoder).
    Raises StudyError where labels or kinds are of another length than the video.
    """

    name: str
    length: int
    read: FrameReader
    labels: NDArray[np.uint8] | None = None
    masks: MaskReader | None = None
    kinds: NDArray[np.uint8] | None = None
    sources: tuple[Path, ...] = ()
    identity: str = ""

    def __post_init__(self) -> None:
        for what, values in (("labels", self.labels), ("kinds", self.kinds)):
            if values is not None and values.shape != (self.length,):
                raise StudyError(
                    f"Video {self.name} has {self.length} frames, so {self.length} {what} were expected, but an array "
                    f"of shape {values.shape} came; check the label file of this set."
                )


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set as one layout holds it.

    layout: the layout's name. labels_from: where the frame labels come from, since some sets have several; empty where
    the test videos have none.
    """

    name: str
    layout: str
    train: tuple[Video, ...]
    test: tuple[Video, ...]
    labels_from: str = ""

    def split(self, name: str) -> tuple[Video, ...]:
        """Return the videos of split `train` or `test`; raises StudyError for any other name."""
        if name == "train":
            return self.train
        if name == "test":
            return self.test
        raise StudyError(f"A split is called train or test, but {name!r} was asked for; choose one of the two.")


@dataclass(frozen=True)
class ImageFrames:
    """Frames of a video that lies as one image file per frame, in order."""

    paths: tuple[Path, ...]

    def __call__(self, index: int, *, grey: bool = False) -> NDArray[np.uint8]:
        """Return frame `index`: (height, width, 3) uint8 B, G, R, or (height, width) uint8 where grey."""
        return read_image(self.paths[index], grey=grey)


@dataclass(frozen=True)
class ImageMasks:
    """Pixel masks that lie as one image file per frame, in order; any value but 0 is abnormal."""

    paths: tuple[Path, ...]

    def __call__(self, index: int) -> NDArray[np.bool_]:
        """Return the mask of frame `index` as (height, width) bool."""
        return read_image(self.paths[index], grey=True) > 0
