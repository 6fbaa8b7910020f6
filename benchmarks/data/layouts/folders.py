"""A user's own folder: `NAME/train/<video>/*.png`, `NAME/test/<video>/*.png`, labels `NAME/test/<video>.txt`.

Labels are one 0 or 1 per frame, as .txt, .csv or .npy, next to the video's folder or as `labels.txt` in it. They are
optional, but either every test video has some or none does.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.findings import Complain, noted, refuse
from benchmarks.data.image_folders import image_videos
from benchmarks.data.labels import read_one_per_frame
from benchmarks.data.listing import set_folder, visible
from benchmarks.data.video import Dataset
from benchmarks.errors import StudyError

NAME = "folders"

_KINDS = (".npy", ".txt", ".csv")
_OTHER_KINDS = (*_KINDS, ".mat", ".npz", ".json", ".xml", ".tsv", ".xlsx", ".h5")
_CASES = (str.lower, str.capitalize, str.upper)


def find(name: str, root: Path | None) -> Path | None:
    """Return the set's folder where it holds `train` or `test`, also in capitals."""
    markers = (case(split) for split in ("train", "test") for case in _CASES)
    return next((found for marker in markers if (found := set_folder(name, root, marker)) is not None), None)


def read(name: str, path: Path, complain: Complain = refuse) -> Dataset:
    """Return the set at `path`; complains where folders are missing or labels do not fit."""
    train_folder, test_folder = (_split(path, split) for split in ("train", "test"))
    train = image_videos(train_folder, complain)
    test = []
    for video in image_videos(test_folder, complain):
        labels = None
        with noted(complain):
            labels = _labels(test_folder, video.name, video.length)
        test.append(replace(video, labels=labels))
    unlabelled = [video.name for video in test if video.labels is None]
    named = {f"{video.name}{kind}".lower() for video in test for kind in _KINDS}
    files = [file.name for file in visible(test_folder.glob("*")) if file.suffix.lower() in _OTHER_KINDS]
    others = [file for file in files if file.lower() not in named]
    if 0 < len(unlabelled) < len(test):
        complain(
            f"Labels for every test video or for none were expected in {test_folder}, but {unlabelled[0]} has none; "
            "add its .txt, .csv or .npy file."
        )
    elif unlabelled and others:
        complain(
            f"Labels named as their video ({unlabelled[0]}.txt, .csv or .npy, one 0 or 1 a frame) were expected in "
            f"{test_folder}, but it holds {', '.join(others[:3])}, which is not read; rename the files, or move them away."
        )
    source = "" if len(unlabelled) == len(test) else "one file per video"
    return Dataset(name=name, layout=NAME, train=train, test=tuple(test), labels_from=source)


def _split(path: Path, split: str) -> Path:
    return next((path / case(split) for case in _CASES if (path / case(split)).is_dir()), path / split)


def _labels(folder: Path, video: str, length: int) -> NDArray[np.uint8] | None:
    names = {f"{video}{kind}".lower() for kind in _KINDS}
    inner = {f"labels{kind}" for kind in _KINDS}
    files = [file for file in visible(folder.glob("*")) if file.name.lower() in names]
    files += [file for file in visible((folder / video).glob("*")) if file.name.lower() in inner]
    if len(files) > 1:
        raise StudyError(
            f"One file of labels was expected for video {video}, but there are {' and '.join(map(str, files))}; keep one."
        )
    return read_one_per_frame(files[0], length) if files else None
