"""Negative learning in the harness: where the anomalies come from, what it does to a cell, and what is refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from benchmarks.data.clips import Clips
from benchmarks.data.datasets import open_dataset
from benchmarks.data.known_anomalies import generate
from benchmarks.errors import StudyError
from benchmarks.run.checkpoint import load_checkpoint, save_checkpoint
from benchmarks.run.contract import Batch
from benchmarks.run.evaluation import evaluate
from benchmarks.run.feed import Feed
from benchmarks.run.fingerprint import fingerprint
from benchmarks.run.frame_autoencoder import FrameAutoencoder
from benchmarks.run.methods import build
from benchmarks.run.negative_learning import LimitedAutoencoder
from benchmarks.run.training import train_epoch
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings
from benchmarks.study.validation import invalid_reason

CPU = torch.device("cpu")
METHODS = ("cae", "fcae")


def settings_of(method: str = "cae", dataset: str = "synthetic", **overrides: object) -> Settings:
    """A tiny cell with negative learning."""
    chosen = {"negative_weight": 1.0, **overrides}
    return resolve(dataset=dataset, method=method, task="reconstruction", profile="smoke", **chosen)


def method_of(settings: Settings, seed: int = 0) -> LimitedAutoencoder:
    """The method as the harness builds it."""
    method = build(settings, seed, CPU)
    assert isinstance(method, LimitedAutoencoder)
    return method


@pytest.fixture(scope="module")
def video() -> np.ndarray:
    """Forty normal frames of the synthetic set, at the size of the smoke profile."""
    dataset = open_dataset("synthetic", None)
    frames = [dataset.train[0].read(index, grey=True) for index in range(40)]
    return np.stack([cv2.resize(frame, (32, 32)) for frame in frames])[..., None]


def trained(settings: Settings, video: np.ndarray, epochs: int, seed: int = 0) -> FrameAutoencoder:
    """The method after some epochs of the harness's own loop."""
    method = build(settings, seed, CPU)
    assert isinstance(method, FrameAutoencoder)
    objectives = method.objectives()
    feed = Feed(Clips(video, (len(video),), length=1), CPU)
    for epoch in range(1, epochs + 1):
        train_epoch(method, objectives, feed, settings, seed, epoch, lambda *_: None)
    return method


def error_on(method: FrameAutoencoder, frames: np.ndarray, regions: np.ndarray | None = None) -> float:
    """Mean squared error over all pixels, or over the regions."""
    index = np.arange(len(frames))
    batch = Batch(torch.from_numpy(frames)[:, None], index, index, index)
    squared = method.inspect(batch).error.numpy()
    return float(squared.mean() if regions is None else squared[regions].mean())


@pytest.mark.parametrize("name", METHODS)
class TestLosses:
    def test_add_a_bounded_term(self, name: str, video: np.ndarray) -> None:
        """The total is the twin's plus the weighted term, which lies between 0 and the margin."""
        limited = method_of(settings_of(name, negative_weight=2.0, negative_margin=0.3))
        plain = build(resolve(dataset="synthetic", method=name, task="reconstruction", profile="smoke"), 0, CPU)
        batch = Feed(Clips(video, (len(video),), length=1), CPU).batch(np.arange(4), epoch=1)
        terms = limited.losses(batch, "").terms
        twin = plain.losses(batch, "").terms
        assert 0 <= float(terms["negative"]) <= 0.3
        torch.testing.assert_close(terms["pixel"], twin["pixel"])
        torch.testing.assert_close(terms["total"], twin["total"] + 2.0 * terms["negative"])

    def test_raise_the_error_inside_known_anomalies_most(self, name: str, video: np.ndarray) -> None:
        """Against its twin, far from trained, it grows by a fifth, and stays seven times that of normal frames."""
        limits = {"negative_weight": 1.0, "negative_margin": 0.3}
        common = {"dataset": "synthetic", "method": name, "task": "reconstruction", "profile": "smoke"}
        twin, limited = (
            trained(resolve(**common, learning_rate=3e-3, **more), video, epochs=15) for more in ({}, limits)
        )
        known = generate("synthetic", 64, size=32, channels=1)
        inside = error_on(limited, known.frames, known.regions)
        assert inside > 1.2 * error_on(twin, known.frames, known.regions)
        assert error_on(limited, video) < 0.15 * inside


@pytest.mark.parametrize("name", METHODS)
class TestContract:
    def test_evaluation_is_twice_the_same_and_needs_no_anomalies(self, name: str, video: np.ndarray) -> None:
        """Scoring draws no known anomaly, and batching changes no score."""
        method = trained(settings_of(name), video, epochs=1)
        fresh = method_of(method.settings)
        fresh.load(method.state())
        feed = Feed(Clips(video, (len(video),), length=1), CPU)
        first, second = (evaluate(fresh, feed, fresh.variants()).terms["plain"]["mse"] for _ in range(2))
        np.testing.assert_array_equal(first, second)
        fresh.evaluation_batch = 1
        np.testing.assert_allclose(evaluate(fresh, feed, fresh.variants()).terms["plain"]["mse"], first, rtol=2e-5)
        assert "known_anomalies" not in vars(fresh)

    def test_a_checkpoint_brings_everything_back(self, name: str, video: np.ndarray, tmp_path: Path) -> None:
        """Training goes on as if it had not stopped: the anomalies of a step are fixed by seed, epoch and batch."""
        settings = settings_of(name)
        feed = Feed(Clips(video, (len(video),), length=1), CPU)
        method = method_of(settings)
        objectives = method.objectives()
        train_epoch(method, objectives, feed, settings, 0, 1, lambda *_: None)
        save_checkpoint(tmp_path / "checkpoint.safetensors", method, objectives, {})
        again = method_of(settings)
        restored = again.objectives()
        load_checkpoint(tmp_path / "checkpoint.safetensors", again, restored)
        for one, its in ((method, objectives), (again, restored)):
            train_epoch(one, its, feed, settings, 0, 2, lambda *_: None)
        for key, value in method.state().items():
            assert torch.equal(value, again.state()[key]), key


class TestFacts:
    def test_say_what_was_seen(self) -> None:
        """Number and checksum of the anomalies stand in the record; without negative learning nothing is said."""
        facts = method_of(settings_of(negative_frames=5)).facts()
        assert facts["known_anomalies"] == 5
        assert len(facts["known_anomalies_checksum"]) == 64
        plain = build(resolve(dataset="synthetic", method="cae", task="reconstruction", profile="smoke"), 0, CPU)
        assert not isinstance(plain, LimitedAutoencoder)
        assert "known_anomalies" not in plain.facts()


class TestFingerprint:
    def test_holds_the_anomalies_of_those_that_have_seen_some(self) -> None:
        """A cell without negative learning does not rest on its code, nor on the generator of anomalies."""
        limited = fingerprint(settings_of()).modules
        plain = fingerprint(resolve(dataset="synthetic", method="cae", task="reconstruction", profile="smoke")).modules
        added = {"benchmarks/run/negative_learning.py", "baselines/negative_learning.py", "synthetic/dataset.py"}
        assert added <= set(limited) - set(plain)
        assert set(plain) < set(limited)


class TestSettings:
    def test_name_says_that_anomalies_were_seen(self) -> None:
        """The name of such a cell is not its twin's."""
        assert "-negative-" in settings_of().name

    def test_leave_the_twin_alone(self) -> None:
        """A cell without negative learning has none of its settings, so its hash is what it was."""
        plain = resolve(dataset="synthetic", method="cae", task="reconstruction", profile="smoke")
        assert not [name for name in plain.to_dict() if name.startswith("negative")]

    def test_margin_and_frames_have_defaults(self) -> None:
        """A weight is enough; with a folder its images count, not a number."""
        generated = settings_of()
        assert generated.negative_margin is not None
        assert generated.negative_frames is not None
        assert settings_of(dataset="ped2", negative_folder="anomalies").negative_frames is None


class TestLegality:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"dataset": "ped2"}, "negative_folder"),
            ({"negative_weight": -1.0}, "negative_weight=-1"),
            ({"negative_margin": 0.0}, "negative_margin=0"),
            ({"negative_frames": 0}, "negative_frames=0"),
            ({"negative_folder": "anomalies", "negative_frames": 3}, "all images"),
            ({"method": "stae"}, "negative_weight is a setting of .* but method=stae"),
        ],
    )
    def test_refuses_with_a_reason(self, changes: dict[str, object], reason: str) -> None:
        """What cannot be is said with the setting's name."""
        with pytest.raises(StudyError, match=reason):
            settings_of(**changes)  # type: ignore[arg-type]

    def test_refuses_the_other_settings_without_a_weight(self) -> None:
        """A margin without a weight would say something that is not done."""
        with pytest.raises(StudyError, match="negative_margin"):
            resolve(dataset="synthetic", method="cae", task="reconstruction", profile="smoke", negative_margin=0.1)

    def test_a_real_set_with_a_folder_is_legal(self) -> None:
        """The folder is the user's business; its content is checked when it is read."""
        assert invalid_reason(settings_of(dataset="ped2", negative_folder="anomalies")) is None


class TestDraw:
    def test_gives_known_anomalies_indices_that_no_clip_has(self, video: np.ndarray) -> None:
        """By them a method tells a drawn batch from the batch that it was drawn for."""
        method = method_of(settings_of(negative_frames=4))
        batch = Feed(Clips(video, (len(video),), length=1), CPU).batch(np.arange(3), epoch=1)
        known, region = method._draw(batch)
        assert (known.index < 0).all()
        assert (batch.index >= 0).all()
        assert region is not None
        assert len(known.frames) == len(region) == 3


class TestPool:
    def test_keeps_the_regions_of_training_clips_and_anomalies_apart(self) -> None:
        """Within a pool's region, swimmers are known anomalies; augmentation leaves them where their pixels are."""
        settings = settings_of("fcae", "pool", channels=3, region="pool", size=64, negative_frames=4)
        method = method_of(settings)
        dataset = open_dataset("pool", None)
        frames = [dataset.train[0].read(index) for index in range(4)]
        clips = np.stack([cv2.resize(frame, (64, 64)) for frame in frames])
        batch = Feed(Clips(clips, (4,), length=1), CPU).batch(np.arange(4), epoch=1)
        terms = method.losses(batch, "").terms
        assert set(terms) == {"pixel", "negative", "total"}
        assert 0 <= float(terms["negative"]) <= 0.1
        known, _ = method._draw(batch)
        inputs, _ = method.inputs_and_target(known)
        shown = inputs[:, 0, :3].permute(0, 2, 3, 1)
        torch.testing.assert_close(shown, known.frames[:, 0].float() / 255)
