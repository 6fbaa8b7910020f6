"""The adversarial autoencoder as a method: three objectives, three terms, and the contract."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from benchmarks.data.clips import Clips
from benchmarks.errors import StudyError
from benchmarks.measure.terms import orientation
from benchmarks.run.baselines.aae import DISCRIMINATOR, GENERATOR, RECONSTRUCTION, AdversarialAutoencoder
from benchmarks.run.checkpoint import load_checkpoint, save_checkpoint
from benchmarks.run.contract import Batch
from benchmarks.run.evaluation import Pass, evaluate
from benchmarks.run.feed import Feed
from benchmarks.run.methods import build
from benchmarks.run.training import train_epoch
from benchmarks.study.presets import resolve

CPU = torch.device("cpu")
LENGTHS = (20, 13)


def method_of(seed: int = 0, **overrides: object) -> AdversarialAutoencoder:
    """A tiny one, as the harness builds it."""
    settings = resolve(dataset="synthetic", method="aae", task="reconstruction", profile="smoke", **overrides)
    method = build(settings, seed, CPU)
    assert isinstance(method, AdversarialAutoencoder)
    return method


def frames_of(method: AdversarialAutoencoder) -> NDArray[np.uint8]:
    """Smooth moving frames in two videos."""
    size = method.settings.size
    rows, columns = np.mgrid[:size, :size] / size
    phase = np.arange(sum(LENGTHS))[:, None, None] / 4
    return (127 + 80 * np.sin(6 * rows + phase) * np.cos(4 * columns)).astype(np.uint8)[..., None]


def feed_of(method: AdversarialAutoencoder) -> Feed:
    """All clips of those videos."""
    return Feed(Clips(frames_of(method), LENGTHS, length=method.clip_length), CPU)


def batch_of(method: AdversarialAutoencoder) -> Batch:
    """Four training clips of the first epoch."""
    return feed_of(method).batch(np.arange(4), epoch=1)


def trained(epochs: int = 1, seed: int = 0) -> AdversarialAutoencoder:
    """The method after an epoch of the harness's own loop."""
    method = method_of(seed)
    objectives = method.objectives()
    for epoch in range(1, epochs + 1):
        train_epoch(method, objectives, feed_of(method), method.settings, seed, epoch, lambda *_: None)
    return method


def scored(method: AdversarialAutoencoder) -> Pass:
    """The pass that the harness would make."""
    return evaluate(method, feed_of(method), method.variants())


class TestObjectives:
    def test_each_moves_its_own_parts_alone(self) -> None:
        """One step of each objective, gradients of the others still lying about: only its own parts change."""
        own = {
            RECONSTRUCTION: {"encoder", "decoder"},
            DISCRIMINATOR: {"discriminator"},
            GENERATOR: {"encoder"},
        }
        method = method_of()
        objectives = method.objectives()
        assert [objective.name for objective in objectives] == list(own)
        for _ in range(2):  # the second time every parameter has a gradient from the first
            for objective in objectives:
                before = {name: value.clone() for name, value in method.state().items()}
                losses = method.losses(batch_of(method), objective.name)
                objective.optimiser.zero_grad(set_to_none=True)
                losses.total.backward()
                objective.optimiser.step()
                moved = {name.split(".")[0] for name, value in method.state().items() if not value.equal(before[name])}
                assert moved == own[objective.name], objective.name

    def test_the_two_sides_have_their_own_learning_rate(self) -> None:
        """The reconstruction keeps the setting that all methods have."""
        method = method_of(adversarial_learning_rate=5e-5)
        rates = [objective.optimiser.param_groups[0]["lr"] for objective in method.objectives()]
        assert rates == [method.settings.learning_rate, 5e-5, 5e-5]


class TestLosses:
    def test_are_finite_and_named_by_phase(self) -> None:
        """An epoch of the harness's loop records a mean of each, all finite."""
        method = method_of()
        facts = train_epoch(method, method.objectives(), feed_of(method), method.settings, 0, 1, lambda *_: None)
        assert {"pixel", DISCRIMINATOR, GENERATOR} <= set(facts["losses"])
        assert np.isfinite(list(facts["losses"].values())).all()

    def test_depend_on_the_seed_and_the_clips_alone(self) -> None:
        """The draws from the prior come from streams of their own: the same again, whatever torch's stream stands at."""
        first = method_of().losses(batch_of(method_of()), DISCRIMINATOR).total
        torch.rand(7)
        assert torch.equal(method_of().losses(batch_of(method_of()), DISCRIMINATOR).total, first)


class TestScore:
    def test_twice_gives_the_same(self) -> None:
        """Nothing is left from one evaluation to the next."""
        method = trained()
        first, second = scored(method), scored(method)
        for term, values in first.terms["plain"].items():
            np.testing.assert_array_equal(values, second.terms["plain"][term])

    def test_has_both_kinds_of_term_with_an_orientation(self) -> None:
        """Reconstruction error, likelihood of the code and adversarial error, each frame by frame and finite."""
        terms = scored(trained()).terms["plain"]
        assert {"mse", "code_negative_log_likelihood", "adversarial_error"} <= set(terms)
        assert all(orientation(name) == 1 for name in terms)
        assert all(values.shape == (sum(LENGTHS),) and np.isfinite(values).all() for values in terms.values())

    def test_batching_changes_no_score(self) -> None:
        """One frame at a time gives what many at once give."""
        method = trained()
        together = scored(method).terms["plain"]
        method.evaluation_batch = 1
        alone = scored(method).terms["plain"]
        for term, values in together.items():
            np.testing.assert_allclose(alone[term], values, rtol=2e-5, err_msg=term)

    def test_rule_names_terms_that_are_scored(self) -> None:
        """Every weight of every score belongs to a term (psnr follows from mse)."""
        method = method_of()
        known = {"psnr", *scored(method).terms["plain"]}
        for weights in (method.rule.weights, *method.rule.others.values()):
            assert set(weights) <= known
        assert sum(method.rule.weights.values()) == pytest.approx(1)


class TestState:
    def test_a_checkpoint_brings_everything_back(self, tmp_path: Path) -> None:
        """Scores after loading are those before saving, and training goes on as if it had not stopped."""
        method = trained()
        objectives = method.objectives()
        train_epoch(method, objectives, feed_of(method), method.settings, 0, 2, lambda *_: None)
        save_checkpoint(tmp_path / "checkpoint.safetensors", method, objectives, {})
        again = method_of(seed=1)
        restored = again.objectives()
        load_checkpoint(tmp_path / "checkpoint.safetensors", again, restored)
        np.testing.assert_array_equal(scored(again).terms["plain"]["mse"], scored(method).terms["plain"]["mse"])
        # The seed names the streams of the prior: the continued run must have the first one's.
        again.seed = 0
        for one, its in ((method, objectives), (again, restored)):
            train_epoch(one, its, feed_of(one), one.settings, 0, 3, lambda *_: None)
        for name, value in method.state().items():
            assert torch.equal(value, again.state()[name]), name


class TestLook:
    def test_shows_the_frame_and_its_reconstruction(self) -> None:
        """Frames in [0, 1] and the squared error per pixel, whose mean is the term."""
        method = trained()
        batch = feed_of(method).batch(np.arange(3))
        look = method.inspect(batch)
        size = method.settings.size
        assert look.input.shape == look.output.shape == (3, size, size, 1)
        assert look.error.shape == (3, size, size)
        mse = method.score(batch).terms["plain"]["mse"]
        torch.testing.assert_close(look.error.mean(dim=(1, 2)), mse.float())


class TestLegality:
    def test_needs_a_code(self) -> None:
        """Without a bottleneck there is nothing to be judged."""
        with pytest.raises(StudyError, match="bottleneck"):
            method_of(bottleneck=0)
