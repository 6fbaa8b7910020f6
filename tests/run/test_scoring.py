"""Scoring of variants: batches and guesses change nothing, evaluation leaves training alone."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.data.clips import Clips
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.evaluation import Pass, evaluate
from benchmarks.run.feed import Feed
from benchmarks.run.scoring import THINNING, variants_of
from mnad import losses, memory, score
from tests.support.methods import CPU, batch_of, made_up_clips, memae_difference, method_of, trained_a_little

LENGTHS = (13, 11)
CASES: dict[str, dict[str, Any]] = {
    "mnad_prediction": {"method": "mnad", "task": "prediction"},
    "mnad_reconstruction": {"method": "mnad", "task": "reconstruction"},
    "mnad_no_memory": {"method": "mnad", "task": "prediction", "memory": "none"},
    "mnad_denoising": {"method": "mnad", "task": "denoising"},
    "mnad_denoising_stack": {"method": "mnad", "task": "denoising", "preset": "rc2020"},
    "mnad_reconstruction_skip": {"method": "mnad", "task": "reconstruction", "skip": True},
    "mnad_prediction_no_skip": {"method": "mnad", "task": "prediction", "skip": False},
    "mnad_with_memae_memory": {"method": "mnad", "task": "reconstruction", "memory": "memae"},
    "memae": {"method": "memae", "task": "reconstruction"},
    "memae_denoising": {"method": "memae", "task": "denoising"},
    "memae_prediction_skip": {"method": "memae", "task": "prediction", "skip": True},
    "memae_with_mnad_memory": {"method": "memae", "task": "reconstruction", "memory": "mnad"},
}


def made_up_store(method: MemoryAutoencoder, lengths: Sequence[int] = LENGTHS) -> Clips:
    """Two short videos of made-up frames, long enough for the method's clips."""
    extra = method.clip_length
    videos = [made_up_clips(method, length + extra, seed)[:, 0] for seed, length in enumerate(lengths)]
    return Clips(np.concatenate(videos), [len(video) for video in videos], length=method.clip_length)


def scored(method: MemoryAutoencoder, batch: int, variants: Sequence[str] | None = None) -> Pass:
    """Score the made-up videos with so many clips at once."""
    method.evaluation_batch = batch
    return evaluate(method, Feed(made_up_store(method), CPU), variants or method.variants())


def middling_threshold(method: MemoryAutoencoder) -> float:
    """A threshold between the point scores of the made-up frames, so that decisions differ from frame to frame."""
    method.begin_evaluation(("update",))
    clips = made_up_store(method)
    points = [
        method.score(batch_of(clips.take(list(span)))).terms["update"]["point_score"] for span in clips.spans_by_video()
    ]
    return float(torch.cat(points).median())


def all_values(result: Pass) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Every term of every variant with its name."""
    for variant, terms in result.terms.items():
        for term, values in terms.items():
            yield f"{variant}.{term}", values


class TestVariantsOf:
    def test_published_variant_comes_first(self) -> None:
        """With MNAD's memory the test-time update is the published variant, elsewhere there is no update."""
        assert variants_of(method_of(method="mnad", task="prediction").settings)[:3] == (
            "update",
            "no_update",
            "reset_per_video",
        )
        assert variants_of(method_of(method="memae", task="reconstruction").settings)[0] == "plain"

    def test_only_a_memory_has_a_read_to_bypass(self) -> None:
        """A cell without memory has bottleneck variants alone, a denoising cell a clean input."""
        names = variants_of(method_of(method="mnad", task="denoising", memory="none").settings)
        replaced = ("bottleneck_zeros", "bottleneck_ones", "bottleneck_noise", "bottleneck_matched_noise")
        assert names == ("plain", "clean_input", *replaced)


class TestBatching:
    @pytest.mark.parametrize("case", CASES)
    def test_never_changes_a_score(self, case: str) -> None:
        """One clip at a time, five, or a whole video: every term of every variant is the same."""
        method = trained_a_little(method_of(**CASES[case]))
        if method.settings.memory == "mnad":
            method.settings = dataclasses.replace(method.settings, update_threshold=middling_threshold(method))
        alone = scored(method, 1)
        for size in (5, 64):
            together = scored(method, size)
            assert_array_equal(together.frame, alone.frame)
            for (name, values), (_, expected) in zip(all_values(together), all_values(alone), strict=True):
                assert_allclose(values, expected, rtol=2e-6, atol=1e-9, err_msg=f"{name}, {size} at once")
            assert {name: counts.tolist() for name, counts in together.usage.items()} == {
                name: counts.tolist() for name, counts in alone.usage.items()
            }
        if method.settings.memory == "mnad":
            decided = alone.terms["update"]["updated"]
            assert 0 < decided.mean() < 1


@pytest.fixture(scope="module")
def method() -> MemoryAutoencoder:
    """A prediction cell in double precision, trained for two steps."""
    return trained_a_little(method_of(method="mnad", task="prediction", precision="float64"))


class TestUpdating:
    """The test-time update against a loop written out with the leaves' functions alone."""

    @staticmethod
    def one_by_one(method: MemoryAutoencoder, threshold: float, *, reset: bool = False) -> dict[str, list[float]]:
        """Score frame by frame with the unfolded network, as the paper's Algorithm reads."""
        encoder, decoder = method.backbone.encoder.eval(), method.backbone.decoder.eval()
        items = method.state()["memory.items"].clone()
        found: dict[str, list[float]] = {"mse": [], "feature_distance": [], "updated": []}
        clips = made_up_store(method)
        for span in clips.spans_by_video():
            if reset:
                items = method.state()["memory.items"].clone()
            for index in span:
                frames = score.to_frames(torch.from_numpy(clips.take([index]))[0]).double()
                stacked = frames.permute(0, 3, 1, 2)
                inputs, target = stacked[:4].flatten(0, 1)[None], stacked[4][None]
                with torch.no_grad():
                    query, skips = encoder(inputs)
                    error = score.squared_error(decoder(memory.read(query, items), skips), target)
                    found["mse"].append(score.mean_squared_error(error).item())
                    found["feature_distance"].append(losses.feature_distance(query, items).item())
                    updated = score.point_score(error).item() < threshold
                    found["updated"].append(float(updated))
                    if updated:
                        items = memory.update(query, items)
        return found

    @given(quantile=st.floats(0, 1), size=st.integers(1, 12), reset=st.booleans())
    @hypothesis_settings(max_examples=15)
    def test_guessing_equals_one_by_one(
        self, method: MemoryAutoencoder, quantile: float, size: int, *, reset: bool
    ) -> None:
        """Whatever the threshold and the batch, the guessed and checked run gives the sequential scores."""
        plain = self.one_by_one(method, 0.0)
        low, high = min(plain["mse"]), 2 * max(plain["mse"])
        threshold = low + quantile * (high - low)
        method.settings = dataclasses.replace(method.settings, update_threshold=threshold)
        variant = "reset_per_video" if reset else "update"
        terms = scored(method, size, (variant,)).terms[variant]
        for name, expected in self.one_by_one(method, threshold, reset=reset).items():
            assert_allclose(terms[name], expected, rtol=1e-9, err_msg=name)

    def test_decisions_flip_often_in_that_test(self, method: MemoryAutoencoder) -> None:
        """A threshold among the point scores makes many guesses wrong, so the comparison means something."""
        threshold = middling_threshold(method)
        updated = np.array(self.one_by_one(method, threshold)["updated"])
        assert np.abs(np.diff(updated)).sum() >= 2

    def test_update_changes_scores(self, method: MemoryAutoencoder) -> None:
        """With every frame updating the items, scores differ from those without update, but for the first frame."""
        always = self.one_by_one(method, np.inf)["mse"]
        never = self.one_by_one(method, 0.0)["mse"]
        assert always[0] == never[0]
        assert np.abs(np.array(always) - never).max() > 1e-9


class TestRepetition:
    @pytest.mark.parametrize("case", CASES)
    def test_second_evaluation_equals_the_first_and_training_is_untouched(self, case: str) -> None:
        """Items updated at test are forgotten, and parameters, running statistics and items stay as trained."""
        method = trained_a_little(method_of(**CASES[case]))
        before = {name: value.clone() for name, value in method.state().items()}
        first, second = scored(method, 8), scored(method, 8)
        for (name, values), (_, expected) in zip(all_values(second), all_values(first), strict=True):
            assert_array_equal(values, expected, err_msg=name)
        for name, value in method.state().items():
            assert torch.equal(value, before[name]), name
        assert all(
            parameter.grad is None or bool(parameter.grad.isfinite().all()) for parameter in method.network.parameters()
        )

    def test_scores_do_not_depend_on_the_variants_asked_for(self) -> None:
        """A variant scored beside the published one alone equals itself scored among all."""
        method = trained_a_little(method_of(method="mnad", task="prediction"))
        among = scored(method, 8)
        for name in method.variants()[1:]:
            alone = scored(method, 8, ("update", name)).terms[name]
            for term, values in alone.items():
                assert_array_equal(values, among.terms[name][term], err_msg=f"{name}.{term}")

    def test_reset_starts_each_video_with_trained_items(self) -> None:
        """`reset_per_video` scores the second video as if it were the first."""
        method = trained_a_little(method_of(method="mnad", task="prediction", update_threshold=10.0))
        whole = scored(method, 8, ("reset_per_video", "update"))
        clips = made_up_store(method)
        second = [index for index, video in enumerate(clips.video) if video == 1]
        alone = evaluate(
            method,
            Feed(Clips(clips.frames, clips.lengths, length=method.clip_length, videos=(1,)), CPU),
            ("reset_per_video",),
        )
        assert_array_equal(whole.terms["reset_per_video"]["mse"][second], alone.terms["reset_per_video"]["mse"])
        # Not the error: the decoder can round away what a few updates of the items change.
        carried, started = (whole.terms[name]["feature_distance"] for name in ("update", "reset_per_video"))
        carried = np.abs(carried - started)
        assert carried[clips.video == 0].max() == 0
        assert carried[second].max() > 0


class TestReplaced:
    def test_zeroed_bottleneck_without_skips_gives_one_picture(self) -> None:
        """Without skips nothing of the frame passes, so every frame gets the same output."""
        method = trained_a_little(method_of(method="mnad", task="reconstruction"))
        method.begin_evaluation(("no_update", "bottleneck_zeros"))
        scorer = method._require_scorer()
        clips = made_up_clips(method, 9)
        features = torch.zeros(1, 128, 4, 4)
        with torch.inference_mode():
            output = scorer._decode(features, ())
            _, target = method.inputs_and_target(batch_of(clips))
        expected = ((output - target) / 2).square().flatten(1).mean(dim=1)
        ours = method.score(batch_of(clips)).terms["bottleneck_zeros"]["mse"]
        assert_allclose(ours[::THINNING], expected[::THINNING], rtol=1e-6)
        assert int(ours.isfinite().sum()) == 3

    def test_change_of_output_is_measured_against_the_published_variant(self) -> None:
        """`output_mse` compares with the published variant: positive for a bypass, and absent for itself."""
        method = trained_a_little(method_of(method="mnad", task="prediction"))
        terms = scored(method, 8).terms
        assert "output_mse" not in terms["update"]
        replaced = [values["output_mse"] for name, values in terms.items() if name.startswith(("read_", "bottleneck_"))]
        assert len(replaced) == 6
        for values in replaced:
            assert (values[np.isfinite(values)] > 0).all()

    @pytest.mark.parametrize("case", CASES)
    def test_only_every_fourth_frame_is_scored(self, case: str) -> None:
        """Replaced variants have numbers at frames that four divides, counted in the video, and nowhere else."""
        method = trained_a_little(method_of(**CASES[case]))
        result = scored(method, 5)
        replaced = [name for name in result.terms if name.startswith(("read_", "bottleneck_"))]
        assert replaced
        for name in replaced:
            for term, values in result.terms[name].items():
                assert_array_equal(np.isfinite(values), result.frame % THINNING == 0, err_msg=f"{name}.{term}")

    def test_noise_is_the_same_in_every_batch_and_evaluation(self) -> None:
        """The random bottleneck is fixed by the seed."""
        first, second = (
            scored(trained_a_little(method_of(method="mnad", task="prediction")), size, ("update", "bottleneck_noise"))
            for size in (3, 8)
        )
        assert_allclose(first.terms["bottleneck_noise"]["mse"], second.terms["bottleneck_noise"]["mse"], rtol=2e-6)

    @pytest.mark.parametrize("case", CASES)
    def test_matched_noise_has_the_norm_of_the_features(self, case: str) -> None:
        """At every place of every frame the norm of matched noise is that of what the decoder sees as trained."""
        method = trained_a_little(method_of(**CASES[case]))
        method.begin_evaluation(method.variants())
        scorer = method._scorer
        assert scorer is not None
        inputs, _ = method.inputs_and_target(batch_of(made_up_clips(method, 3)))
        with torch.no_grad():
            query, _ = scorer._encode(inputs)
            noise = scorer._replaced_features("bottleneck_matched_noise", query)
            real = method.memory.read(query, scorer.trained).features
        assert_allclose(noise.norm(dim=1), real.norm(dim=1), rtol=1e-4, atol=1e-6)
        assert not torch.allclose(noise, real)


class TestErrorMap:
    @pytest.mark.parametrize("case", ["mnad_prediction", "memae", "memae_prediction_skip"])
    def test_has_the_size_asked_for(self, case: str) -> None:
        """One map a clip at the size asked for; without asking there is none."""
        method = trained_a_little(method_of(**CASES[case]))
        method.begin_evaluation(method.variants()[:1])
        batch = batch_of(made_up_clips(method, 3))
        assert method.score(batch).error_map is None
        error_map = method.score(batch, map_size=8).error_map
        assert error_map is not None
        assert error_map.shape == (3, 8, 8)
        assert bool((error_map >= 0).all())
        method.begin_evaluation(method.variants()[:1])
        if method.settings.method == "mnad":
            mse = method.score(batch).terms["update"]["mse"]
            assert_allclose(error_map.mean(dim=(1, 2)), mse, rtol=1e-5)

    @pytest.mark.parametrize("case", ["memae", "memae_prediction_skip"])
    def test_of_memae_is_that_of_the_scored_frame(self, case: str) -> None:
        """Pixel by pixel the squared error of the ninth frame in reconstruction, in prediction of the last."""
        method = trained_a_little(method_of(**CASES[case], precision="float64"))
        clips = made_up_clips(method, 3)
        method.begin_evaluation(("plain",))
        error_map = method.score(batch_of(clips), map_size=method.settings.size).error_map
        expected = memae_difference(method, clips).square().mean(dim=1)
        # Inputs are scaled in float32.
        assert_allclose(error_map, expected, rtol=1e-4, atol=1e-6)

    def test_refuses_to_score_before_it_began(self) -> None:
        """Scoring needs `begin_evaluation`."""
        method = method_of(method="mnad", task="prediction")
        with pytest.raises(RuntimeError, match="begin_evaluation"):
            method.score(batch_of(made_up_clips(method, 1)))
