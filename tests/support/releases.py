"""Small data sets in the form of their releases."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Draw = Callable[[str, int], NDArray[np.uint8]]
"""A grey frame (height, width) of a video, by the video's name and the frame's number from 0."""


def write_shanghaitech(folder: Path, train: Mapping[str, int], test: Mapping[str, Sequence[int]], draw: Draw) -> None:
    """Write training videos (name -> frames), and test frames with frame masks (name -> one 0 or 1 a frame)."""
    (folder / "training/videos").mkdir(parents=True)
    for name, length in train.items():
        height, width = draw(name, 0).shape
        file = folder / "training/videos" / f"{name}.avi"
        writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 24, (width, height))
        assert writer.isOpened()
        for index in range(length):
            writer.write(np.repeat(draw(name, index)[..., None], 3, axis=2))
        writer.release()
    (folder / "testing/test_frame_mask").mkdir(parents=True)
    for name, labels in test.items():
        frames = folder / "testing/frames" / name
        frames.mkdir(parents=True)
        for index in range(len(labels)):
            cv2.imwrite(str(frames / f"{index:03d}.jpg"), draw(name, index))
        np.save(folder / "testing/test_frame_mask" / f"{name}.npy", np.array(labels, dtype=np.uint8))


def write_ucsd(folder: Path, train: Mapping[str, int], test: Mapping[str, tuple[int, int, int]], draw: Draw) -> None:
    """Write a set of UCSD's: training videos (name -> frames), test videos (name -> frames, first and last abnormal).

    The abnormal range is one-based and inclusive, as in the release's ``.m`` file, which is written too.
    """
    lengths = {"Train": train, "Test": {name: length for name, (length, _, _) in test.items()}}
    for split, videos in lengths.items():
        for name, length in videos.items():
            (folder / split / name).mkdir(parents=True)
            for index in range(length):
                cv2.imwrite(str(folder / split / name / f"{index + 1:03d}.tif"), draw(name, index))
    ranges = [f"TestVideoFile{{end+1}}.gt_frame = [{first}:{last}];" for _, first, last in test.values()]
    text = "\n".join(["TestVideoFile = {};", *ranges, ""])
    (folder / "Test" / f"{folder.name}.m").write_text(text)
