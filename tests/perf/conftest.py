"""A tiny set of random images that the benches of speed can run on."""

from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def tiny_images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a set ``tiny`` in the frame-prediction layout: a training and a test video of JPEG files."""
    root = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for split, frames in (("training", 27), ("testing", 20)):
        folder = root / "tiny" / split / "frames" / "01"
        folder.mkdir(parents=True)
        for index in range(frames):
            image = rng.integers(0, 256, (8, 12, 3), dtype=np.uint8)
            cv2.imwrite(str(folder / f"{index:03d}.jpg"), cv2.resize(image, (60, 40)))
    np.save(root / "frame_labels_tiny.npy", np.zeros((1, 20), np.uint8))
    return root
