"""The UCSD release: `UCSDped2/Train/Train001/001.tif`, `Test/Test001`, masks `Test001_gt/*.bmp`, ranges `UCSDped2.m`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.findings import Complain, noted, refuse
from benchmarks.data.labels import read_ranges
from benchmarks.data.listing import folders_in, images_in, trailing_number
from benchmarks.data.video import Dataset, ImageFrames, ImageMasks, Video
from benchmarks.errors import StudyError

NAME = "ucsd"

_FOLDERS = {"ped1": "UCSDped1", "ped2": "UCSDped2"}


def find(name: str, root: Path | None) -> Path | None:
    """Return the folder `UCSDped2` (`UCSDped1`) in the root, in the release's folder there, or where root is it."""
    folder = _FOLDERS.get(name)
    if root is None or folder is None:
        return None
    candidates = [root / folder, *sorted(root.glob(f"UCSD_Anomaly_Dataset*/{folder}")), root / name / folder]
    if root.resolve().name == folder:
        candidates.append(root)
    return next((path for path in candidates if path.is_dir()), None)


def read(name: str, path: Path, complain: Complain = refuse) -> Dataset:
    """Return the set at `path`; complains where folders, labels or masks are missing or do not fit."""
    train = _videos(path / "Train", "Train", complain)
    test = _videos(path / "Test", "Test", complain)
    labels: Sequence[NDArray[np.uint8] | None] = [None] * len(test)
    with noted(complain):
        labels = _labels(path, test)
    labelled = []
    for video, label in zip(test, labels, strict=True):
        masks = None
        with noted(complain):
            masks = _masks(path / "Test" / f"{video.name}_gt", video)
        labelled.append(replace(video, labels=label, masks=masks))
    return Dataset(name=name, layout=NAME, train=train, test=tuple(labelled), labels_from=f"{_FOLDERS[name]}.m")


def _videos(path: Path, prefix: str, complain: Complain) -> tuple[Video, ...]:
    videos = []
    with noted(complain):
        for folder in folders_in(path):
            # Masks (Test001_gt) lie next to the videos.
            if re.fullmatch(prefix + r"\d+", folder.name):
                with noted(complain):
                    paths = images_in(folder)
                    videos.append(Video(name=folder.name, length=len(paths), read=ImageFrames(paths), sources=paths))
    return tuple(videos)


def _labels(path: Path, videos: Sequence[Video]) -> list[NDArray[np.uint8]]:
    for file in (path / "Test" / f"{path.name}.m", path / f"{path.name}.m"):
        if file.is_file():
            return read_ranges(file, [video.length for video in videos], [video.name for video in videos])
    raise StudyError(
        f"The release's abnormal ranges were expected in {path / 'Test' / path.name}.m, but there is no such file; "
        "unpack the release again."
    )


def _masks(folder: Path, video: Video) -> ImageMasks | None:
    """Return the masks in order of their number: some folders have `frame001.bmp` in place of `001.bmp`, or both."""
    if not folder.is_dir():
        return None
    by_number: dict[int, Path] = {}
    for path in images_in(folder):
        number = trailing_number(path.stem)
        if number is not None and (number not in by_number or path.stem.isdigit()):
            by_number[number] = path
    numbers = [trailing_number(path.stem) for path in video.sources]
    missing = [number for number in numbers if number not in by_number]
    if missing or len(by_number) != video.length:
        raise StudyError(
            f"A mask for each of the {video.length} frames of {video.name} was expected in {folder}, but it holds "
            f"{len(by_number)}{f' and none for frame {missing[0]}' if missing else ''}; unpack the release again."
        )
    return ImageMasks(tuple(by_number[number] for number in numbers if number is not None))
