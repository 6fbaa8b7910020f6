"""The Avenue release: `training_videos/01.avi`, `testing_videos/01.avi`, masks `testing_label_mask/1_label.mat`.

Used for `avenue` and for `avenue-partial`, a real part of it. Labels are those of the release's masks: a frame with any
marked pixel is abnormal. `avenue-mnad-labels` takes MNAD's label file instead, which differs on 441 frames, and keeps
the masks for pixel-level metrics.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.facts import MASK_LABELS, videos_of
from benchmarks.data.findings import Complain, noted, refuse
from benchmarks.data.labels import relabelled
from benchmarks.data.listing import set_folder, trailing_number
from benchmarks.data.matlab import read_cells
from benchmarks.data.video import Dataset
from benchmarks.data.video_files import file_videos
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
    train = file_videos(path / "training_videos", complain)
    test = []
    for video in file_videos(path / "testing_videos", complain):
        masked = video
        with noted(complain):
            masks = VolumeMasks(_mask_file(path, video.name))
            masked = replace(video, labels=_labels(masks, video.length), masks=masks)
        test.append(masked)
    dataset = Dataset(name=name, layout=NAME, train=train, test=tuple(test), labels_from=MASK_LABELS)
    return dataset if videos_of(name) == name else relabelled(dataset, path, complain)


def _mask_file(path: Path, video: str) -> Path:
    # The videos are numbered 01, the masks 1; the second archive of the release unpacks to a folder of its own.
    name = f"{trailing_number(video)}_label.mat"
    folders = (path / _MASKS, path / "ground_truth_demo" / _MASKS, path.parent / "ground_truth_demo" / _MASKS)
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise StudyError(f"Masks of video {video} were expected as {folders[0] / name}, but there are none; add the file.")


def _labels(masks: "VolumeMasks", length: int) -> NDArray[np.uint8]:
    volume = _volume(masks.path)
    if len(volume.packed) != length:
        raise StudyError(
            f"{length} masks, one per frame, were expected in {masks.path}, but it holds {len(volume.packed)}; restore "
            "the masks or the video."
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
    shape = cells[0].shape if cells else ()
    odd = next((number for number, cell in enumerate(cells, start=1) if cell.shape != shape or cell.ndim != 2), 0)
    if odd or not cells or not cells[0].size:
        raise StudyError(
            f"One mask per frame, all of one size, was expected in volLabel of {path}, but "
            + (f"cell {odd} has shape {cells[odd - 1].shape}, the first {shape}" if odd else "it holds none")
            + "; restore the masks."
        )
    return _Volume(np.stack([np.packbits(cell != 0, axis=1) for cell in cells]), cells[0].shape[1])


@dataclass(frozen=True)
class VolumeMasks:
    """Pixel masks of one video in one .mat file."""

    path: Path

    def __call__(self, index: int) -> NDArray[np.bool_]:
        """Return the mask of frame `index` as (height, width) bool."""
        volume = _volume(self.path)
        return np.unpackbits(volume.packed[index], axis=1, count=volume.width).astype(np.bool_)
