"""The contract over every baseline: what it trains, what it scores, what a checkpoint keeps."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.data.clips import Clips
from benchmarks.measure.terms import orientation
from benchmarks.run.checkpoint import load_checkpoint, save_checkpoint
from benchmarks.run.contract import Method
from benchmarks.run.evaluation import Pass, evaluate
from benchmarks.run.feed import Feed
from benchmarks.run.methods import build
from benchmarks.study.presets import resolve
from benchmarks.study.settings import BASELINES, Settings
from tests.support.methods import CPU, batch_of, made_up_clips

FRAMES = 24
CASES: list[dict[str, Any]] = [
    *({"method": name} for name in BASELINES if name != "dfr"),
    {"method": "cae", "bottleneck": 0},
    {"method": "convlstm_ae", "frames_as": "channels"},
    *({"method": name, "negative_weight": 1.0, "negative_frames": 4} for name in ("cae", "fcae")),
    # The default backbone needs a file of weights.
    *({"method": "dfr", "backbone": name, "width": 0.0625} for name in ("random", "self_supervised")),
    {"method": "fcae", "kernels": "3-5-9", "channels": 3},
]


def identity(factors: dict[str, Any]) -> str:
    """A case as a test's name."""
    return "-".join(str(value) for value in factors.values())


def baseline_of(seed: int = 0, **factors: Any) -> Any:
    """A tiny baseline as the harness builds it, after its first look at the training clips."""
    settings = resolve(**{"dataset": "synthetic", "task": "reconstruction", "profile": "smoke", **factors})
    method = build(settings, seed, CPU)
    method.prepare(clips_of(method, settings))
    return method


def clips_of(method: Method, settings: Settings, seed: int = 0) -> Clips:
    """Clips of two videos of made-up frames."""
    single = _Single(settings)
    frames = made_up_clips(single, FRAMES, seed)[:, 0]
    return Clips(frames, [FRAMES - 10, 10] if method.clip_length == 1 else [FRAMES], length=method.clip_length)


class _Single:
    """Frames one by one of a cell's geometry."""

    clip_length = 1

    def __init__(self, settings: Settings) -> None:
        self.settings = settings


def idle_tensors(factors: dict[str, Any]) -> int:
    """Parameters that a case cannot reach: a recurrence of one step from nothing leaves its three kernels alone."""
    return 3 if factors.get("frames_as") == "channels" else 0


def steps(method: Any, count: int = 2) -> Any:
    """The method after a few training steps of each objective."""
    for step in range(count):
        for objective in method.objectives():
            losses = method.losses(batch_of(made_up_clips(method, 4, seed=step), epoch=1), objective.name)
            objective.optimiser.zero_grad()
            losses.total.backward()
            objective.optimiser.step()
    return method


def scored(method: Any, clips: Clips) -> Pass:
    """The pass that the harness makes."""
    return evaluate(method, Feed(clips, CPU), method.variants())


@pytest.mark.parametrize("factors", CASES, ids=identity)
class TestContract:
    def test_has_every_member_with_its_arguments(self, factors: dict[str, Any]) -> None:
        """Everything that the harness may ask is there and is asked in the same words."""
        method = baseline_of(**factors)
        assert not [member for member in Method.__annotations__ if not hasattr(method, member)]
        assert 1 <= method.clip_length <= 17
        assert 0 <= method.scored_frame < method.clip_length
        for member, asked in inspect.getmembers(Method, inspect.isfunction):
            if not member.startswith("_"):
                own = inspect.signature(getattr(type(method), member))
                assert list(own.parameters) == list(inspect.signature(asked).parameters), member

    def test_losses_are_finite_and_reach_every_parameter(self, factors: dict[str, Any]) -> None:
        """Each term is finite and detached, and after each objective in turn every parameter has had a gradient."""
        method = baseline_of(**factors)
        reached: set[int] = set()
        parameters: dict[int, torch.Tensor] = {}  # one that two objectives share counts once
        for objective in method.objectives():
            losses = method.losses(batch_of(made_up_clips(method, 3), epoch=1), objective.name)
            assert all(bool(term.isfinite()) and not term.requires_grad for term in losses.terms.values())
            losses.total.backward()
            own = [value for group in objective.optimiser.param_groups for value in group["params"]]
            parameters |= {id(value): value for value in own}
            assert all(value.grad is not None and bool(value.grad.isfinite().all()) for value in own)
            reached |= {id(value) for value in own if value.grad is not None and bool(value.grad.any())}
            objective.optimiser.zero_grad()
        assert len(parameters) - len(reached) == idle_tensors(factors)
        if parameters:
            assert method.parameter_count() == sum(value.numel() for value in parameters.values())

    def test_training_lowers_the_loss(self, factors: dict[str, Any]) -> None:
        """A few steps on one batch give a lower total than before, in what the first objective minimises."""
        method = baseline_of(**factors)
        objectives = method.objectives()
        if not objectives:
            pytest.skip("fitted without gradient")
        batch = batch_of(made_up_clips(method, 4), epoch=1)
        totals = []
        for _ in range(6):
            losses = method.losses(batch, objectives[0].name)
            objectives[0].optimiser.zero_grad()
            losses.total.backward()
            objectives[0].optimiser.step()
            totals.append(losses.total.item())
        assert totals[-1] < totals[0]

    def test_scores_every_frame_it_can(self, factors: dict[str, Any]) -> None:
        """One finite row per clip under its one variant, for terms that the measures know how to read."""
        method = steps(baseline_of(**factors))
        clips = clips_of(method, method.settings, seed=5)
        found = scored(method, clips)
        assert method.variants() == (method.rule.variant,) == ("plain",)
        terms = found.terms["plain"]
        assert set(method.rule.weights) <= set(terms)
        for name in terms:
            assert abs(orientation(name)) == 1
        for score in method.rule.others.values():
            assert set(score) <= {*terms, *(["psnr"] if "mse" in terms else [])}
        assert all(np.isfinite(values).all() and values.shape == (len(clips),) for values in terms.values())
        assert any(np.ptp(values) > 0 for values in terms.values())

    def test_evaluating_twice_gives_the_same(self, factors: dict[str, Any]) -> None:
        """An evaluation leaves nothing behind that another one would see."""
        method = steps(baseline_of(**factors))
        clips = clips_of(method, method.settings, seed=5)
        first, second = scored(method, clips), scored(method, clips)
        for term, values in first.terms["plain"].items():
            assert_array_equal(second.terms["plain"][term], values, err_msg=term)

    def test_batching_changes_no_score(self, factors: dict[str, Any]) -> None:
        """Clips scored three at a time get what they get together."""
        method = steps(baseline_of(**factors))
        clips = clips_of(method, method.settings, seed=5)
        together = scored(method, clips).terms["plain"]
        method.evaluation_batch = 3
        apart = scored(method, clips).terms["plain"]
        for term, values in together.items():
            assert_allclose(apart[term], values, rtol=1e-4, atol=1e-7, err_msg=term)

    def test_checkpoint_gives_identical_scores(self, factors: dict[str, Any], tmp_path: Path) -> None:
        """A method restored from its checkpoint scores every clip bit for bit as the saved one."""
        saved = steps(baseline_of(**factors))
        path = tmp_path / "checkpoint.safetensors"
        save_checkpoint(path, saved, saved.objectives(), {"epochs": []})
        restored = build(saved.settings, 7, CPU)
        load_checkpoint(path, restored)
        clips = clips_of(saved, saved.settings, seed=5)
        expected, found = scored(saved, clips).terms["plain"], scored(restored, clips).terms["plain"]
        for term, values in expected.items():
            assert_array_equal(found[term], values, err_msg=term)

    def test_a_seed_decides_the_weights(self, factors: dict[str, Any]) -> None:
        """One seed gives the same state twice; another seed starts elsewhere, if anything is drawn."""
        first, second = (steps(baseline_of(3, **factors)).state() for _ in range(2))
        assert all(torch.equal(value, second[name]) for name, value in first.items())
        method, other = baseline_of(3, **factors), baseline_of(4, **factors)
        if method.objectives():
            changed = [name for name, value in method.state().items() if not torch.equal(value, other.state()[name])]
            assert changed

    def test_error_map_is_a_coarse_grid(self, factors: dict[str, Any]) -> None:
        """Where a method has an error map, it has a finite value per place and clip."""
        method = steps(baseline_of(**factors))
        if method.inspect(batch_of(made_up_clips(method, 2))) is None:
            pytest.skip("draws nothing")
        method.begin_evaluation(method.variants())
        found = method.score(batch_of(made_up_clips(method, 3)), map_size=4).error_map
        assert found.shape == (3, 4, 4)
        assert bool(found.isfinite().all())

    def test_shows_what_it_made_of_a_batch(self, factors: dict[str, Any]) -> None:
        """Frames lie in [0, 1], errors are not negative, and looking changes no score."""
        method = steps(baseline_of(**factors))
        batch = batch_of(made_up_clips(method, 3))
        method.begin_evaluation(method.variants())
        before = method.score(batch).terms["plain"]
        look = method.inspect(batch)
        if look is None:
            pytest.skip("draws nothing")
        size, channels = method.settings.size, method.settings.channels
        for frames in (look.input, look.target, look.output):
            assert frames.shape == (3, size, size, channels)
            assert frames.dtype == torch.float32
            assert 0 <= float(frames.min()) <= float(frames.max()) <= 1
        expected = batch.frames[:, method.scored_frame].float() / 255
        assert_allclose(look.target, expected, atol=1e-6)
        assert look.error.shape == (3, size, size)
        assert float(look.error.min()) >= 0
        after = method.score(batch).terms["plain"]
        assert all(torch.equal(values, after[term]) for term, values in before.items())
