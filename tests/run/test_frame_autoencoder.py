"""What all networks that give back frames have in common, on the smallest of them."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from benchmarks.run.frame_autoencoder import FrameAutoencoder
from benchmarks.study.presets import resolve
from tests.support.methods import CPU, batch_of, made_up_clips


class Dimmed(FrameAutoencoder):
    """Gives back clips of two frames times a weight; the second frame is scored."""

    clip_length = 2
    scored_frame = 1

    def build(self) -> torch.nn.Module:
        """A depthwise 1x1 convolution whose one weight is a half."""
        return torch.nn.Conv3d(2, 2, 1, groups=2, bias=False)

    def initialise(self, layer: torch.nn.Module) -> None:
        """Halve."""
        if isinstance(layer, torch.nn.Conv3d):
            torch.nn.init.constant_(layer.weight, 0.5)


def dimmed(**overrides: Any) -> Dimmed:
    """The method on frames of 32 pixels."""
    settings = resolve(dataset="synthetic", method="cae", task="reconstruction", profile="smoke", **overrides)
    return Dimmed(settings, 0, CPU)


class TestErrors:
    def test_are_those_of_the_scored_frame_in_the_unit_range(self) -> None:
        """Half of a frame is missing: the mean of its squared and absolute halves, of the second frame alone."""
        method = dimmed()
        clips = made_up_clips(method, 3)
        method.begin_evaluation(method.variants())
        terms = method.score(batch_of(clips)).terms["plain"]
        half = clips[:, 1].astype(np.float64) / 255 / 2
        assert_allclose(terms["mse"], (half**2).mean(axis=(1, 2, 3)), rtol=1e-5)
        assert_allclose(terms["mean_absolute_error"], half.mean(axis=(1, 2, 3)), rtol=1e-5)


class TestPixelErrors:
    @pytest.mark.parametrize(("error", "power"), [("mse", 2), ("mean_absolute_error", 1)])
    def test_are_of_the_kind_that_is_scored(self, error: str, power: int) -> None:
        """Squared where the score is the squared error, absolute elsewhere; their mean is the score."""
        method = dimmed(error=error)
        batch = batch_of(made_up_clips(method, 3))
        look = method.inspect(batch)
        half = batch.frames[:, 1, :, :, 0].double() / 255 / 2
        assert_allclose(look.error, half**power, rtol=1e-4, atol=1e-7)
        method.begin_evaluation(method.variants())
        scored = method.score(batch, map_size=1)
        assert scored.error_map is not None
        assert_allclose(scored.error_map.flatten(), scored.terms["plain"][error], rtol=1e-5)


class TestObjectives:
    def test_follow_the_settings(self) -> None:
        """Adam with the rate and the decay of the settings; the schedule is constant or a cosine over all epochs."""
        (objective,) = dimmed(learning_rate=0.25, weight_decay=0.125).objectives()
        (group,) = objective.optimiser.param_groups
        assert isinstance(objective.optimiser, torch.optim.Adam)
        assert (group["lr"], group["weight_decay"]) == (0.25, 0.125)
        (falling,) = dimmed(schedule="cosine", epochs=4).objectives()
        assert isinstance(falling.schedule, torch.optim.lr_scheduler.CosineAnnealingLR)
        assert falling.schedule.T_max == 4


class TestRule:
    def test_is_the_error_of_the_settings(self) -> None:
        """The published score is the named error; the others stand beside it, PSNR among them."""
        rule = dimmed(error="mean_absolute_error").rule
        assert (rule.name, rule.weights, rule.variant) == (
            "mean_absolute_error",
            {"mean_absolute_error": 1.0},
            "plain",
        )
        assert set(rule.others) == {"psnr", "mse"}


class TestPrecision:
    def test_bfloat16_leaves_losses_and_scores_in_single_precision(self) -> None:
        """The network may run in bfloat16; what is minimised and scored is float32."""
        method = dimmed(precision="bfloat16")
        batch = batch_of(made_up_clips(method, 3), epoch=1)
        assert method.losses(batch, "").total.dtype == torch.float32
        assert {value.dtype for value in method.score(batch).terms["plain"].values()} == {torch.float32}
