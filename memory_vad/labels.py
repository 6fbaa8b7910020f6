"""Labels of own footage, next to each video: intervals, a value for each picture, or masks of its pixels."""

import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.arrays import map_array
from benchmarks.data.images import read_image
from benchmarks.data.listing import images_in, visible
from benchmarks.errors import StudyError
from benchmarks.reading import expected
from memory_vad.footage import MASKS, Source

_SUFFIXES = (".txt", ".csv", ".npy")


def find_labels(source: Source) -> Path | None:
    """Return the label file, or folder of masks, next to a video, of the same name but for case; None without one.

    Raises StudyError where two could be meant.
    """
    stem = source.path.stem if source.path.is_file() else source.name
    labels = [
        path
        for path in visible(source.path.parent.iterdir())
        if (path.suffix.lower() in _SUFFIXES and path.stem.lower() in (stem.lower(), source.name.lower()))
        or (path.is_dir() and path.name.lower() in (f"{stem.lower()}{MASKS}", f"{source.name.lower()}{MASKS}"))
    ]
    if len(labels) > 1:
        names = " and ".join(path.name for path in labels)
        raise StudyError(f"Expected one label file for {source.path}, but {names} lie next to it; keep one.")
    return labels[0] if labels else None


def read_labels(path: Path, times: NDArray[np.float64], native_times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether the picture at each of `times` is abnormal, (n,).

    path: intervals in seconds (`start,end` a line, in .csv or .txt), or one 0 or 1 for each of the video's own pictures
    (.txt, .csv, .npy), whose times are `native_times`; or masks, whose frames with a marked pixel are abnormal.
    Raises StudyError where a file is neither, or of another length.
    """
    if holds_masks(path):
        return np.asarray(read_masks(path, times, native_times, None).any(axis=(1, 2)), dtype=np.bool_)
    values = _numbers(path)
    if values.ndim == 2 and values.shape[1] == 2:
        if (values[:, 0] > values[:, 1]).any() or (values < 0).any():
            raise StudyError(f"Expected intervals as start,end in seconds in {path}, but one ends before it starts.")
        inside = (times[:, None] >= values[:, 0]) & (times[:, None] < values[:, 1])
        return np.asarray(inside.any(axis=1), dtype=np.bool_)
    flat = values.ravel()
    if len(flat) != len(native_times) or not np.isin(flat, (0, 1)).all():
        raise StudyError(
            f"Expected one 0 or 1 for each of the {len(native_times)} pictures in {path}, or intervals as start,end in "
            f"seconds, but {len(flat)} values from {flat.min(initial=0):g} to {flat.max(initial=0):g} came."
        )
    return np.asarray(flat[_shown(times, native_times)], dtype=np.bool_)


def holds_masks(path: Path) -> bool:
    """Whether a label file or folder marks pixels: a folder of images, or an .npy of (pictures, height, width)."""
    return path.is_dir() or (path.suffix.lower() == ".npy" and _array(path).ndim == 3)


def read_masks(
    path: Path, times: NDArray[np.float64], native_times: NDArray[np.float64], side: int | None
) -> NDArray[np.bool_]:
    """Return the mask of the picture at each of `times`, (n, side, side), or (n, height, width) for None.

    path: what `holds_masks` accepts, a mask for each of the video's own pictures; any value but 0 is abnormal.
    Raises StudyError where their number is another.
    """
    masks: Any = images_in(path) if path.is_dir() else _array(path)
    if len(masks) != len(native_times):
        raise StudyError(
            f"Expected a mask for each of the {len(native_times)} pictures in {path}, but it holds {len(masks)}; complete them."
        )
    found = []
    for position in _shown(times, native_times):
        mask = np.asarray(read_image(masks[position], grey=True) if path.is_dir() else masks[position]) != 0
        if side is not None:
            mask = cv2.resize(mask.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST) > 0
        found.append(mask)
    return np.stack(found)


def _shown(times: NDArray[np.float64], native_times: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the positions of the pictures on the screen at each time."""
    return np.asarray(np.searchsorted(native_times, times + 1e-6, side="right") - 1, dtype=np.intp).clip(0)


def _array(path: Path) -> NDArray[Any]:
    with expected("an array of labels or masks", path):
        return map_array(path)


def _numbers(path: Path) -> NDArray[np.float64]:
    form = "numbers: one 0 or 1 a picture, or start,end in seconds a line"
    try:
        if path.suffix.lower() == ".npy":
            return np.asarray(_array(path), dtype=np.float64).squeeze()
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines) if any(cell.strip() for cell in row)]
        if rows and not _is_number(rows[0][0]):  # a heading
            rows = rows[1:]
        cells = [row if len(row) > 1 else row[0].split() for row in rows]
        return np.asarray(cells, dtype=np.float64).reshape(len(cells), -1)
    except (OSError, ValueError, TypeError, EOFError) as error:
        raise StudyError(f"Expected labels in {path} as {form}, but they cannot be read so ({error}).") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return bool(text.split()) and text.split(maxsplit=1)[0].replace(".", "", 1).isdigit()
    return True
