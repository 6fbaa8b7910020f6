"""`fcae` in the harness: its region, corruption, augmentation, and what is done to frames at test."""

from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from baselines.pool_region import detect_pool
from benchmarks.errors import StudyError
from benchmarks.run.baselines.fcae import Fcae
from benchmarks.run.contract import Batch
from benchmarks.study.presets import resolve
from synthetic.pool.dataset import render_frame, video_plan
from synthetic.pool.scene import PoolSettings
from tests.support.methods import CPU, batch_of

POOL = {"channels": 3, "region": "pool", "size": 64}


def fcae(**factors: Any) -> Fcae:
    """A tiny one on frames of 64 pixels that show a pool, unless told otherwise."""
    chosen = {"dataset": "pool", "method": "fcae", "task": "reconstruction", "profile": "smoke", **POOL, **factors}
    return Fcae(resolve(**{name: value for name, value in chosen.items() if value is not None}), 0, CPU)


def pool_clips(count: int = 3) -> np.ndarray:
    """Frames of generated pools as clips (count, 1, 64, 64, 3)."""
    plans = video_plan(PoolSettings(), "test")[:count]
    return np.stack([[cv2.resize(render_frame(plan, 25).image, (64, 64))] for plan in plans])


def detected(clips: np.ndarray) -> torch.Tensor:
    """The pool in each frame."""
    return torch.from_numpy(np.stack([detect_pool(clip[0]) for clip in clips]))


class TestRegion:
    def test_outside_there_is_no_error(self) -> None:
        """The output outside the pool is the input; inside it is the network's."""
        clips = pool_clips()
        method, outside = fcae(), ~detected(clips)
        look = method.inspect(batch_of(clips))
        assert 0.05 < outside.float().mean() < 0.5
        assert (look.error[outside] == 0).all()
        assert (look.error[~outside] > 0).float().mean() > 0.99
        assert torch.equal(look.output[outside], look.target[outside])
        assert look.input.shape == (3, 64, 64, 3)

    def test_a_batch_may_bring_its_own(self) -> None:
        """Regions that come with the batch take the place of detection, on frames without a pool too."""
        frames = np.random.default_rng(0).integers(0, 256, (2, 1, 64, 64, 1), dtype=np.uint8)
        regions = torch.zeros(2, 64, 64, dtype=torch.bool)
        regions[:, :32] = True
        plain = batch_of(frames)
        batch = Batch(plain.frames, plain.video, plain.first, plain.index, regions=regions)
        error = fcae(region=None, channels=None).inspect(batch).error
        assert (error[:, 32:] == 0).all()
        assert (error[:, :32] > 0).float().mean() > 0.9

    def test_a_frame_without_a_pool_is_refused(self) -> None:
        """Where no water is seen the frame is named, and nothing is scored in silence."""
        clips = pool_clips(2)
        clips[1] = 120
        method = fcae()
        with pytest.raises(StudyError, match=r"video 2, frame 1 .* shows no water"):
            method.inspect(batch_of(clips, video=2))

    def test_everywhere_without_one(self) -> None:
        """Without a region every pixel counts."""
        assert (fcae(region=None).inspect(batch_of(pool_clips())).error > 0).float().mean() > 0.99


class TestTargetCorruption:
    def test_is_learned_outside_and_nowhere_else(self) -> None:
        """In training the target is wrong outside the region alone, and the output there is the network's own."""
        clips = pool_clips()
        method = fcae(target_corruption="inverted", augmentation=False)
        region = detected(clips)
        method.network.train()
        inputs, target = method.inputs_and_target(batch_of(clips, epoch=1))
        frames, wanted, output = inputs[:, 0, :3], target[:, 0], method.reconstruct(inputs)[:, 0]
        outside = ~region[:, None].expand_as(frames)
        assert_allclose(wanted[outside], 1 - frames[outside], atol=1e-6)
        assert torch.equal(wanted[~outside], frames[~outside])
        assert not torch.equal(output[outside], frames[outside])

    def test_is_for_training_alone(self) -> None:
        """At test the target is the frame, and outside there is no error."""
        clips = pool_clips()
        look = fcae(target_corruption="gaussian").inspect(batch_of(clips))
        assert (look.error[~detected(clips)] == 0).all()

    def test_noise_follows_seed_epoch_and_clip(self) -> None:
        """The same step draws the same noise, another epoch another."""
        method, clips = fcae(target_corruption="gaussian", augmentation=False), pool_clips()
        first, again, later = (method.inputs_and_target(batch_of(clips, epoch=epoch))[1] for epoch in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.equal(first, later)


class TestAugmentation:
    def test_is_for_training_alone_and_anew_each_epoch(self) -> None:
        """Training frames are changed, another way in another epoch; frames at test are as they came."""
        method, clips = fcae(), pool_clips()
        frames = np.float32(clips[:, 0]).transpose(0, 3, 1, 2) / 255
        first, later = (method.inputs_and_target(batch_of(clips, epoch=epoch))[0][:, 0, :3] for epoch in (1, 2))
        assert not torch.equal(first, later)
        assert not np.array_equal(first, frames)
        assert_array_equal(method.inputs_and_target(batch_of(clips))[0][:, 0, :3], frames)


class TestFramesAtTest:
    def test_luminosity_and_bright_spots_are_cut_in_input_and_target(self) -> None:
        """The range shrinks, and what is brighter than its surroundings is gone; in training both stay."""
        method, clips = fcae(bright_spots=2.0, luminosity=0.8), pool_clips()
        plain = fcae()
        look, before = method.inspect(batch_of(clips)), plain.inspect(batch_of(clips))
        assert torch.equal(look.input, look.target)
        assert float(look.target.max()) <= np.float32(0.8)
        region = detected(clips)
        assert look.target[region].std() < 0.8 * before.target[region].std()
        trained, expected = (one.inputs_and_target(batch_of(clips, epoch=1))[1] for one in (method, plain))
        assert torch.equal(trained, expected)


class TestDropout:
    def test_reaches_the_network(self) -> None:
        """With dropout two training passes differ."""
        method = fcae(dropout=0.5, augmentation=False)
        method.network.train()
        inputs, _ = method.inputs_and_target(batch_of(pool_clips(), epoch=1))
        assert not torch.equal(method.reconstruct(inputs), method.reconstruct(inputs))
