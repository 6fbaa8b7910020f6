"""What an inspection leaves next to the checkpoint, for figures: ``look.npz`` of a cell, ``video-NAME.npz`` of one test video."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.reading import DIGEST, expected, refuse_special
from benchmarks.writing import replaced_whole

_FOLDER = "folder"  # a run's folder has the run's name, so that a file in another run's place is found


@dataclass(frozen=True)
class _Arrays:
    """Arrays by name; one that is None is left out of the file."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; raises StudyError, naming the file, if it is damaged or lacks an array."""
        with expected("what inspecting a run leaves", path, "run make inspect-STUDY for its study"):
            refuse_special(path)
            with np.load(path, allow_pickle=False) as file:
                arrays = dict(file)
            # Files made before there was a digest have none.
            if str(arrays.pop(DIGEST, found := _digest(arrays))) != found:
                raise ValueError("it is not what was written: its digest is another")
            if (folder := str(arrays.pop(_FOLDER, path.parent.name))) != path.parent.name:
                raise ValueError(f"it was written for {folder}")
            return cls(**arrays)

    def save(self, path: Path) -> None:
        """Write all arrays at once; raises StudyError if the disk refuses."""
        named = ((field.name, getattr(self, field.name)) for field in fields(self))
        arrays = {name: np.asarray(value) for name, value in named if value is not None}
        arrays[_FOLDER] = np.array(path.parent.name)
        arrays[DIGEST] = np.array(_digest(arrays))
        with replaced_whole(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 (hex) of every array's name, type, shape and bytes, but for the digest's."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        if name != DIGEST:
            digest.update(f"{name} {array.dtype.str} {array.shape}".encode() + array.tobytes())
    return digest.hexdigest()


MISTAKES = ("missed_1", "missed_2", "false_alarm_1", "false_alarm_2")
"""Kinds of the stills that show a cell's worst mistakes: two of each, from two videos."""


@dataclass(frozen=True)
class InspectionFile(_Arrays):
    """A cell as trained, seen on a sample of its test frames. Below 2 MB: 0.4 to 1.2 MB at the profile `cpu`.

    still_kind: (stills,) text: normal, abnormal, other_abnormal; on Ped2 normal, golf_cart, cyclist; on the synthetic set
        normal, spatial, temporal, spatio_temporal; then `MISTAKES`
    still_video: (stills,) names. still_frame: (stills,) int64, the scored frame in its video
    still_input, still_target, still_output: (stills, height, width, channels) uint8; still_error: (stills, height, width)
        float16, for frames in [0, 1]
    still_mask: (stills, height, width) bool, where the anomalies are. None on a set without masks
    items: (kept, channels) float16; item_number: (kept,) int64: all items of a memory of at most 100, else the 100 used
        most in the sample. None without memory
    usage: (kept, h, w) uint16, how many of the sampled frames have their query at a place nearest to an item;
        dead: (h, w) uint16, how many have an empty address. frames: (), how many were sampled
    query: (n, channels) float16, at unit length where items are compared by cosine; query_item: (n,) int64, the nearest
        item's number, -1 for an empty address. None where the method has no queries, or no items
    patch_kind: (patches,) text: spatial, spatio_temporal; patch_target, patch_output: (patches, side, side) uint8 in grey,
        a square of each kind with its surroundings, as it was to be and as it came out. None on other sets
    replaced_name: (variants,) text, as variants of scoring: bottleneck_zeros and so on; replaced_output: (variants, height,
        width, channels) uint8, what comes out of the still with the index ``replaced_still``, (). None without a bottleneck
        to replace
    """

    NAME: ClassVar = "look.npz"

    still_kind: NDArray[np.str_]
    still_video: NDArray[np.str_]
    still_frame: NDArray[np.int64]
    still_input: NDArray[np.uint8]
    still_target: NDArray[np.uint8]
    still_output: NDArray[np.uint8]
    still_error: NDArray[np.float16]
    frames: NDArray[np.int64]
    still_mask: NDArray[np.bool_] | None = None
    items: NDArray[np.float16] | None = None
    item_number: NDArray[np.int64] | None = None
    usage: NDArray[np.uint16] | None = None
    dead: NDArray[np.uint16] | None = None
    query: NDArray[np.float16] | None = None
    query_item: NDArray[np.int64] | None = None
    patch_kind: NDArray[np.str_] | None = None
    patch_target: NDArray[np.uint8] | None = None
    patch_output: NDArray[np.uint8] | None = None
    replaced_still: NDArray[np.int64] | None = None
    replaced_name: NDArray[np.str_] | None = None
    replaced_output: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class VideoFile(_Arrays):
    """All scored frames of one test video. 20 to 30 MB for 180 grey frames of 256 x 256.

    frame: (n,) int64 in the video; label: (n,) uint8, 1 = abnormal
    input, target, output: (n, height, width, channels) uint8
    error: (n, height, width) uint8 in units of ``error_unit``, (), for frames in [0, 1]: the largest error is 255
    """

    frame: NDArray[np.int64]
    label: NDArray[np.uint8]
    input: NDArray[np.uint8]
    target: NDArray[np.uint8]
    output: NDArray[np.uint8]
    error: NDArray[np.uint8]
    error_unit: NDArray[np.float64]

    @staticmethod
    def name(video: str) -> str:
        """Return the file's name."""
        return f"video-{video}.npz"
