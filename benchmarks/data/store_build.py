"""Filling a frame store: worker processes decode whole videos into their places of one temporary file."""

import hashlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from tqdm import tqdm

from benchmarks.data.images import resize_square
from benchmarks.data.video import Video
from benchmarks.errors import StudyError
from benchmarks.writing import replaced_whole

_CHUNK = 1 << 22


Report = Callable[[int, int], None]


class BuiltArray(NamedTuple):
    """A finished array file: sha256 (hex) of its content, and its size in bytes."""

    checksum: str
    bytes: int


class _Slice(NamedTuple):
    """One video's place in the file: `begin` is a byte offset."""

    path: Path
    begin: int
    video: Video
    size: int
    channels: int


def build_array(
    videos: Sequence[Video],
    *,
    path: Path,
    size: int,
    channels: int,
    workers: int,
    label: str | None,
    report: Report | None = None,
) -> BuiltArray:
    """Write all frames of the videos to `path` as a .npy array (n_frames, size, size, channels) uint8, atomically.

    label: text of the progress bar, None for none. report: called with how many frames of all are decoded. The file is read
    back and compared with what was decoded.
    Raises StudyError for a damaged image or a dead worker, and where the disk refuses.
    """
    frame_bytes = size * size * channels
    shape = (sum(video.length for video in videos), size, size, channels)
    # The store is locked, so whoever began one of these was killed; they can be gigabytes.
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        left.unlink()
    with replaced_whole(path) as temporary:
        with temporary.open("wb") as file:
            np.lib.format.write_array_header_2_0(
                file,
                {"descr": np.lib.format.dtype_to_descr(np.dtype(np.uint8)), "fortran_order": False, "shape": shape},
            )
            header = file.tell()
            total = header + shape[0] * frame_bytes
            # A full disk is found here, before an hour of decoding, and never as a crash of a memory map.
            _reserve(file.fileno(), total)
        slices, begin = [], header
        for video in videos:
            slices.append(_Slice(temporary, begin, video, size, channels))
            begin += video.length * frame_bytes
        with tqdm(total=shape[0], desc=label, unit="frame", disable=label is None, leave=False) as bar:
            done = 0

            def advance(frames: int) -> None:
                nonlocal done
                done += frames
                bar.update(frames)
                if report is not None:
                    report(done, shape[0])

            digests = _fill_all(slices, workers, advance)
        checksum = _read_back(slices, digests)
    return BuiltArray(checksum, total)


def _reserve(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:  # macOS
        os.truncate(descriptor, size)


def _fill_all(slices: list[_Slice], workers: int, advance: Callable[[int], object]) -> list[str]:
    if workers <= 1 or len(slices) == 1:
        return [_fill(part, advance) for part in slices]
    # Spawned, not forked: the parent may hold threads (torch, OpenCV) that a fork would copy in mid-air.
    with ProcessPoolExecutor(
        min(workers, len(slices)), mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
    ) as pool:
        futures: dict[Future[str], _Slice] = {}
        try:
            for part in sorted(slices, key=lambda part: -part.video.length):
                futures[pool.submit(_fill, part)] = part
            for future in as_completed(futures):
                future.result()
                advance(futures[future].video.length)
        except BrokenProcessPool as error:
            raise StudyError(
                "A process that decodes frames was expected to finish, but it died (perhaps killed for memory) while "
                f"building {slices[0].path.stem}; try again with fewer workers."
            ) from error
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        by_begin = {part.begin: future.result() for future, part in futures.items()}
    return [by_begin[part.begin] for part in slices]


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C
    cv2.setNumThreads(1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        # A pool's workers outlive a parent that is killed outright; this thread ends them.
        threading.Thread(target=_leave_with, args=(parent.sentinel,), daemon=True).start()


def _leave_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def _fill(part: _Slice, advance: Callable[[int], object] | None = None) -> str:
    """Decode one video into its place; returns the sha256 (hex) of what was decoded."""
    digest = hashlib.sha256()
    with part.path.open("r+b") as file:
        file.seek(part.begin)
        for index in range(part.video.length):
            frame = part.video.read(index, grey=part.channels == 1)
            content = resize_square(frame, part.size, part.channels).tobytes()
            digest.update(content)
            file.write(content)
            if advance is not None:
                advance(1)
    return digest.hexdigest()


def _read_back(slices: list[_Slice], digests: list[str]) -> str:
    """Compare the file with what was decoded; returns the sha256 (hex) of the whole content."""
    whole = hashlib.sha256()
    with slices[0].path.open("rb") as file:
        file.seek(slices[0].begin)
        for part, expected in zip(slices, digests, strict=True):
            digest = hashlib.sha256()
            left = part.video.length * part.size * part.size * part.channels
            while left:
                content = file.read(min(left, _CHUNK))
                if not content:
                    break
                left -= len(content)
                digest.update(content)
                whole.update(content)
            if digest.hexdigest() != expected:
                raise StudyError(
                    f"The frames of video {part.video.name} were written to {part.path} but read back differently; "
                    "check the disk and try again."
                )
    return whole.hexdigest()
