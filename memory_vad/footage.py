"""What a user points at: video files and folders of frames, sorted into cameras; and labels that lie next to them."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.images import IMAGE_SUFFIXES
from benchmarks.data.listing import visible
from benchmarks.errors import StudyError
from memory_vad.decode import VIDEO_SUFFIXES

_LABEL_SUFFIXES = (".txt", ".csv", ".npy")


@dataclass(frozen=True)
class Source:
    """One video: a file, or a folder of frames. camera: the folder that it was found under."""

    path: Path
    camera: str

    @property
    def name(self) -> str:
        """The file's or folder's own name."""
        return self.path.name


def find_sources(paths: Sequence[Path]) -> list[Source]:
    """Return the videos among files and folders, any mix; each folder given is one camera, in natural order.

    Folders are searched through: a folder that holds images is a video of frames. Labels and hidden files are passed
    over. Raises StudyError for a path that is missing or holds no video.
    """
    found: list[Source] = []
    for path in paths:
        if path.is_dir():
            here = [Source(each, path.name) for each in _within(path)]
            if not here:
                inside = ", ".join(entry.name for entry in visible(path.iterdir())[:4]) or "nothing"
                raise StudyError(
                    f"Expected videos ({', '.join(sorted(VIDEO_SUFFIXES))}) or folders of frames in {path}, but it holds "
                    f"{inside}."
                )
            found += here
        elif path.exists():
            found.append(Source(path, path.parent.name))
        else:
            raise StudyError(f"Expected a video or a folder at {path}, but there is none; correct the path.")
    names = [(source.camera, source.name) for source in found]
    twice = sorted({name for camera, name in names if names.count((camera, name)) > 1})
    if twice:
        raise StudyError(f"Expected each video once in a camera, but {twice[0]} comes twice; rename one.")
    return found


def _within(folder: Path) -> list[Path]:
    entries = visible(folder.iterdir())
    if any(entry.suffix.lower() in IMAGE_SUFFIXES for entry in entries if entry.is_file()):
        return [folder]
    found: list[Path] = []
    for entry in entries:
        if entry.is_dir() and entry.name != "__MACOSX" and not entry.name.startswith("@"):
            found += _within(entry)
        elif entry.suffix.lower() in VIDEO_SUFFIXES:
            found.append(entry)
    return found


def find_labels(source: Source) -> Path | None:
    """Return the label file next to a video, of the same name but for case; None where there is none.

    Raises StudyError where two could be meant.
    """
    stem = source.path.stem if source.path.is_file() else source.name
    labels = [
        path
        for path in visible(source.path.parent.iterdir())
        if path.suffix.lower() in _LABEL_SUFFIXES and path.stem.lower() in (stem.lower(), source.name.lower())
    ]
    if len(labels) > 1:
        names = " and ".join(path.name for path in labels)
        raise StudyError(f"Expected one label file for {source.path}, but {names} lie next to it; keep one.")
    return labels[0] if labels else None


def read_labels(path: Path, times: NDArray[np.float64], native_times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether the picture at each of `times` is abnormal, (n,).

    path: intervals in seconds (`start,end` a line, in .csv or .txt), or one 0 or 1 for each of the video's own pictures
    (.txt, .csv, .npy), whose times are `native_times`.
    Raises StudyError where a file is neither, or of another length.
    """
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
    # The picture on the screen at each time.
    at = np.searchsorted(native_times, times + 1e-6, side="right") - 1
    return np.asarray(flat[at.clip(0)], dtype=np.bool_)


def _numbers(path: Path) -> NDArray[np.float64]:
    form = "numbers: one 0 or 1 a picture, or start,end in seconds a line"
    try:
        if path.suffix.lower() == ".npy":
            loaded = np.load(path, allow_pickle=False)
            if not isinstance(loaded, np.ndarray):  # an .npz that is called .npy
                raise StudyError(
                    f"Expected one array in {path}, but it is an archive of several; save one with np.save."
                )
            return np.asarray(loaded, dtype=np.float64).squeeze()
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
