"""Which frames a cell trains on, which calibrate it, and that they are those that were stored."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.data.store import FrameStore
from benchmarks.errors import StudyError
from benchmarks.run import cell_data as module
from benchmarks.run.cell import main
from benchmarks.run.cell_data import CellData, Places, open_data
from benchmarks.run.evaluation import Pass, evaluate
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings
from tests.support.cells import LENGTH, arguments, only, settings_file

VIDEOS = 5
CLIP = 4
STRIDES = [None, 3]


def settings_of(**factors: Any) -> Settings:
    """A cell on the set `yard`; temporal strides are an augmentation of one baseline."""
    chosen = {"method": "convlstm_ae", "task": "reconstruction", "channels": 1, "train_stride": 1, **factors}
    return resolve(dataset="yard", profile="smoke", **chosen)


@pytest.fixture
def places(yard: Path, tmp_path: Path) -> Places:
    """The set `yard`, and empty folders for results and work."""
    return Places(yard, tmp_path / "results", tmp_path / "work")


def opened(places: Places, **factors: Any) -> tuple[CellData, Settings]:
    """The data of a cell, and its settings."""
    settings = settings_of(**factors)
    return open_data(settings, places), settings


class TestHeldOut:
    """Videos that calibrate are never trained on."""

    @pytest.mark.parametrize("strides", STRIDES)
    @pytest.mark.parametrize("held_out", [0, 1, 2, VIDEOS - 1])
    def test_training_clips_are_of_the_other_videos(self, places: Places, held_out: int, strides: int | None) -> None:
        """The last videos are held out; training takes clips of all others and of no other, at every stride."""
        data, settings = opened(places, calibration_videos=held_out, temporal_strides=strides)
        trained, kept = set(range(VIDEOS - held_out)), set(range(VIDEOS - held_out, VIDEOS))
        clips = data.training_clips(settings, CLIP)
        assert (set(data.trained), set(data.held_out)) == (trained, kept)
        assert set(clips.video.tolist()) == trained
        spans = [(CLIP - 1) * step + 1 for step in range(1, (strides or 1) + 1)]
        assert len(clips) == sum(len(trained) * (LENGTH - span + 1) for span in spans)
        assert set(data.clips("held out", CLIP).video.tolist()) == kept

    @pytest.mark.parametrize("strides", STRIDES)
    def test_no_frame_is_both_trained_on_and_held_out(self, places: Places, strides: int | None) -> None:
        """Frame by frame in the store: those of the trained videos, all of them, and none of the held-out ones."""
        data, settings = opened(places, calibration_videos=2, temporal_strides=strides)
        # In place of the pictures each frame's own number, which the clips then hand over.
        numbers = np.arange(VIDEOS * LENGTH, dtype=np.uint8)[:, None, None, None]
        numbered = CellData(
            data.dataset,
            FrameStore(numbers, data.train.lengths, data.train.names, "", data.train.path),  # type: ignore[arg-type]
            data.test,
            data.trained,
            data.held_out,
        )
        clips, held_out = numbered.training_clips(settings, CLIP), numbered.clips("held out", CLIP)
        trained_on, calibrating = (set(one.take(np.arange(len(one))).ravel().tolist()) for one in (clips, held_out))
        assert trained_on == set(range(3 * LENGTH))
        assert calibrating == set(range(3 * LENGTH, 5 * LENGTH))

    @pytest.mark.usefixtures("settings_of_torch")
    def test_calibration_sees_the_held_out_videos_alone(
        self, yard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A cell scores the last training videos first, all their frames, and puts their numbers into its record."""
        passes: list[Pass] = []

        def told(*chosen: Any, **named: Any) -> Pass:
            passes.append(evaluate(*chosen, **named))
            return passes[-1]

        monkeypatch.setattr("benchmarks.run.run_cell.evaluate", told)
        file = settings_file(tmp_path, method="mean_frame", task="reconstruction", calibration_videos=2)
        assert main(arguments(file, yard, tmp_path)) == 0
        calibrating, tested = passes
        assert np.unique(calibrating.video).tolist() == [3, 4]
        assert len(calibrating.frame) == 2 * LENGTH
        assert len(tested.frame) == 3 * LENGTH
        record = json.loads(only(tmp_path / "results", "seed-3.json").read_text())
        mean, deviation = record["calibration"]["plain"]["mse"]
        values = calibrating.terms["plain"]["mse"]
        assert (mean, deviation) == pytest.approx((values.mean(), values.std()), rel=1e-6)

    def test_all_of_them_cannot_be_held_out(self, places: Places) -> None:
        """A cell without a video to train on is refused."""
        with pytest.raises(StudyError, match="set calibration_videos lower"):
            opened(places, calibration_videos=VIDEOS)


class TestBytes:
    """A store is checked against its checksum where a cell opens it."""

    @pytest.mark.parametrize("split", ["train", "test"])
    def test_that_have_changed_are_refused(self, places: Places, split: str) -> None:
        """One other byte in the file of either split gets one sentence that names the file and says what to do."""
        data, _ = opened(places)
        path = {"train": data.train, "test": data.test}[split].path
        content, written = bytearray(path.read_bytes()), path.stat().st_mtime_ns
        content[-1] ^= 1
        path.write_bytes(content)
        # Later, however coarse the clock of the file system.
        os.utime(path, ns=(written, written + 1))
        with pytest.raises(StudyError, match="delete the file, and it will be built again") as refused:
            opened(places)
        assert str(path) in str(refused.value)
        assert "\n" not in str(refused.value)

    def test_are_read_once_a_process(self, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
        """Opening the same stores again checks nothing: a look between epochs, or the next cell, does not wait."""
        read: list[Path] = []
        monkeypatch.setattr(FrameStore, "verify", lambda store: read.append(store.path))
        monkeypatch.setattr(module, "_verified", set())
        data, _ = opened(places)
        opened(places)
        assert read == [data.train.path, data.test.path]
