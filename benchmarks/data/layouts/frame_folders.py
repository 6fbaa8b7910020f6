"""The frame-prediction layout: `ped2/training/frames/01/000.jpg`, `ped2/testing/frames/...`, labels beside.

Labels: `ped2.mat` (Liu et al. 2018) or MNAD's `frame_labels_ped2.npy`, in the set's folder or next to it. Masks, where
they exist, lie as `testing/masks/NN/NNN.png` or, as ShanghaiTech releases them, `testing/test_pixel_mask/NN.npy`.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.array_masks import array_masks
from benchmarks.data.facts import videos_of
from benchmarks.data.findings import Complain, noted, refuse
from benchmarks.data.image_folders import image_videos
from benchmarks.data.labels import mnad_label_files, read_frame_labels, read_pairs
from benchmarks.data.listing import images_in, set_folder
from benchmarks.data.video import Dataset, ImageMasks, MaskReader
from benchmarks.errors import StudyError

NAME = "frame_folders"


def find(name: str, root: Path | None) -> Path | None:
    """Return the set's folder where it has this layout."""
    return set_folder(name, root, "training/frames") or set_folder(name, root, "testing/frames")


def read(name: str, path: Path, complain: Complain = refuse) -> Dataset:
    """Return the set at `path`; complains where folders, labels or masks are missing or do not fit."""
    train = image_videos(path / "training" / "frames", complain)
    test = image_videos(path / "testing" / "frames", complain)
    source = ""
    labels: Sequence[NDArray[np.uint8] | None] = [None] * len(test)
    with noted(complain):
        source, labels = read_labels(name, path, [video.length for video in test])
    labelled = []
    for video, label in zip(test, labels, strict=True):
        masks = None
        with noted(complain):
            masks = _masks(path, video.name, video.length)
        labelled.append(replace(video, labels=label, masks=masks))
    return Dataset(name=name, layout=NAME, train=train, test=tuple(labelled), labels_from=source)


def read_labels(name: str, path: Path, lengths: Sequence[int]) -> tuple[str, list[NDArray[np.uint8]]]:
    """Return the name of the label file that was used, and the labels per test video."""
    # The pairs of `avenue.mat` are not MNAD's, so a set that asks for MNAD's labels takes its file alone.
    pairs = [path / f"{name}.mat"] if videos_of(name) == name else []
    candidates = [*pairs, *mnad_label_files(name, path)]
    for file in candidates:
        if file.is_file():
            reader = read_pairs if file.suffix == ".mat" else read_frame_labels
            return file.name, reader(file, lengths)
    raise StudyError(
        f"Frame labels of {name} were expected as {' or '.join(map(str, candidates))}, but none exists; put one there."
    )


def _masks(path: Path, video: str, length: int) -> MaskReader | None:
    array = path / "testing" / "test_pixel_mask" / f"{video}.npy"
    if array.is_file():
        return array_masks(array, length)
    folder = path / "testing" / "masks" / video
    if not folder.is_dir():
        return None
    paths = images_in(folder)
    if len(paths) != length:
        raise StudyError(
            f"{length} masks, one per frame, were expected in {folder}, but it holds {len(paths)}; complete the masks "
            "or remove the folder."
        )
    return ImageMasks(paths)
