"""Frame labels from the files that circulate: first/last pairs in .mat and .m files, one value a frame in .npy and text."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.arrays import map_array
from benchmarks.data.facts import FACTS, videos_of
from benchmarks.data.findings import Complain, noted
from benchmarks.data.matlab import read_cells
from benchmarks.data.video import Dataset
from benchmarks.errors import StudyError
from benchmarks.reading import MOST_ROWS, expected, read_text

_RANGE = re.compile(r"(\d{1,9})\s*(?::\s*(\d{1,9}))?")
_GT_FRAME = re.compile(r"gt_frame\s*=\s*\[([^\]]*)\]")
ORDER = "label_order.txt"
"""Next to a file with the labels of all videos: the word `natural` (1, 2, 10) or `sorted` (1, 10, 2)."""


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


def read_pairs(path: Path, lengths: Sequence[int], names: Sequence[str] = ()) -> list[NDArray[np.uint8]]:
    """Read `ped2.mat`: cell array `gt`, one array per test video of first and last frames, a range a column or a row.

    names: of the videos, in the order of `lengths`. Returns labels per video. Raises StudyError for another number of
    videos, ranges outside them, cells that can be read either way, or an order of videos that is not certain.
    """
    cells = [_integers(cell, f"{path} (cell {number})") for number, cell in enumerate(read_cells(path, "gt"), start=1)]
    _check_count(len(cells), lengths, path)
    in_rows = {found for cell in cells if (found := _in_rows(cell)) is not None}
    if len(in_rows) != 1 and any(cell.size for cell in cells):
        raise StudyError(
            f"Ranges that ascend, all in columns or all in rows, were expected in {path}, but its cells can be read "
            f"{'neither way' if in_rows else 'either way'}; restore the file."
        )
    return _labels_of_ranges([cell if True in in_rows else cell.T for cell in cells], path, lengths, names)


def _integers(cell: NDArray[np.generic], where: str) -> NDArray[np.int64]:
    """Return a cell of ranges as (2, n) or (n, 2) integers."""
    values = np.asarray(cell, dtype=np.float64)
    if values.size == 0:
        return np.empty((0, 0), dtype=np.int64)
    if values.ndim != 2 or 2 not in values.shape or not np.array_equal(values, np.clip(np.round(values), 0, MOST_ROWS)):
        raise StudyError(
            f"First and last frames, two whole numbers a range, were expected in {where}, but an array of shape "
            f"{values.shape} with values such as {values.flat[0]:g} came; restore the file."
        )
    return values.astype(np.int64)


def _in_rows(cell: NDArray[np.int64]) -> bool | None:
    """Whether a cell's ranges are its rows; None where it may be read either way."""
    if cell.shape != (2, 2):
        return cell.shape[1] == 2 if cell.size else None
    # Ranges that ascend and do not touch, which holds one way at most.
    by_column, by_row = (one[0, 0] <= one[0, 1] < one[1, 0] <= one[1, 1] for one in (cell.T, cell))
    return bool(by_row) if by_column != by_row else None


def read_ranges(path: Path, lengths: Sequence[int], names: Sequence[str] = ()) -> list[NDArray[np.uint8]]:
    """Read `UCSDped2.m`: a line `TestVideoFile{end+1}.gt_frame = [1:15, 45:113];` per test video.

    Returns labels per video. Raises StudyError for another number of videos or ranges outside them.
    """
    with expected("the release's abnormal ranges", path):
        rows = _GT_FRAME.findall(read_text(path))
    _check_count(len(rows), lengths, path)
    ranges = [[(int(first), int(last or first)) for first, last in _RANGE.findall(row)] for row in rows]
    return _labels_of_ranges([np.array(one, dtype=np.int64).reshape(-1, 2) for one in ranges], path, lengths, names)


def read_frame_labels(path: Path, lengths: Sequence[int], names: Sequence[str] = ()) -> list[NDArray[np.uint8]]:
    """Read MNAD's `frame_labels_ped2.npy`: (1, n_frames) or (n_frames,), all test videos joined.

    Returns labels per video. Raises StudyError for another number of frames or values other than 0 and 1, or for an
    order of videos that is not certain.
    """
    whole = read_one_per_frame(path, sum(lengths))
    order = _order(names or [""] * len(lengths), path)
    parts = dict(zip(order, np.split(whole, np.cumsum([lengths[place] for place in order])[:-1]), strict=True))
    return [parts[place] for place in range(len(lengths))]


def read_one_per_frame(path: Path, length: int) -> NDArray[np.uint8]:
    """Read one 0 or 1 per frame from .npy, or from text of numbers between spaces, lines or commas."""
    with expected(f"{length} labels of 0 or 1, one per frame", path, "complete the frames or correct the file"):
        if path.suffix.lower() == ".npy":
            values = np.asarray(map_array(path)).ravel()
        else:
            lines = (line.partition("#")[0] for line in read_text(path).splitlines())
            values = np.array([float(word) for line in lines for word in line.replace(",", " ").split()])
        if len(values) != length or not np.isin(values, (0, 1)).all():
            low, high = (float(one) for one in (values.min(initial=0), values.max(initial=0)))
            raise ValueError(f"{len(values)} values from {low:g} to {high:g} came")
        return values.astype(np.uint8)


def mnad_label_files(name: str, path: Path) -> list[Path]:
    """Return where MNAD's label file of a set may lie: in the set's folder `path`, or next to it."""
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
        labels = read_frame_labels(file, [video.length for video in test], [video.name for video in test])
        test = [replace(video, labels=values) for video, values in zip(test, labels, strict=True)]
    return replace(dataset, test=tuple(test), labels_from=file.name)


def _labels_of_ranges(
    ranges: Sequence[NDArray[np.int64]], path: Path, lengths: Sequence[int], names: Sequence[str]
) -> list[NDArray[np.uint8]]:
    """Return labels per video from one (n, 2) array of first and last frames a video, in the file's order."""
    by_video = dict(zip(_order(names or [""] * len(lengths), path), ranges, strict=True))
    return [
        labels_from_ranges(
            [(int(first), int(last)) for first, last in by_video[place].reshape(-1, 2)],
            length,
            f"{path} (video {place + 1})",
        )
        for place, length in enumerate(lengths)
    ]


def _order(names: Sequence[str], path: Path) -> list[int]:
    """Return the places of videos, which are in natural order, in the order in which a file joins them.

    Raises StudyError where natural and alphabetic order differ and no file says which is meant: most public loaders join
    what `sorted(glob(...))` gives, and labels would go to other videos, unnoticed.
    """
    natural = list(range(len(names)))
    by_letters = sorted(natural, key=lambda place: names[place])
    if by_letters == natural:
        return natural
    stated, word = path.with_name(ORDER), ""
    if stated.exists():
        with expected("the word natural or sorted", stated, "correct the file"):
            word = read_text(stated).strip()
    if word not in ("natural", "sorted"):
        first, second = (", ".join(names[place] for place in order[:4]) for order in (natural, by_letters))
        raise StudyError(
            f"Labels of all {len(names)} videos are joined in {path}, but the videos have two orders, natural ({first}, "
            f"...) and sorted ({second}, ...); write the word natural or sorted into {stated}."
        )
    return natural if word == "natural" else by_letters


def _check_count(found: int, lengths: Sequence[int], path: Path) -> None:
    if found != len(lengths):
        raise StudyError(
            f"Labels of {len(lengths)} test videos, as many as are on disk, were expected in {path}, but it holds "
            f"{found}; complete the videos or restore the label file."
        )
