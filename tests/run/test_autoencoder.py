"""The contract, over every legal combination of autoencoder, task, skip, memory and supervision."""

import dataclasses
import itertools
from pathlib import Path
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
from benchmarks.run.checkpoint import load_checkpoint, save_checkpoint
from benchmarks.run.feed import Feed
from benchmarks.study.files import load_study
from benchmarks.study.settings import AUTOENCODERS, MEMORIES, SUPERVISIONS, TASKS
from tests.support.methods import CPU, batch_of, made_up_clips, method_of, trained_a_little

COMBINATIONS = [
    {"method": method, "task": task, "skip": skip, "memory": memory, "supervision": supervision}
    for method, task, skip, memory, supervision in itertools.product(
        AUTOENCODERS, TASKS, (False, True), MEMORIES, SUPERVISIONS
    )
    if memory != "none" or supervision == "none"
]
REPRESENTATIVES = [
    {"method": "mnad", "task": "prediction"},
    {"method": "mnad", "task": "denoising", "memory": "none"},
    {"method": "mnad", "task": "reconstruction", "memory": "memae", "supervision": "uniform_balance"},
    {"method": "memae", "task": "reconstruction"},
    {"method": "memae", "task": "prediction", "memory": "mnad", "skip": True},
]


def identity(factors: dict[str, Any]) -> str:
    """A combination as a test's name."""
    return "-".join(str(value) for value in factors.values())


def expected_terms(method: MemoryAutoencoder) -> set[str]:
    """The loss terms that a memory and a supervision bring."""
    memory_terms = {"mnad": {"compactness", "separateness"}, "memae": {"entropy"}, "none": set[str]()}
    uniform = {"uniform"} if method.settings.supervision != "none" else set()
    return {"pixel", "total"} | memory_terms[method.settings.memory] | uniform


@pytest.mark.parametrize("factors", COMBINATIONS, ids=identity)
class TestEveryCombination:
    def test_trains_and_scores(self, factors: dict[str, Any]) -> None:
        """Losses are finite and add up, gradients are where they belong, scores have a row per clip."""
        method = method_of(**factors)
        settings = method.settings
        batch = batch_of(made_up_clips(method, 2), epoch=1)
        assert batch.frames.shape[1] == method.clip_length
        (objective,) = method.objectives()
        before = {name: value.clone() for name, value in method.state().items()}
        losses = method.losses(batch, objective.name)
        assert set(losses.terms) == expected_terms(method)
        assert all(bool(term.isfinite()) and not term.requires_grad for term in losses.terms.values())
        weights = {"pixel": 1.0, **method.memory.weights}
        total = sum(weights[name] * term for name, term in losses.terms.items() if name != "total")
        assert_allclose(losses.total.detach(), total, rtol=1e-6)
        losses.total.backward()
        parameters = dict(method.network.named_parameters())
        assert all(value.grad is not None and bool(value.grad.isfinite().all()) for value in parameters.values())
        assert ("memory.items" in parameters) == (settings.memory == "memae")
        first_layer = parameters[
            "encoder.level1.0.weight" if settings.method == "mnad" else "encoder.levels.0.0.weight"
        ]
        assert first_layer.grad is not None
        assert bool(first_layer.grad.any())
        after = method.state()
        if settings.memory == "mnad":
            assert not after["memory.items"].requires_grad
            assert not torch.equal(after["memory.items"], before["memory.items"])
            assert_allclose(after["memory.items"].norm(dim=1), 1, rtol=1e-5)
        usage = method.take_usage()
        queries = 2 * (16 if settings.method == "mnad" else 8)
        if settings.memory == "none":
            assert not usage
        else:
            assert int(usage["train"].sum()) == queries
        objective.optimiser.step()

        method.begin_evaluation(method.variants())
        method.begin_video(0)
        scored = method.score(batch_of(made_up_clips(method, 4)), map_size=4)
        assert tuple(scored.terms) == method.variants()
        for name, terms in scored.terms.items():
            thinned = name.startswith(("read_", "bottleneck_"))
            assert "mse" in terms
            for values in terms.values():
                assert values.shape == (4,)
                assert bool(values.isfinite().any() if thinned else values.isfinite().all())
        assert set(method.rule.weights) <= {"psnr", *scored.terms[method.rule.variant]}
        assert method.rule.variant == method.variants()[0]
        assert scored.error_map is not None
        assert scored.error_map.shape == (4, 4, 4)

    def test_scores_repeat_themselves_and_survive_a_checkpoint(self, factors: dict[str, Any], tmp_path: Path) -> None:
        """Scored twice, and by a method restored from the checkpoint, every term is the same to the last bit."""
        saved = trained_a_little(method_of(**factors), steps=1)
        save_checkpoint(tmp_path / "checkpoint.safetensors", saved, saved.objectives(), {"epochs": []})
        restored = method_of(seed=7, **factors)
        load_checkpoint(tmp_path / "checkpoint.safetensors", restored)
        restored.seed = saved.seed
        batch = batch_of(made_up_clips(saved, 5))
        results = []
        for method in (saved, saved, restored):
            method.begin_evaluation(method.variants())
            results.append(method.score(batch).terms)
        for again in results[1:]:
            for variant, terms in results[0].items():
                for term, values in terms.items():
                    assert_array_equal(again[variant][term], values, err_msg=f"{variant}.{term}")


class TestSweptSettings:
    @pytest.mark.parametrize("study", ["sweeps-synthetic", "divergences-synthetic"])
    def test_every_cell_of_the_sweeps_trains_and_scores(self, study: str) -> None:
        """From one item to 2000, each loss off, each swap, preset and divergence: finite losses, terms and scores."""
        for whole in dict.fromkeys(cell.settings for cell in load_study(study, profile="smoke").cells):
            settings = dataclasses.replace(whole, size=32, precision="float32")
            method = MemoryAutoencoder(settings, 0, CPU)
            losses = method.losses(batch_of(made_up_clips(method, 2), epoch=1), "")
            losses.total.backward()
            assert all(bool(term.isfinite()) for term in losses.terms.values()), settings.name
            method.begin_evaluation(method.variants())
            terms = method.score(batch_of(made_up_clips(method, 3))).terms[method.rule.variant]
            assert set(method.rule.weights) <= {"psnr", *terms}
            assert all(bool(values.isfinite().all()) for values in terms.values()), settings.name


@pytest.mark.parametrize("factors", REPRESENTATIVES, ids=identity)
class TestState:
    def test_same_seed_same_weights_another_seed_others(self, factors: dict[str, Any]) -> None:
        """Two runs of one seed agree bit for bit after training, another seed starts elsewhere."""
        first, second = (trained_a_little(method_of(seed=3, **factors)).state() for _ in range(2))
        other = method_of(seed=4, **factors).state()
        assert all(torch.equal(value, second[name]) for name, value in first.items())
        weights = [name for name, value in first.items() if value.ndim > 1]
        assert not any(torch.equal(first[name], other[name]) for name in weights)

    def test_counts_every_learned_parameter(self, factors: dict[str, Any]) -> None:
        """The parameter count is that of the optimiser's parameters."""
        method = method_of(**factors)
        (objective,) = method.objectives()
        groups = objective.optimiser.param_groups
        assert method.parameter_count() == sum(value.numel() for group in groups for value in group["params"])


class TestPairing:
    """Cells that differ in one factor share everything else."""

    @pytest.mark.parametrize("method", AUTOENCODERS)
    @pytest.mark.parametrize("task", TASKS)
    def test_memory_leaves_common_weights_alone(self, method: str, task: str) -> None:
        """Whatever the memory, the encoder and every decoder layer of equal shape start alike."""
        states = {memory: method_of(method=method, task=task, memory=memory).state() for memory in MEMORIES}
        reference = states["none"]
        for state in states.values():
            changed = {name.rpartition(".")[0] for name in reference if state[name].shape != reference[name].shape}
            # A memory that concatenates makes the decoder's first layer wider; its bias goes with its weight.
            assert len(changed) <= 1
            assert all(layer.startswith("decoder.") for layer in changed)
            shared = [name for name in reference if name.rpartition(".")[0] not in changed]
            assert all(torch.equal(state[name], reference[name]) for name in shared)

    def test_supervision_and_task_leave_weights_alone(self) -> None:
        """Supervision changes no initial weight and no item; nor does noise."""
        plain = method_of(method="mnad", task="reconstruction", skip=True).state()
        supervised = method_of(method="mnad", task="reconstruction", skip=True, supervision="uniform_rc2020").state()
        denoising = method_of(method="mnad", task="denoising").state()
        for other in (supervised, denoising):
            assert all(torch.equal(value, other[name]) for name, value in plain.items())

    def test_memory_leaves_the_order_of_data_alone(self) -> None:
        """The order of clips in an epoch depends on seed and epoch, not on the method."""
        orders = []
        for memory in MEMORIES:
            method = method_of(method="mnad", task="prediction", memory=memory)
            frames = made_up_clips(method, 20)[:, 0]
            feed = Feed(Clips(frames, [20], length=method.clip_length), CPU)
            orders.append([batch.index.tolist() for batch in feed.shuffled(5, 2, 4)])
        assert orders[0] == orders[1] == orders[2]


class TestOrderOfItems:
    """Items are a set: permuting them changes nothing but their order."""

    CASES = (
        {"method": "mnad", "task": "prediction"},
        {"method": "mnad", "task": "reconstruction", "supervision": "uniform_balance"},
        {"method": "mnad", "task": "reconstruction", "memory": "memae"},
        {"method": "memae", "task": "reconstruction"},
        {"method": "memae", "task": "prediction", "memory": "mnad"},
    )

    @pytest.mark.parametrize("factors", CASES, ids=identity)
    @hypothesis_settings(max_examples=3)
    @given(seed=st.integers(0, 2**32))
    def test_does_not_matter(self, factors: dict[str, Any], seed: int) -> None:
        """Losses and scores are the same, and new items and counts come in the new order."""
        plain, permuted = (method_of(precision="float64", **factors) for _ in range(2))
        order = torch.randperm(plain.settings.items or 0, generator=torch.Generator().manual_seed(seed))
        permuted.load(permuted.state() | {"memory.items": plain.state()["memory.items"][order]})
        clips = made_up_clips(plain, 3, seed=seed % 1000)
        results = []
        for method in (plain, permuted):
            losses = method.losses(batch_of(clips, epoch=1), "").terms
            usage = method.take_usage()["train"]
            method.begin_evaluation(method.variants())
            results.append((losses, usage, method.state()["memory.items"], method.score(batch_of(clips)).terms))
        for name, value in results[0][0].items():
            assert_allclose(results[1][0][name], value, rtol=1e-9, err_msg=name)
        assert_array_equal(results[1][1], results[0][1][order])
        assert_allclose(results[1][2], results[0][2][order], rtol=1e-9)
        for variant, terms in results[0][3].items():
            for term, values in terms.items():
                assert_allclose(
                    results[1][3][variant][term], values, rtol=1e-8, atol=1e-12, err_msg=f"{variant}.{term}"
                )

    def test_matters_to_rc2020s_supervision_alone(self) -> None:
        """Its target sends a place to an item by number, so the order of items is part of the loss."""
        plain, permuted = (
            method_of(method="mnad", task="reconstruction", supervision="uniform_rc2020", precision="float64")
            for _ in range(2)
        )
        permuted.load(permuted.state() | {"memory.items": plain.state()["memory.items"].flip(0)})
        batch = batch_of(made_up_clips(plain, 2), epoch=1)
        first, second = plain.losses(batch, "").terms, permuted.losses(batch, "").terms
        assert first["uniform"] != second["uniform"]
        assert_allclose(first["pixel"], second["pixel"], rtol=1e-9)


class TestGradient:
    def test_read_passes_gradient_in_the_papers_preset_alone(self) -> None:
        """With the official detached read the encoder's gradient differs from the paper's differentiable one."""
        found = []
        for read_gradient in (False, True):
            method = method_of(method="mnad", task="reconstruction", read_gradient=read_gradient)
            method.losses(batch_of(made_up_clips(method, 2), epoch=1), "").total.backward()
            found.append(method.backbone.encoder.get_parameter("level4.3.weight").grad)
        assert found[0] is not None
        assert found[1] is not None
        assert (found[0] - found[1]).abs().max() > 1e-6 * found[0].abs().max()

    def test_decoder_learns_nothing_from_the_memorys_losses(self) -> None:
        """Compactness and separateness reach the encoder alone."""
        method = method_of(method="mnad", task="reconstruction")
        inputs, _ = method.inputs_and_target(batch_of(made_up_clips(method, 2)))
        query, _ = method.backbone.encoder(inputs)
        learned = method.memory.training_read(query)
        sum(learned.losses.values(), torch.zeros(())).backward()
        assert all(value.grad is None for value in method.backbone.decoder.parameters())
        assert method.backbone.encoder.get_parameter("level1.0.weight").grad is not None


class TestDenoising:
    @pytest.mark.parametrize("method", AUTOENCODERS)
    @pytest.mark.parametrize("skip", [False, True])
    def test_without_noise_equals_reconstruction(self, method: str, *, skip: bool) -> None:
        """At 0 % noise a denoising cell has the losses, items and scores of reconstruction."""
        cells = [
            method_of(method=method, task="denoising", skip=skip, noise=0.0),
            method_of(method=method, task="reconstruction", skip=skip),
        ]
        clips = made_up_clips(cells[0], 3)
        terms = [cell.losses(batch_of(clips, epoch=1), "").terms for cell in cells]
        assert terms[0].keys() == terms[1].keys()
        assert all(torch.equal(value, terms[1][name]) for name, value in terms[0].items())
        states = [cell.state() for cell in cells]
        assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
        scores = []
        for cell in cells:
            cell.begin_evaluation(cell.variants()[:1])
            scores.append(cell.score(batch_of(clips)).terms[cell.variants()[0]])
        assert all(torch.equal(value, scores[1][name]) for name, value in scores[0].items())

    def test_target_is_the_clean_last_frame(self) -> None:
        """The stack of four of RC2020 has noise on its input and none on its target, the fourth frame."""
        method = method_of(method="mnad", task="denoising", preset="rc2020", noise_range="scaled")
        assert method.clip_length == 4
        clips = made_up_clips(method, 2)
        inputs, target = method.inputs_and_target(batch_of(clips, epoch=1))
        clean, _ = method.inputs_and_target(batch_of(clips, epoch=1), clean=True)
        assert_allclose(target, clean[:, 3:], atol=0)
        assert 0.15 < (inputs != clean).double().mean() < 0.35

    def test_rc2020_range_darkens_the_input_alone(self) -> None:
        """RC2020's noisy input lies in [-1, -0.992], its target does not."""
        method = method_of(method="mnad", task="denoising", preset="rc2020")
        inputs, target = method.inputs_and_target(batch_of(made_up_clips(method, 2), epoch=1))
        assert inputs.min() >= -1
        assert inputs.max() <= -0.9921
        assert target.max() > 0


class TestScale:
    def test_inputs_equal_the_official_conversion_in_double_precision_too(self) -> None:
        """Frames are scaled in float32 first, whatever the precision, and frames follow each other along channels."""
        method = method_of(method="mnad", task="prediction", precision="float64", channels=3)
        clips = made_up_clips(method, 2)
        inputs, target = method.inputs_and_target(batch_of(clips))
        expected = np.float32(clips) / np.float32(127.5) - np.float32(1)
        stacked = expected.transpose(0, 1, 4, 2, 3).reshape(2, 15, 32, 32).astype(np.float64)
        assert inputs.dtype == torch.float64
        assert_array_equal(inputs, stacked[:, :12])
        assert_array_equal(target, stacked[:, 12:])
