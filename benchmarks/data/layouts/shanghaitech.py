"""The ShanghaiTech release: training as videos, testing as frames, labels and masks as one array a test video.

`training/videos/01_001.avi`, `testing/frames/01_0014/000.jpg`, `testing/test_frame_mask/01_0014.npy` with one 0 or 1 a
frame, and optionally `testing/test_pixel_mask/01_0014.npy`. Labels are those of the frame masks;
`shanghaitech-mnad-labels` takes MNAD's label file instead.
"""

from dataclasses import replace
from pathlib import Path

from benchmarks.data.array_masks import array_masks
from benchmarks.data.facts import FRAME_MASK_LABELS, videos_of
from benchmarks.data.findings import Complain, noted, refuse
from benchmarks.data.image_folders import image_videos
from benchmarks.data.labels import relabelled
from benchmarks.data.layouts.frame_folders import read_frame_mask
from benchmarks.data.listing import set_folder
from benchmarks.data.video import Dataset
from benchmarks.data.video_files import file_videos

NAME = "shanghaitech"

_TRAINING = Path("training", "videos")
_TESTING = Path("testing")


def find(name: str, root: Path | None) -> Path | None:
    """Return the set's folder where its training split lies as videos."""
    return set_folder(name, root, str(_TRAINING))


def read(name: str, path: Path, complain: Complain = refuse) -> Dataset:
    """Return the set at `path`; complains of missing or damaged videos and of labels or masks that do not fit."""
    train = file_videos(path / _TRAINING, complain)
    own_labels = videos_of(name) == name
    test = []
    for video in image_videos(path / _TESTING / "frames", complain):
        labelled = video
        with noted(complain):
            masks = path / _TESTING / "test_pixel_mask" / f"{video.name}.npy"
            labelled = replace(video, masks=array_masks(masks, video.length) if masks.is_file() else None)
        if own_labels:
            with noted(complain):
                labelled = replace(labelled, labels=read_frame_mask(path, video))
        test.append(labelled)
    dataset = Dataset(name=name, layout=NAME, train=train, test=tuple(test), labels_from=FRAME_MASK_LABELS)
    return dataset if own_labels else relabelled(dataset, path, complain)
