"""The frame-prediction layout: `ped2/training/frames/01/000.jpg`, `ped2/testing/frames/...`, labels next to them.

Labels: `ped2.mat` (Liu et al. 2018) or MNAD's `frame_labels_ped2.npy`, in the set's folder or next to it, or as
ShanghaiTech releases them, `testing/test_frame_mask/NN.npy`. Masks, where
they exist, lie as `testing/masks/NN/NNN.png` or, as ShanghaiTech releases them, `testing/test_pixel_mask/NN.npy`.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.array_masks import array_masks
from benchmarks.data.facts import FRAME_MASK_LABELS, videos_of
from benchmarks.data.findings import Complain, noted, refuse
from benchmarks.data.image_folders import image_videos
from benchmarks.data.labels import mnad_label_files, read_frame_labels, read_one_per_frame, read_pairs
from benchmarks.data.listing import images_in, set_folder
from benchmarks.data.video import Dataset, ImageMasks, MaskReader, Video
from benchmarks.errors import StudyError

NAME = "frame_folders"
FRAME_MASKS = Path("testing", "test_frame_mask")


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
        source, labels = read_labels(name, path, test)
    labelled = []
    for video, label in zip(test, labels, strict=True):
        masks = None
        with noted(complain):
            masks = _masks(path, video.name, video.length)
        labelled.append(replace(video, labels=label, masks=masks))
    return Dataset(name=name, layout=NAME, train=train, test=tuple(labelled), labels_from=source)


def read_labels(name: str, path: Path, videos: Sequence[Video]) -> tuple[str, list[NDArray[np.uint8]]]:
    """Return where the labels of the test videos come from, and those of each."""
    # The pairs of `avenue.mat` are not MNAD's, so a set that asks for MNAD's labels takes its file alone.
    own_labels = videos_of(name) == name
    candidates = [*([path / f"{name}.mat"] if own_labels else []), *mnad_label_files(name, path)]
    for file in candidates:
        if file.is_file():
            reader = read_pairs if file.suffix == ".mat" else read_frame_labels
            return file.name, reader(file, [video.length for video in videos], [video.name for video in videos])
    if own_labels and (path / FRAME_MASKS).is_dir():
        return FRAME_MASK_LABELS, [read_frame_mask(path, video) for video in videos]
    raise StudyError(
        f"Frame labels of {name} were expected as {' or '.join(map(str, candidates))}, but none exists; put one there."
    )


def read_frame_mask(path: Path, video: Video) -> NDArray[np.uint8]:
    """Return the labels of a test video of ShanghaiTech's release: `testing/test_frame_mask/01_0014.npy`."""
    file = path / FRAME_MASKS / f"{video.name}.npy"
    if not file.is_file():
        raise StudyError(
            f"Frame labels of video {video.name} were expected as {file}, but there are none; complete the release."
        )
    return read_one_per_frame(file, video.length)


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
