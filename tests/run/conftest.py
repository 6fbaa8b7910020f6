"""What tests of cells share: a small set on disk, and a cell that has run."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.support.cells import LENGTH, ROOT, command, settings_file


@pytest.fixture
def settings_of_torch() -> Iterator[None]:
    """A cell that runs in this process leaves torch as it found it."""
    deterministic, threads = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    yield
    torch.use_deterministic_algorithms(deterministic)
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the set `yard`: five training and three labelled test videos of a moving blob."""
    root = tmp_path_factory.mktemp("data")
    rows, columns = np.mgrid[:32, :32]
    for split, count in (("train", 5), ("test", 3)):
        for video in range(count):
            folder = root / "yard" / split / f"{video + 1:02d}"
            folder.mkdir(parents=True)
            labels = np.zeros(LENGTH, dtype=int)
            if split == "test":
                labels[10 + video : 20] = 1
                np.savetxt(root / "yard" / "test" / f"{folder.name}.txt", labels, fmt="%d")
            for index in range(LENGTH):
                size = 12 if labels[index] else 30
                centre = (4 + 24 * (0.5 + 0.5 * np.sin(index / 4 + video)), 6 + 4 * video)
                blob = np.exp(-((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2) / size)
                cv2.imwrite(str(folder / f"{index:03d}.png"), (30 + 200 * blob).astype(np.uint8))
    return root


@pytest.fixture(scope="session")
def finished(yard: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a prediction cell that a process of its own ran."""
    folder = tmp_path_factory.mktemp("finished")
    done = subprocess.run(
        command(settings_file(folder), yard, folder), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stdout
    assert not done.stderr
    return folder
