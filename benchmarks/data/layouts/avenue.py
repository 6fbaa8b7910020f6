"""The Avenue release: `training_videos/01.avi`, `testing_videos/01.avi`, masks `testing_label_mask/1_label.mat`.

Used for `avenue` and for `avenue-partial`, a real part of it. Labels are those of the release's masks: a frame with any
marked pixel is abnormal. (MNAD's label file differs on 441 frames; see `facts`.)
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.findings import Complain, noted, refuse
from benchmarks.data.labels import read_cells
from benchmarks.data.listing import set_folder, trailing_number, visible
from benchmarks.data.video import Dataset, Video
from benchmarks.data.video_files import VideoFrames, stated_length
from benchmarks.errors import StudyError

NAME = "avenue"

_MASKS = "testing_label_mask"


def find(name: str, root: Path | None) -> Path | None:
    """Return the set's folder; the release itself unpacks to `Avenue Dataset`."""
    if not name.startswith("avenue") or root is None:
        return None
    unpacked = root / "Avenue Dataset"
    if name == "avenue" and (unpacked / "testing_videos").is_dir():
        return unpacked
    return set_folder(name, root, "testing_videos") or set_folder(name, root, "training_videos")


def read(name: str, path: Path, complain: Complain = refuse) -> Dataset:
    """Return the set at `path`; complains of missing or damaged videos and of masks that do not fit."""
    train = tuple(_video(file, length) for file, length in _files(path / "training_videos", complain))
    test = []
    for file, length in _files(path / "testing_videos", complain):
        video = _video(file, length)
        with noted(complain):
            masks = VolumeMasks(_mask_file(path, file))
            video = replace(video, labels=_labels(masks, length), masks=masks)
        test.append(video)
    return Dataset(name=name, layout=NAME, train=train, test=tuple(test), labels_from="the release's masks")


def _files(folder: Path, complain: Complain) -> list[tuple[Path, int]]:
    if not folder.is_dir():
        complain(f"Videos were expected in {folder}, but there is no such folder; complete the data set.")
        return []
    found = []
    for path in visible(folder.glob("*.avi")):
        with noted(complain):
            found.append((path, stated_length(path)))
    if not found:
        complain(f"One .avi file per video was expected in {folder}, but none can be read; complete the data set.")
    return found


def _video(path: Path, length: int) -> Video:
    return Video(path.stem, length, VideoFrames(path), sources=(path,))


def _mask_file(path: Path, video: Path) -> Path:
    # The videos are numbered 01, the masks 1; the second archive of the release unpacks to a folder of its own.
    name = f"{trailing_number(video.stem)}_label.mat"
    folders = (path / _MASKS, path / "ground_truth_demo" / _MASKS, path.parent / "ground_truth_demo" / _MASKS)
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise StudyError(
        f"Masks of video {video.stem} were expected as {folders[0] / name}, but there are none; add the file."
    )


def _labels(masks: "VolumeMasks", length: int) -> NDArray[np.uint8]:
    volume = _volume(masks.path)
    if len(volume.packed) != length:
        raise StudyError(
            f"{length} masks, one per frame, were expected in {masks.path}, but it holds {len(volume.packed)}; restore the "
            "masks or the video."
        )
    return np.asarray(volume.packed.any(axis=(1, 2)), dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class _Volume:
    """Masks of one video, eight pixels a byte: (length, height, ceil(width / 8)) uint8."""

    packed: NDArray[np.uint8]
    width: int


@lru_cache(maxsize=1)
def _volume(path: Path) -> _Volume:
    cells = read_cells(path, "volLabel")
    return _Volume(np.stack([np.packbits(cell != 0, axis=1) for cell in cells]), cells[0].shape[1])


@dataclass(frozen=True)
class VolumeMasks:
    """Pixel masks of one video in one .mat file."""

    path: Path

    def __call__(self, index: int) -> NDArray[np.bool_]:
        """Return the mask of frame `index` as (height, width) bool."""
        volume = _volume(self.path)
        return np.unpackbits(volume.packed[index], axis=1, count=volume.width).astype(np.bool_)
