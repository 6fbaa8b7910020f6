"""Frame labels from the files that circulate: first/last pairs in .mat and .m files, and one value a frame in .npy."""

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from benchmarks.data.facts import FACTS, videos_of
from benchmarks.data.findings import Complain, noted
from benchmarks.data.video import Dataset
from benchmarks.errors import StudyError

_RANGE = re.compile(r"(\d+)\s*(?::\s*(\d+))?")
_GT_FRAME = re.compile(r"gt_frame\s*=\s*\[([^\]]*)\]")


def labels_from_ranges(ranges: Iterable[tuple[int, int]], length: int, where: str) -> NDArray[np.uint8]:
    """Return (length,) uint8 labels, 1 inside the ranges: first and last frame, one-based and inclusive.

    where: the file, for the StudyError that a range outside the video raises.
    """
    labels = np.zeros(length, dtype=np.uint8)
    for first, last in ranges:
        if not 1 <= first <= last <= length:
            raise StudyError(
                f"Abnormal ranges between 1 and {length}, the number of frames on disk, were expected in {where}, but "
                f"{first} to {last} came; complete the video's frames or restore the label file."
            )
        labels[first - 1 : last] = 1
    return labels


def read_cells(path: Path, name: str) -> NDArray[np.object_]:
    """Return the cell array `name` of a .mat file, flat; raises StudyError where the file is damaged or lacks it."""
    try:
        return np.asarray(loadmat(path, variable_names=[name])[name].ravel(), dtype=np.object_)
    # What scipy raises depends on where a damaged file stops making sense.
    except (
        MatReadError,
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        OSError,
        NotImplementedError,
        zlib.error,
    ) as error:
        raise StudyError(
            f"A cell array {name} was expected in {path}, but {error!r} came; restore the file."
        ) from error


def read_pairs(path: Path, lengths: Sequence[int]) -> list[NDArray[np.uint8]]:
    """Read `ped2.mat`: cell array `gt`, one (2, n_ranges) array per test video of first and last frames.

    Returns labels per video. Raises StudyError for another number of videos or ranges outside them.
    """
    cells = read_cells(path, "gt")
    _check_count(len(cells), lengths, path)
    return [
        labels_from_ranges(
            ((int(first), int(last)) for first, last in np.asarray(cell).reshape(2, -1).T),
            length,
            f"{path} (video {i + 1})",
        )
        for i, (cell, length) in enumerate(zip(cells, lengths, strict=True))
    ]


def read_ranges(path: Path, lengths: Sequence[int]) -> list[NDArray[np.uint8]]:
    """Read `UCSDped2.m`: a line `TestVideoFile{end+1}.gt_frame = [1:15, 45:113];` per test video.

    Returns labels per video. Raises StudyError for another number of videos or ranges outside them.
    """
    rows = _GT_FRAME.findall(path.read_text(encoding="utf-8", errors="replace"))
    _check_count(len(rows), lengths, path)
    return [
        labels_from_ranges(
            ((int(first), int(last or first)) for first, last in _RANGE.findall(row)), length, f"{path} (video {i + 1})"
        )
        for i, (row, length) in enumerate(zip(rows, lengths, strict=True))
    ]


def read_frame_labels(path: Path, lengths: Sequence[int]) -> list[NDArray[np.uint8]]:
    """Read MNAD's `frame_labels_ped2.npy`: (1, n_frames) or (n_frames,), all test videos joined.

    Returns labels per video. Raises StudyError for another number of frames or values other than 0 and 1.
    """
    try:
        values = np.load(path, allow_pickle=False).ravel()
    except (ValueError, OSError, EOFError) as error:
        raise StudyError(f"An array of frame labels was expected in {path}, but {error}; restore the file.") from error
    if len(values) != sum(lengths) or not np.isin(values, (0, 1)).all():
        raise StudyError(
            f"{sum(lengths)} labels of 0 or 1, one per test frame on disk, were expected in {path}, but {len(values)} "
            f"values from {values.min(initial=0)} to {values.max(initial=0)} came; complete the frames or restore the "
            "file."
        )
    return np.split(values.astype(np.uint8), np.cumsum(lengths)[:-1])


def mnad_label_files(name: str, path: Path) -> list[Path]:
    """Return where MNAD's label file of a set may lie: in the set's folder `path`, or beside it."""
    names = FACTS[name].label_names if name in FACTS else (name,)
    return [folder / f"frame_labels_{one}.npy" for folder in (path, path.parent) for one in names]


def relabelled(dataset: Dataset, path: Path, complain: Complain) -> Dataset:
    """Return a set with the labels of MNAD's file instead of its own; without any where complaining returns."""
    test = [replace(video, labels=None) for video in dataset.test]
    candidates = mnad_label_files(dataset.name, path)
    file = next((one for one in candidates if one.is_file()), None)
    if file is None:
        complain(
            f"MNAD's frame labels were expected as {' or '.join(map(str, candidates))}, but none exists; put the file "
            f"there, or ask for {videos_of(dataset.name)}, which is labelled by the release."
        )
        return replace(dataset, test=tuple(test), labels_from="")
    with noted(complain):
        labels = read_frame_labels(file, [video.length for video in test])
        test = [replace(video, labels=values) for video, values in zip(test, labels, strict=True)]
    return replace(dataset, test=tuple(test), labels_from=file.name)


def _check_count(found: int, lengths: Sequence[int], path: Path) -> None:
    if found != len(lengths):
        raise StudyError(
            f"Labels of {len(lengths)} test videos, as many as are on disk, were expected in {path}, but it holds "
            f"{found}; complete the videos or restore the label file."
        )
