"""A user's own folder: `NAME/train/<video>/*.png`, `NAME/test/<video>/*.png`, labels `NAME/test/<video>.txt` or `.npy`.

Labels are one 0 or 1 per frame. They are optional, but either every test video has some or none does.

"""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.findings import Complain, noted, refuse
from benchmarks.data.image_folders import image_videos
from benchmarks.data.listing import set_folder
from benchmarks.data.video import Dataset
from benchmarks.errors import StudyError

NAME = "folders"


def find(name: str, root: Path | None) -> Path | None:
    """Return the set's folder where it holds `train` or `test`."""
    return set_folder(name, root, "train") or set_folder(name, root, "test")


def read(name: str, path: Path, complain: Complain = refuse) -> Dataset:
    """Return the set at `path`; complains where folders are missing or labels do not fit."""
    train = image_videos(path / "train", complain)
    test = []
    for video in image_videos(path / "test", complain):
        labels = None
        with noted(complain):
            labels = _labels(path / "test", video.name, video.length)
        test.append(replace(video, labels=labels))
    unlabelled = [video.name for video in test if video.labels is None]
    if 0 < len(unlabelled) < len(test):
        complain(
            f"Labels for every test video or for none were expected in {path / 'test'}, but {unlabelled[0]} has none; "
            "add its .txt or .npy file."
        )
    source = "" if len(unlabelled) == len(test) else "one file per video"
    return Dataset(name=name, layout=NAME, train=train, test=tuple(test), labels_from=source)


def _labels(folder: Path, video: str, length: int) -> NDArray[np.uint8] | None:
    for file, load in ((folder / f"{video}.npy", np.load), (folder / f"{video}.txt", _load_text)):
        if not file.is_file():
            continue
        try:
            values = np.asarray(load(file)).ravel()
        except (ValueError, OSError, EOFError) as error:
            raise StudyError(
                f"Labels of {length} frames were expected in {file}, but {error}; correct the file."
            ) from error
        if len(values) != length or not np.isin(values, (0, 1)).all():
            raise StudyError(
                f"{length} labels of 0 or 1, one per frame of video {video}, were expected in {file}, but "
                f"{len(values)} values from {values.min(initial=0):g} to {values.max(initial=0):g} came; correct the "
                "file."
            )
        return values.astype(np.uint8)
    return None


def _load_text(file: Path) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an empty file, which is refused in a sentence
        return np.loadtxt(file)
