"""One small set of weights for all tests here: MNAD at 32 pixels, trained for an epoch on generated clips."""

from pathlib import Path

import pytest

from memory_vad.model import Model, settings_for
from memory_vad.training import train
from tests.support.moving_clips import write_clip

SMALL = {"size": 32, "width": 0.125, "channels": 1, "epochs": 1, "train_stride": 4}


@pytest.fixture(scope="session")
def normal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A camera's normal footage: an mp4, an mkv of variable rate and an avi."""
    folder = tmp_path_factory.mktemp("footage") / "cam1"
    write_clip(folder / "a.mp4", 110, fps=5)
    write_clip(folder / "b.mkv", times=[i / 10 for i in range(100)] + [10 + i / 5 for i in range(200)], start=7)
    write_clip(folder / "c.avi", 60, fps=5, codec="mpeg4", start=30)
    return folder


@pytest.fixture(scope="session")
def weights(normal: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights with their card, trained on the normal footage at 5 frames/s."""
    path = tmp_path_factory.mktemp("weights") / "cam1.safetensors"
    train([normal], path, settings_for("mnad", "prediction", **SMALL), fps=5, say=lambda _: None)
    return path


@pytest.fixture
def model(weights: Path) -> Model:
    """The weights, loaded."""
    return Model.load(weights)


@pytest.fixture(scope="session")
def odd_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip with stripes from 12 to 16 s, and intervals in seconds beside it."""
    path = write_clip(tmp_path_factory.mktemp("odd") / "odd.mp4", 30, fps=10, odd=(12, 16))
    path.with_suffix(".csv").write_text("start,end\n12,16\n")
    return path
