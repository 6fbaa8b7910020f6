"""Training on own footage: what is held out, going on after a stop, and what the file says."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.data.store import FrameStore
from benchmarks.errors import StudyError
from memory_vad import training
from memory_vad.model import Model, settings_for
from memory_vad.training import Split, calibrate, train
from tests.camera.conftest import SMALL
from tests.support.moving_clips import write_clip


def store_of(*lengths: int) -> FrameStore:
    """A store of empty frames."""
    frames = np.zeros((sum(lengths), 1, 1, 1), np.uint8)
    return FrameStore(frames, lengths, tuple(map(str, range(len(lengths)))), "", Path("x"))  # type: ignore[arg-type]


class TestSplit:
    def test_few_videos_give_their_ends(self) -> None:
        """Each of a few videos gives its end to calibration; no frame is in both parts."""
        split = Split.of(store_of(100, 50), 0.2, 5)
        assert (split.lengths, split.trained, split.held_out) == ((80, 20, 40, 10), (0, 2), (1, 3))

    def test_many_videos_are_held_out_whole(self) -> None:
        """Of ten videos the last two calibrate."""
        split = Split.of(store_of(*[50] * 10), 0.2, 5)
        assert split.trained == tuple(range(8))
        assert split.held_out == (8, 9)

    def test_too_little(self) -> None:
        """Footage without a clip to calibrate on is refused."""
        with pytest.raises(StudyError, match="clips of 5 frames"):
            Split.of(store_of(12), 0.2, 5)


class TestTrain:
    def test_file_says_what_scoring_needs(self, weights: Path, model: Model) -> None:
        """Rate, cameras, epochs and calibration are in the file; a card lies beside; nothing else stays."""
        assert model.fps == 5
        assert model.facts["cameras"] == {"cam1": [96, 64]}
        assert model.facts["epochs"] == 1
        assert model.calibration is not None
        assert len(model.calibration.maxima) == 3
        assert "cam1/a.mp4" in weights.with_suffix(".md").read_text()
        assert sorted(path.name for path in weights.parent.iterdir()) == ["cam1.md", "cam1.safetensors"]

    def test_goes_on_after_a_stop(self, normal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A run that is stopped after its first epoch and called again ends with the weights of one that was not."""
        settings = settings_for("mnad", "prediction", **{**SMALL, "epochs": 2, "train_stride": 24})
        once, twice = tmp_path / "once.safetensors", tmp_path / "twice.safetensors"
        train([normal], once, settings, fps=5, say=lambda _: None)
        real, calls = training.train_epoch, []

        def stopped(*arguments: object) -> object:
            if calls:
                raise KeyboardInterrupt
            calls.append(1)
            return real(*arguments)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(training, "train_epoch", stopped)
            with pytest.raises(KeyboardInterrupt):
                train([normal], twice, settings, fps=5, say=lambda _: None)
        assert not twice.exists()
        said: list[str] = []
        train([normal], twice, settings, fps=5, say=said.append)
        assert any("Going on after epoch 1 of 2" in line for line in said)
        first, second = Model.load(once).method.state(), Model.load(twice).method.state()
        assert all(np.array_equal(first[name], second[name]) for name in first)

    def test_two_sizes_in_one_camera(self, tmp_path: Path) -> None:
        """Two resolutions in one camera are refused with both; two cameras may differ."""
        for size, name in (((96, 64), "a.mp4"), ((64, 64), "b.mp4")):
            write_clip(tmp_path / "cam" / name, 2, size=size)
        settings = settings_for("frame_difference", "reconstruction", size=32, channels=1, epochs=0)
        with pytest.raises(StudyError, match="64x64 after 96x64"):
            train([tmp_path / "cam"], tmp_path / "w.safetensors", settings, fps=5, say=lambda _: None)
        assert not list(tmp_path.rglob("*.raw"))
        assert not (tmp_path / "w.safetensors").exists()

    def test_a_method_without_training(self, normal: Path, tmp_path: Path) -> None:
        """A method that learns nothing is calibrated all the same."""
        settings = settings_for("frame_difference", "reconstruction", size=32, channels=1, epochs=0)
        train([normal], tmp_path / "w.safetensors", settings, fps=5, say=lambda _: None)
        assert Model.load(tmp_path / "w.safetensors").calibration is not None


class TestCalibrate:
    def test_own_normal_footage(self, model: Model, normal: Path, tmp_path: Path) -> None:
        """Foreign weights take their scale and threshold from the footage given."""
        before = model.calibration
        after = calibrate(model, [normal / "a.mp4"], work=tmp_path).calibration
        assert after is not None
        assert after != before
        assert len(after.maxima) == 10
