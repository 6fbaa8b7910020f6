"""What tests of cells share: a small set on disk, and a cell that has run."""

import subprocess
from pathlib import Path

import pytest

from tests.support.cells import LENGTH, ROOT, command, settings_file, write_blob_videos


@pytest.fixture(scope="session")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the set `yard`: five training and three labelled test videos of a moving blob."""
    root = tmp_path_factory.mktemp("data")
    write_blob_videos(root / "yard", train=5, test=3, length=LENGTH, abnormal=lambda video: slice(10 + video, 20))
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
