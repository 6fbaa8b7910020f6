"""Looks at what a method draws: of the right shapes, of the same numbers as scoring, and without a trace."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.data.clips import Clips
from benchmarks.run.contract import Inspection, Method
from benchmarks.run.feed import Feed
from benchmarks.run.methods import build
from benchmarks.study.presets import resolve
from benchmarks.study.settings import LEARNING_FREE
from tests.support.methods import CPU, batch_of, made_up_clips, memae_difference, method_of, trained_a_little

CASES: dict[str, dict[str, Any]] = {
    "mnad_prediction": {"method": "mnad", "task": "prediction"},
    "mnad_reconstruction_rgb": {"method": "mnad", "task": "reconstruction", "channels": 3},
    "mnad_no_memory": {"method": "mnad", "task": "prediction", "memory": "none"},
    "mnad_denoising_stack": {"method": "mnad", "task": "denoising", "preset": "rc2020"},
    "mnad_bfloat16": {"method": "mnad", "task": "reconstruction", "skip": True, "precision": "bfloat16"},
    "mnad_with_memae_memory": {"method": "mnad", "task": "reconstruction", "memory": "memae"},
    "memae": {"method": "memae", "task": "reconstruction"},
    "memae_prediction": {"method": "memae", "task": "prediction", "skip": True},
    "memae_with_mnad_memory": {"method": "memae", "task": "reconstruction", "memory": "mnad"},
}
CLIPS = 3


def assert_well_formed(look: Inspection, frames: tuple[int, ...]) -> None:
    """Shapes, types and ranges that `Inspection` promises; frames: (clips, height, width, channels)."""
    for images in (look.input, look.target, look.output):
        assert images.shape == frames
        assert images.dtype == torch.float32
        assert 0 <= float(images.min()) <= float(images.max()) <= 1
    assert look.error.shape == frames[:3]
    assert look.error.dtype == torch.float32
    assert bool((look.error >= 0).all())


@pytest.mark.parametrize("case", CASES)
class TestAutoencoder:
    def test_has_the_shapes_of_the_contract(self, case: str) -> None:
        """Images, error map and query map, with a nearest item and its weight at each place where there is a memory."""
        method = trained_a_little(method_of(**CASES[case]))
        settings = method.settings
        clips = made_up_clips(method, CLIPS)
        look = method.inspect(batch_of(clips))
        assert_well_formed(look, (CLIPS, settings.size, settings.size, settings.channels))
        assert_array_equal(look.target, np.float32(clips[:, method.scored_frame]) / np.float32(255))
        places = (4, 4) if settings.method == "mnad" else (4, 2)
        assert look.query is not None
        assert look.query.shape == (CLIPS, method.backbone.query_channels, *places)
        assert look.query.dtype == torch.float32
        if settings.memory == "none":
            assert look.nearest is None
            assert look.weight is None
            return
        assert look.nearest is not None
        assert look.weight is not None
        assert look.nearest.shape == look.weight.shape == (CLIPS, *places)
        assert look.nearest.dtype == torch.int64
        assert bool(((look.nearest >= -1) & (look.nearest < (settings.items or 0))).all())
        assert_array_equal(look.weight == 0, look.nearest == -1)
        assert bool((look.weight <= 1).all())

    def test_leaves_scores_and_training_as_they_were(self, case: str) -> None:
        """Scores, items, usage and the next training step are those of a method that nobody looked at."""
        scores, tensors = [], []
        for looked in (False, True):
            method = trained_a_little(method_of(**CASES[case], **self.updating(case)))
            first, second = made_up_clips(method, 4), made_up_clips(method, 4, seed=9)
            method.begin_evaluation(method.variants())
            terms = [method.score(batch_of(first)).terms]
            if looked:
                method.inspect(batch_of(second))
            terms.append(method.score(batch_of(second)).terms)
            usage = dict(method.take_usage())
            method.network.train()
            if looked:
                method.inspect(batch_of(second))
                assert all(module.training for module in method.network.modules())
            losses = method.losses(batch_of(first, epoch=1), "").terms
            scores.append(terms)
            tensors.append(usage | dict(losses) | method.state())
        for left, right in zip(*scores, strict=True):
            for variant, values in left.items():
                for term, expected in values.items():
                    assert_array_equal(right[variant][term], expected, err_msg=f"{variant}.{term}")
        assert tensors[0].keys() == tensors[1].keys()
        for name, value in tensors[0].items():
            assert torch.equal(tensors[1][name], value), name

    def test_shows_what_is_scored_without_an_update(self, case: str) -> None:
        """The error adds up to the score term, and nearest items to the usage, of the variant that updates nothing."""
        method = trained_a_little(method_of(**CASES[case], **self.updating(case)))
        variant = "no_update" if method.settings.memory == "mnad" else "plain"
        batch = batch_of(made_up_clips(method, CLIPS))
        # Published first: its update must not reach the look.
        method.begin_evaluation(tuple(dict.fromkeys((method.rule.variant, variant))))
        terms = method.score(batch, map_size=method.settings.size).terms[variant]
        look = method.inspect(batch)
        if method.settings.method == "mnad":
            assert_allclose(look.error.mean(dim=(1, 2)), terms["mse"], rtol=1e-5)
        elif method.task.scores_last_only:
            # The official term is on [-1, 1].
            assert_allclose(2 * look.error.mean(dim=(1, 2)), terms["mean_absolute_error"], rtol=1e-5)
        if method.settings.method == "memae":
            difference = memae_difference(method, made_up_clips(method, CLIPS).astype(np.float32))
            assert_allclose(look.error, difference.square().sum(dim=1).sqrt(), rtol=1e-3, atol=1e-5)
        usage = method.take_usage().get(variant)
        if look.nearest is not None and usage is not None:
            nearest = look.nearest[look.nearest >= 0]
            assert_array_equal(torch.bincount(nearest.flatten(), minlength=len(usage)), usage)

    @staticmethod
    def updating(case: str) -> dict[str, Any]:
        """A threshold under which every frame updates the items, where the method has one."""
        factors = CASES[case]
        own = factors.get("memory", factors["method"])
        return {"update_threshold": 10.0} if own == "mnad" else {}


class TestInput:
    def test_of_denoising_is_noisy_and_its_target_clean(self) -> None:
        """A quarter of the input's pixels is black or white, as in the scored input; the target has none of it."""
        method = method_of(method="mnad", task="denoising", noise=0.25)
        clips = made_up_clips(method, 2) // 2 + 60
        look = method.inspect(batch_of(clips))
        struck = (look.input == 0) | (look.input == 1)
        assert 0.2 < struck.double().mean() < 0.3
        assert_array_equal(look.input[~struck], look.target[~struck])
        inputs, _ = method.inputs_and_target(batch_of(clips))
        assert_allclose((inputs.permute(0, 2, 3, 1) + 1) / 2, look.input, atol=1e-6)

    @pytest.mark.parametrize(("name", "last"), [("mnad", 3), ("memae", 15)])
    def test_of_prediction_is_the_last_frame_that_was_seen(self, name: str, last: int) -> None:
        """The scored frame itself never goes in."""
        method = method_of(method=name, task="prediction")
        clips = made_up_clips(method, 2)
        assert_array_equal(method.inspect(batch_of(clips)).input, np.float32(clips[:, last]) / np.float32(255))


class TestDeadQueries:
    def test_are_nearest_to_no_item(self) -> None:
        """With a threshold that no weight reaches, every place is dead and has no weight."""
        method = method_of(method="memae", task="reconstruction", shrink_threshold=0.99)
        look = method.inspect(batch_of(made_up_clips(method, 2)))
        assert look.nearest is not None
        assert look.weight is not None
        assert bool((look.nearest == -1).all())
        assert not bool(look.weight.any())


@pytest.mark.parametrize("name", LEARNING_FREE)
class TestLearningFree:
    @staticmethod
    def prepared(name: str) -> tuple[Method, Feed]:
        """A method after its first look at some noise, and the feed of it."""
        method = build(resolve(dataset="synthetic", method=name, task="reconstruction", profile="smoke"), 0, CPU)
        frames = np.random.default_rng(0).integers(0, 256, (12, 8, 6, 1), dtype=np.uint8)
        clips = Clips(frames, [12], length=method.clip_length)
        method.prepare(clips)
        return method, Feed(clips, CPU)

    def test_draws_the_frame_that_it_compares_with_or_nothing(self, name: str) -> None:
        """Mean frame and frame before are outputs whose error is the score; a clock draws nothing."""
        method, feed = self.prepared(name)
        batch = feed.batch(np.arange(4))
        look = method.inspect(batch)
        if name == "clock":
            assert look is None
            return
        assert look is not None
        assert_well_formed(look, (4, 8, 6, 1))
        assert look.query is None
        method.begin_evaluation(method.variants())
        terms = method.score(batch).terms[method.rule.variant]
        assert_allclose(look.error.mean(dim=(1, 2)), terms["mse"], rtol=1e-5)
        assert_array_equal(look.target, feed.clips.frames[method.scored_frame :][:4] / np.float32(255))
