"""Clips of each task, and the noise of denoising."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from benchmarks.data.corruption import NoiseUnit, salt_and_pepper
from benchmarks.run.contract import Batch
from benchmarks.run.parts.task import Task, noisy_inputs
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings


def settings_of(method: str, task: str, **overrides: object) -> Settings:
    """Settings of the smoke profile."""
    return resolve(dataset="synthetic", method=method, task=task, profile="smoke", **overrides)  # type: ignore[arg-type]


class TestTask:
    @pytest.mark.parametrize(
        ("method", "name", "clip", "inputs", "targets", "frame"),
        [
            ("mnad", "prediction", 5, range(4), [4], 4),
            ("mnad", "reconstruction", 1, range(1), [0], 0),
            ("mnad", "denoising", 1, range(1), [0], 0),
            ("memae", "reconstruction", 16, range(16), range(16), 8),
            ("memae", "denoising", 16, range(16), range(16), 8),
            ("memae", "prediction", 17, range(16), range(1, 17), 16),
        ],
    )
    def test_cuts_clips_as_published(
        self, method: str, name: str, clip: int, inputs: range, targets: list[int], frame: int
    ) -> None:
        """Input, target and scored frame of each method's tasks."""
        task = Task.of(settings_of(method, name))
        frames = list(range(clip))
        assert task.clip_length == clip
        assert frames[task.inputs] == list(inputs)
        assert frames[task.targets] == list(targets)
        assert task.scored_frame == frame

    def test_stack_of_rc2020_aims_at_its_last_frame(self) -> None:
        """Four noisy frames go in, the fourth comes out clean."""
        task = Task.of(settings_of("mnad", "denoising", preset="rc2020"))
        assert (task.clip_length, task.inputs, task.targets, task.scored_frame) == (4, slice(0, 4), slice(3, 4), 3)


class TestSaltAndPepper:
    @given(st.floats(0, 1), st.sampled_from(["pixel", "element"]), st.integers(0, 2**32))
    def test_share_is_binomial_half_salt_half_pepper(self, share: float, unit: NoiseUnit, seed: int) -> None:
        """Salt and pepper each hit p / 2 of the pixels, within five standard deviations."""
        frames = np.full((4, 50, 50, 3), 100, dtype=np.uint8)
        noisy = salt_and_pepper(frames, share, np.random.default_rng(seed), unit=unit)
        drawn = noisy[..., 0] if unit == "pixel" else noisy
        deviation = math.sqrt(max(share / 2 * (1 - share / 2), 1e-6) / drawn.size)
        for value in (0, 255):
            assert abs((drawn == value).mean() - share / 2) < 5 * deviation + 1e-4
        assert set(np.unique(noisy)) <= {0, 100, 255}
        assert (frames == 100).all()

    def test_pixel_hits_all_channels_alike_and_element_each_for_itself(self) -> None:
        """The unit decides whether a pixel's channels share their fate."""
        frames = np.full((2, 40, 40, 3), 100, dtype=np.uint8)
        pixel = salt_and_pepper(frames, 0.4, np.random.default_rng(0), unit="pixel")
        element = salt_and_pepper(frames, 0.4, np.random.default_rng(0), unit="element")
        assert (pixel == pixel[..., :1]).all()
        assert not (element == element[..., :1]).all()

    def test_none_and_all(self) -> None:
        """0 % leaves every pixel, 100 % none."""
        frames = np.full((1, 30, 30, 1), 100, dtype=np.uint8)
        assert_array_equal(salt_and_pepper(frames, 0.0, np.random.default_rng(0)), frames)
        assert not (salt_and_pepper(frames, 1.0, np.random.default_rng(0)) == 100).any()


class TestNoisyInputs:
    @staticmethod
    def noisy(seed: int, *, epoch: int | None, video: int = 0, first: int = 0, count: int = 3) -> np.ndarray:  # type: ignore[type-arg]
        """Noise on grey clips of four frames."""
        settings = settings_of("mnad", "denoising", noise_frames=4)
        index = np.arange(first, first + count)
        batch = Batch(
            torch.full((count, 4, 16, 16, 1), 100, dtype=torch.uint8), np.full(count, video), index, index, epoch
        )
        return noisy_inputs(batch.frames, batch, Task.of(settings), settings, seed).numpy()

    def test_training_noise_is_fixed_by_seed_epoch_and_clip(self) -> None:
        """The same clip in the same epoch has the same noise in any batch, and another in another epoch."""
        reference = self.noisy(0, epoch=1)
        assert_array_equal(self.noisy(0, epoch=1), reference)
        assert_array_equal(self.noisy(0, epoch=1, first=1, count=1)[0], reference[1])
        for other in (self.noisy(0, epoch=2), self.noisy(1, epoch=1)):
            assert not (other == reference).all()
        assert not (reference[0] == reference[1]).all()

    def test_test_noise_belongs_to_the_frame(self) -> None:
        """At test a frame has the same noise in every clip that holds it; videos and seeds differ."""
        clips = self.noisy(0, epoch=None)
        assert_array_equal(clips[0, 1:], clips[1, :-1])
        assert_array_equal(clips[0, 2], clips[2, 0])
        assert not (clips[0, 0] == clips[0, 1]).all()
        assert not (self.noisy(0, epoch=None, video=1) == clips).all()
        assert not (self.noisy(1, epoch=None) == clips).all()

    def test_other_tasks_have_none(self) -> None:
        """Settings without noise leave the frames as they are."""
        settings = settings_of("mnad", "reconstruction")
        batch = Batch(torch.full((1, 1, 8, 8, 1), 100, dtype=torch.uint8), *(np.zeros(1, dtype=np.int64),) * 3)
        assert noisy_inputs(batch.frames, batch, Task.of(settings), settings, 0) is batch.frames
