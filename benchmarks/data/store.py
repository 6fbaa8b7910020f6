"""The frame store: every frame decoded and resized once, in one memory-mapped uint8 array per set, split and size."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.data.arrays import map_array
from benchmarks.data.facts import videos_of
from benchmarks.data.locks import locked
from benchmarks.data.store_build import Report, build_array
from benchmarks.data.store_key import store_key
from benchmarks.data.video import Dataset, Video
from benchmarks.errors import StudyError
from benchmarks.reading import DIGEST, expected, json_digest, printable, read_json
from benchmarks.writing import replace_text

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class FrameStore:
    """An open, read-only store.

    frames: (n_frames, size, size, channels) uint8 memory map, B, G, R order where there are three channels.
    lengths, names: of the videos, in order. checksum: sha256 (hex) of the content. path: the .npy file.
    """

    frames: np.memmap[Any, np.dtype[np.uint8]]
    lengths: tuple[int, ...]
    names: tuple[str, ...]
    checksum: str
    path: Path

    def verify(self) -> None:
        """Read everything and compare with the checksum; raises StudyError where the content has changed."""
        found = content_checksum(self.frames)
        if found != self.checksum:
            raise StudyError(
                f"The frame store {self.path} should have the checksum {self.checksum[:12]}..., but its content gives "
                f"{found[:12]}...; delete the file, and it will be built again."
            )


def content_checksum(frames: np.ndarray[Any, np.dtype[np.uint8]]) -> str:
    """Return the sha256 (hex) of the frames' bytes in order, reading a few frames at a time."""
    digest = hashlib.sha256()
    for begin in range(0, len(frames), 64):
        digest.update(frames[begin : begin + 64].tobytes())
    return digest.hexdigest()


def open_store(
    dataset: Dataset,
    split: Literal["train", "test"],
    *,
    size: int,
    channels: Literal[1, 3],
    folder: Path,
    workers: int = 1,
    progress: bool = True,
    report: Report | None = None,
) -> FrameStore:
    """Open the store of one split at one size, building it first where there is none or a torn one.

    size: height and width in pixels. channels: 3 for B, G, R, 1 for grey decoded as such. workers: processes that
    decode. report: called with how many frames of all are decoded, instead of or besides the progress bar. Two processes may
    ask at once: one builds, the other waits and opens the result.
    Raises StudyError for damaged images, a full disk, or a folder that cannot be written; nothing half-written stays.
    """
    if size < 1 or channels not in (1, 3):
        raise StudyError(
            f"Frames need a size of at least 1 and 1 or 3 channels, but size {size} and {channels} channels came; "
            "correct the settings."
        )
    videos = dataset.split(split)
    if not videos:
        raise StudyError(f"Data set {dataset.name} holds no {split} videos; check it with the doctor of this set.")
    path, key = _place(dataset, split, size, channels, folder)
    try:
        store, _ = _open_existing(path, key, videos)
        if store is not None:
            return store
        folder.mkdir(parents=True, exist_ok=True)
        waiting = partial(_log.info, "Waiting for another process that builds the frame store %s.", path)
        with locked(path.with_suffix(".lock"), waiting):
            store, problem = _open_existing(path, key, videos)
            if store is not None:
                return store
            if problem:
                _log.warning("Rebuilding the frame store %s: %s.", path, problem)
            array = build_array(
                videos,
                path=path,
                size=size,
                channels=channels,
                workers=workers,
                label=f"{dataset.name} {split} frames" if progress else None,
                report=report,
            )
            sidecar: dict[str, Any] = {
                "key": key,
                "dataset": dataset.name,
                "layout": dataset.layout,
                "split": split,
                "size": size,
                "channels": channels,
                "names": [video.name for video in videos],
                "lengths": [video.length for video in videos],
                "checksum": array.checksum,
                "bytes": array.bytes,
            }
            # The sidecar comes last: an array without one was not finished.
            sidecar[DIGEST] = json_digest(sidecar)
            replace_text(path.with_suffix(".json"), json.dumps(sidecar, indent=1) + "\n")
            store, problem = _open_existing(path, key, videos)
    except OSError as error:
        raise StudyError(
            f"The frame store needs to write to {folder}, but that failed ({error.strerror or error}); free space "
            "there or choose another folder."
        ) from error
    if store is None:
        raise StudyError(f"The frame store {path} was built but cannot be opened ({problem}); check the disk.")
    return store


def find_store(
    dataset: Dataset, split: Literal["train", "test"], *, size: int, channels: Literal[1, 3], folder: Path
) -> FrameStore | None:
    """Return the store that `open_store` would open without making anything; None where it would have to make one."""
    videos = dataset.split(split)
    store, _ = _open_existing(*_place(dataset, split, size, channels, folder), videos) if videos else (None, "")
    return store


def open_path(path: Path) -> None:
    """Raise StudyError where a store's file is not what was written, by its sidecar; whose frames it holds is not asked."""
    with expected("a frame store", path, "delete it, and it is built again"):
        sidecar = read_json(path.with_suffix(".json"))
        if sidecar.pop(DIGEST, digest := json_digest(sidecar)) != digest:
            raise ValueError("its sidecar was changed")
        if path.stat().st_size != sidecar["bytes"]:
            raise ValueError(f"it has {path.stat().st_size} bytes, not {sidecar['bytes']}")
        if (frames := map_array(path)).dtype != np.uint8:
            raise ValueError(f"it holds {frames.dtype}, not uint8")
        if content_checksum(frames.astype(np.uint8, copy=False)) != sidecar["checksum"]:
            raise ValueError("it is not what was written: its checksum is another")


def _place(dataset: Dataset, split: str, size: int, channels: int, folder: Path) -> tuple[Path, str]:
    """Where a store lies, and the key of what it is made from."""
    key = store_key(dataset.split(split), size=size, channels=channels)
    return folder / f"{videos_of(dataset.name)}-{split}-{size}px-{channels}ch-{key[:16]}.npy", key


def _open_existing(path: Path, key: str, videos: Sequence[Video]) -> tuple[FrameStore | None, str]:
    """Return the store, or None and what is wrong with it (nothing where there simply is none)."""
    sidecar_path = path.with_suffix(".json")
    try:
        sidecar = read_json(sidecar_path)
        names, lengths = tuple(video.name for video in videos), tuple(video.length for video in videos)
        if sidecar["key"] != key or (tuple(sidecar["names"]), tuple(sidecar["lengths"])) != (names, lengths):
            return None, "its sidecar belongs to other frames"
        # Stores made before sidecars had a digest are good, too.
        if sidecar.pop(DIGEST, digest := json_digest(sidecar)) != digest:
            return None, "its sidecar was changed"
        if path.stat().st_size != sidecar["bytes"]:
            return None, f"it has {path.stat().st_size} bytes, not {sidecar['bytes']}"
        frames = map_array(path)
        shape = (sum(lengths), sidecar["size"], sidecar["size"], sidecar["channels"])
        if frames.shape != shape or frames.dtype != np.uint8 or not isinstance(frames, np.memmap):
            return None, f"it holds {frames.dtype} of shape {frames.shape}, not uint8 of shape {shape}"
        return FrameStore(frames, lengths, names, str(sidecar["checksum"]), path), ""
    except FileNotFoundError:
        half = path.exists() or sidecar_path.exists()
        return None, "the array or its sidecar is missing" if half else ""
    except NotADirectoryError:
        return None, ""
    except Exception as error:  # whatever a damaged file makes a parser raise: the store is built again
        return None, f"it cannot be understood ({printable(str(error))})"
