"""The harness's own training step against the official programs, step by step.

Single precision can be compared for a step or two only (Adam turns vanishing gradients into full steps), so training
is held to the official code in double precision and the float32 run to what its tolerances allow.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.contract import Losses
from mnad import memory
from tests.support.methods import batch_of, golden_memae, golden_mnad, stacked_clips
from tests.support.official_names import has_vanishing_gradient, renamed

Golden = Callable[[str], dict[str, np.ndarray[Any, Any]]]
KINDS = ("pred", "recon")
MNAD_TERMS = {
    "pixel": "pixel_loss",
    "compactness": "compactness",
    "separateness": "separateness",
    "total": "total_loss",
}
# float32 tolerances of the golden README's section 5, by step: losses relative, items absolute (None: not comparable)
TRACE_FLOAT32 = ((5e-6, 1e-5), (3e-4, 4e-3), (5e-3, None), (1e-2, None), (1e-2, None))


class Spy:
    """Keeps what passes through a method's network in its next step."""

    def __init__(self, method: MemoryAutoencoder) -> None:
        self.stages: dict[str, torch.Tensor] = {}
        learn = method.memory.training_read

        def watched(query: torch.Tensor) -> Any:
            self.stages["query"] = query.detach().clone()
            learned = learn(query)
            self.stages["read"] = learned.features.detach().clone()
            return learned

        method.memory.training_read = watched  # type: ignore[method-assign]
        encoder, decoder = method.backbone.encoder, method.backbone.decoder
        encoder.register_forward_hook(lambda _, __, output: self._keep_skips(output[1]))
        decoder.register_forward_hook(lambda _, __, output: self._keep("output", output))
        if method.settings.method == "mnad":
            decoder.get_submodule("bottleneck").register_forward_hook(
                lambda _, __, output: self._keep("decoder_first", output)
            )
            decoder.get_submodule("upsample3").register_forward_hook(
                lambda _, __, output: self._keep("decoder_up1", output)
            )

    def _keep(self, name: str, value: torch.Tensor) -> None:
        self.stages[name] = value.detach().clone()

    def _keep_skips(self, skips: tuple[torch.Tensor, ...]) -> None:
        for number, skip in enumerate(skips, start=1):
            self._keep(f"skip{number}", skip)


def backward(method: MemoryAutoencoder, clips: np.ndarray[Any, Any]) -> Losses:
    """Losses of a batch, with gradients left in the parameters."""
    losses = method.losses(batch_of(clips, epoch=1), "reconstruction error")
    for parameter in method.network.parameters():
        parameter.grad = None
    losses.total.backward()
    return losses


def gradients(method: MemoryAutoencoder) -> dict[str, torch.Tensor]:
    """Gradient of every parameter, by our name."""
    named = dict(method.network.named_parameters())
    assert all(parameter.grad is not None for parameter in named.values())
    return {name: parameter.grad for name, parameter in named.items() if parameter.grad is not None}


def compare_state(
    method: MemoryAutoencoder, golden: Mapping[str, torch.Tensor], atol: float, *, skip_noise: bool = False
) -> None:
    """Every golden parameter and statistic is ours within ``atol``."""
    assert golden
    state = method.state()
    for name, expected in golden.items():
        if not (skip_noise and has_vanishing_gradient(name)):
            assert_allclose(state[name].detach(), expected, rtol=0, atol=atol, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
class TestMnadForward:
    """One training forward, its gradients, one Adam step, and a second forward."""

    def test_float32_stages_equal_official(self, golden: Golden, kind: str) -> None:
        """Every stage of the training forward is official within float32."""
        arrays = golden(f"mnad_forward_{kind}_train")
        method = golden_mnad(kind, golden(f"mnad_weights_{kind}"), arrays["items"], "float32")
        spy = Spy(method)
        clips = stacked_clips(arrays["images_uint8"])
        losses = backward(method, clips)
        stages = spy.stages
        names = ("output", "decoder_first", "decoder_up1", *(("skip1", "skip2", "skip3") if kind == "pred" else ()))
        for name in names:
            assert_allclose(stages[name], arrays[name], rtol=0, atol=2e-4, err_msg=name)
        assert_allclose(stages["query"], arrays["bottleneck"], rtol=0, atol=5e-5)
        assert_allclose(stages["read"], arrays["read"], rtol=0, atol=5e-5)
        items = torch.from_numpy(arrays["items"])
        similarity = memory.similarity(stages["query"], items).flatten(0, 1)
        first_two = similarity.topk(2).indices
        assert_array_equal(first_two[:, 0], arrays["nearest"])
        assert_array_equal(first_two[:, 1], arrays["second"])
        assert_allclose(similarity.softmax(dim=1), arrays["softmax_over_items"], rtol=0, atol=5e-5)
        assert_allclose(similarity.softmax(dim=0), arrays["softmax_over_queries"], rtol=0, atol=5e-5)
        for term, name in MNAD_TERMS.items():
            assert_allclose(losses.terms[term], arrays[name], rtol=5e-6, err_msg=term)
        assert_allclose(method.state()["memory.items"], arrays["items_new"], rtol=0, atol=1e-5)
        compare_state(method, renamed(arrays, "mnad", "after_forward."), 5e-6)
        counts = method.take_usage()["train"]
        assert_array_equal(counts, np.bincount(arrays["nearest"], minlength=10))

    def test_float32_gradients_and_second_forward_equal_official(self, golden: Golden, kind: str) -> None:
        """Gradients that are more than noise, and the losses after one Adam step, are official within float32."""
        arrays = golden(f"mnad_forward_{kind}_train")
        method = golden_mnad(kind, golden(f"mnad_weights_{kind}"), arrays["items"], "float32")
        clips = stacked_clips(arrays["images_uint8"])
        (objective,) = method.objectives()
        backward(method, clips)
        ours = gradients(method)
        compared = 0
        for name, expected in renamed(arrays, "mnad", "grad.").items():
            if expected.norm() > 1e-4:
                assert_allclose(ours[name], expected, rtol=0, atol=5e-3 * expected.abs().max().item(), err_msg=name)
                compared += 1
        assert compared > 20
        for name, expected in renamed(arrays, "mnad", "gradnorm.").items():
            if expected > 1e-4:
                assert_allclose(ours[name].norm(), expected, rtol=5e-3, err_msg=name)
        objective.optimiser.step()
        # A weight whose gradient is noise may step the other way: 2 * lr apart, and no more.
        compare_state(method, renamed(arrays, "mnad", "after_step."), 4.1e-4)
        losses = backward(method, clips)
        for term, name in MNAD_TERMS.items():
            assert_allclose(losses.terms[term], arrays[f"step1_{name}"], rtol=3e-4, err_msg=term)
        assert_allclose(method.state()["memory.items"], arrays["step1_items_new"], rtol=0, atol=2e-3)

    def test_float64_step_equals_official(self, golden: Golden, kind: str) -> None:
        """In double precision losses, gradients, Adam's step and what follows are official to ten digits."""
        arrays = golden(f"mnad_forward_{kind}_train")
        method = golden_mnad(kind, golden(f"mnad_weights_{kind}"), arrays["items"], "float64")
        clips = stacked_clips(arrays["images_uint8"])
        (objective,) = method.objectives()
        losses = backward(method, clips)
        for term, name in MNAD_TERMS.items():
            assert_allclose(losses.terms[term], arrays[f"f64.{name}"], rtol=1e-10, err_msg=term)
        assert_allclose(method.state()["memory.items"], arrays["f64.items_new"], rtol=0, atol=1e-10)
        ours = gradients(method)
        for name, expected in renamed(arrays, "mnad", "f64.grad.").items():
            assert_allclose(ours[name], expected, rtol=0, atol=1e-10, err_msg=name)
        objective.optimiser.step()
        compare_state(method, renamed(arrays, "mnad", "f64.after_step."), 1e-9)
        losses = backward(method, clips)
        for term, name in MNAD_TERMS.items():
            assert_allclose(losses.terms[term], arrays[f"f64.step1_{name}"], rtol=1e-10, err_msg=term)
        assert_allclose(method.state()["memory.items"], arrays["f64.step1_items_new"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
class TestMnadTrace:
    """Five steps of the official training script."""

    def test_float64_equals_official_at_every_step(self, golden: Golden, kind: str) -> None:
        """Losses, items and nearest items after each of five steps, and the weights at the end, are official."""
        arrays = golden(f"mnad_train_trace_{kind}")
        method = golden_mnad(kind, golden(f"mnad_weights_{kind}"), arrays["items_init"], "float64")
        settings = method.settings
        assert settings.compactness_weight == pytest.approx(float(arrays["weight_compactness"]))
        assert settings.separateness_weight == pytest.approx(float(arrays["weight_separateness"]))
        assert settings.learning_rate == pytest.approx(float(arrays["lr"]))
        spy = Spy(method)
        (objective,) = method.objectives()
        items = method.state()["memory.items"].clone()
        for step, images in enumerate(arrays["batches_uint8"]):
            tolerance = 1e-10 if step == 0 else 1e-9
            losses = backward(method, stacked_clips(images))
            objective.optimiser.step()
            for term in MNAD_TERMS:
                assert_allclose(losses.terms[term], arrays[f"f64.{term}"][step], rtol=0, atol=tolerance, err_msg=term)
            nearest = memory.nearest(spy.stages["query"], items).flatten()
            assert_array_equal(nearest, arrays["f64.nearest"][step])
            items = method.state()["memory.items"].clone()
            assert_allclose(items, arrays["f64.items"][step], rtol=0, atol=tolerance)
        compare_state(method, renamed(arrays, "mnad", "f64.after5."), 1e-9)

    def test_float32_equals_official_as_far_as_it_can(self, golden: Golden, kind: str) -> None:
        """In single precision the first steps follow the official run within what the README measured."""
        arrays = golden(f"mnad_train_trace_{kind}")
        method = golden_mnad(kind, golden(f"mnad_weights_{kind}"), arrays["items_init"], "float32")
        spy = Spy(method)
        (objective,) = method.objectives()
        items = method.state()["memory.items"].clone()
        for step, (images, (rtol, atol)) in enumerate(zip(arrays["batches_uint8"], TRACE_FLOAT32, strict=True)):
            losses = backward(method, stacked_clips(images))
            objective.optimiser.step()
            for term in MNAD_TERMS:
                assert_allclose(losses.terms[term], arrays[term][step], rtol=rtol, err_msg=f"{term}, step {step}")
            if step == 0:
                assert_allclose(spy.stages["output"][0], arrays["output_step0_sample0"], rtol=0, atol=2e-4)
            if step <= 1:
                nearest = memory.nearest(spy.stages["query"], items).flatten()
                assert_array_equal(nearest, arrays["nearest"][step])
            items = method.state()["memory.items"].clone()
            if atol is not None:
                assert_allclose(items, arrays["items"][step], rtol=0, atol=atol)


class TestMemaeStep:
    """One training forward of the official network, one Adam step, and a second forward."""

    TERMS: Mapping[str, str] = {"pixel": "mse", "entropy": "entropy", "total": "total"}

    @pytest.mark.parametrize(
        ("precision", "prefix", "losses_rtol", "gradient_atol", "step_atol"),
        [("float64", "f64.", 1e-8, 1e-8, 1e-8), ("float32", "", 5e-6, 1e-5, 1e-6)],
    )
    def test_equals_official(
        self,
        golden: Golden,
        precision: str,
        prefix: str,
        losses_rtol: float,
        gradient_atol: float,
        step_atol: float,
    ) -> None:
        """Losses, gradients, Adam's step and the losses after it are official in both precisions."""
        arrays = golden("memae_forward_train")
        method = golden_memae(golden("memae_weights"), precision)
        clips = arrays["clip_uint8"][None, ..., None]
        (objective,) = method.objectives()
        losses = backward(method, clips)
        for term, name in self.TERMS.items():
            assert_allclose(losses.terms[term], arrays[f"{prefix}{name}"], rtol=losses_rtol, err_msg=term)
        ours = gradients(method)
        for name, expected in renamed(arrays, "memae", f"{prefix}grad.").items():
            assert_allclose(ours[name], expected, rtol=0, atol=gradient_atol, err_msg=name)
        for name, expected in renamed(arrays, "memae", f"{prefix}gradnorm.").items():
            assert_allclose(ours[name].norm(), expected, rtol=0, atol=gradient_atol, err_msg=name)
        objective.optimiser.step()
        compare_state(method, renamed(arrays, "memae", f"{prefix}after_step."), step_atol)
        losses = backward(method, clips)
        for term, name in self.TERMS.items():
            assert_allclose(losses.terms[term], arrays[f"{prefix}step1_{name}"], rtol=losses_rtol, err_msg=term)

    def test_float32_stages_equal_official(self, golden: Golden) -> None:
        """Encoding, memory's output, reconstruction and running statistics of the training forward are official."""
        arrays = golden("memae_forward_train")
        method = golden_memae(golden("memae_weights"), "float32")
        spy = Spy(method)
        backward(method, arrays["clip_uint8"][None, ..., None])
        assert_allclose(spy.stages["query"].unflatten(2, (2, 2)), arrays["encoding"], rtol=0, atol=5e-5)
        assert_allclose(spy.stages["read"].unflatten(2, (2, 2)), arrays["memory_output"], rtol=0, atol=5e-5)
        assert_allclose(spy.stages["output"], arrays["output"], rtol=0, atol=5e-5)
        compare_state(method, renamed(arrays, "memae", "after_forward."), 5e-6)
        att = np.moveaxis(arrays["att"], 1, -1).reshape(-1, 20)
        counts = np.bincount(att.argmax(axis=1)[att.sum(axis=1) > 0], minlength=20)
        assert_array_equal(method.take_usage()["train"], counts)
