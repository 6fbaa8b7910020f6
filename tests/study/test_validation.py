"""Combinations that cannot mean anything are refused with their reason."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.errors import StudyError
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.study.memories import cosine_ceiling
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings
from benchmarks.study.validation import invalid_reason, refuse_invalid
from tests.support.methods import batch_of, made_up_clips

RECORDS = Path(__file__).parents[2] / "results" / "runs"


def refusal(**factors: Any) -> str:
    """The sentence with which a combination is refused."""
    with pytest.raises(StudyError) as caught:
        resolve(**{"dataset": "ped2", "method": "mnad", "task": "prediction", **factors})
    return str(caught.value)


class TestMemory:
    def test_separateness_needs_a_second_item_and_both_settings_are_named(self) -> None:
        """One item with a separateness weight is refused; with weight 0 it is allowed (STUDY trap 3)."""
        sentence = refusal(items=1)
        assert "items=1" in sentence
        assert "separateness_weight=0.1" in sentence
        single = resolve(dataset="ped2", method="mnad", task="prediction", items=1, separateness_weight=0.0)
        assert invalid_reason(single) is None

    def test_supervision_needs_items(self) -> None:
        """Without memory there is nothing to supervise."""
        sentence = refusal(memory="none", supervision="uniform_balance")
        assert "supervision=uniform_balance" in sentence
        assert "memory=none" in sentence

    def test_a_memory_has_items(self) -> None:
        """No item is no memory."""
        assert "items=0" in refusal(items=0)


def cosine(**changed: Any) -> Settings:
    """A MemAE cell addressed by cosine, legal at 1/N."""
    factors = {"dataset": "synthetic", "method": "memae", "task": "reconstruction", "profile": "smoke"}
    return resolve(**{**factors, "precision": "float32", "address": "cosine", "shrink_threshold": 1 / 2000, **changed})


def first_gradients(settings: Settings) -> tuple[float, float]:
    """Largest gradient in size of a cell's first step, over the encoder and over the items."""
    method = MemoryAutoencoder(settings, 0, torch.device("cpu"))
    (objective,) = method.objectives()
    method.losses(batch_of(made_up_clips(method, 4), epoch=1), objective.name).total.backward()
    sides = (method.backbone.encoder.parameters(), method.memory.parameters())
    encoder, items = (max(float(one.grad.abs().max()) for one in side if one.grad is not None) for side in sides)
    return encoder, items


class TestCosineAddress:
    @pytest.mark.parametrize("items", [2, 10, 2000])
    def test_shrinkage_from_the_ceiling_on_is_refused(self, items: int) -> None:
        """The sentence has the ceiling e/(e+N-1) and what to set; just below it, and at 1/N, the cell is legal."""
        ceiling = math.e / (math.e + items - 1)
        sentence = refusal(
            method="memae", task="reconstruction", address="cosine", items=items, shrink_threshold=ceiling
        )
        assert f"e/(e+{items - 1}) = {ceiling:.3g}" in sentence
        assert f"set shrink_threshold below {ceiling:.3g}" in sentence
        assert "address=inner_product" in sentence
        for lives in (0.999 * ceiling, 1 / items, 0.0):
            assert invalid_reason(cosine(items=items, shrink_threshold=lives)) is None

    def test_a_query_along_one_item_has_the_ceilings_weight(self) -> None:
        """Items at right angles: the largest weight is the ceiling, whatever the query's length."""
        from memae.memory import address

        weights = address(3 * torch.eye(6)[:1], torch.eye(6), 0.0, likeness="cosine")
        assert float(weights.max()) == pytest.approx(cosine_ceiling(6), rel=1e-6)

    def test_the_official_threshold_is_for_inner_products(self) -> None:
        """5/N is refused with a cosine and legal without one; one item has a weight of 1, so 1 is refused."""
        assert "shrink_threshold=0.0025" in refusal(method="memae", task="reconstruction", address="cosine")
        assert resolve(dataset="ped2", method="memae", task="reconstruction").shrink_threshold == 0.0025
        assert "1 items" in refusal(
            method="memae", task="reconstruction", address="cosine", items=1, shrink_threshold=1.0
        )

    def test_what_is_legal_learns_and_what_is_refused_never_does(self) -> None:
        """At 1/N encoder and items get a gradient; from the ceiling on both gradients are exactly 0."""
        alive = cosine()
        assert min(first_gradients(alive)) > 0
        assert first_gradients(dataclasses.replace(alive, shrink_threshold=cosine_ceiling(2000))) == (0.0, 0.0)


class TestNoise:
    def test_is_for_denoising_alone(self) -> None:
        """A noise share elsewhere is refused."""
        assert "task=denoising" in refusal(noise=0.25)

    @pytest.mark.parametrize("share", [-0.1, 1.5])
    def test_is_a_share(self, share: float) -> None:
        """Less than nothing and more than everything are refused."""
        assert f"noise={share:g}" in refusal(task="denoising", noise=share)

    def test_frames_fit_the_backbone(self) -> None:
        """MNAD denoises one frame or four, MemAE sixteen."""
        assert "noise_frames=3" in refusal(task="denoising", noise_frames=3)
        assert "noise_frames=4" in refusal(method="memae", task="denoising", noise_frames=4)


class TestIdleSettings:
    """A setting that changes nothing would give the same cell another identity."""

    @pytest.mark.parametrize(
        "setting",
        [
            {"items": 5},
            {"update_weight": "own"},
            {"update_threshold": 0.2},
            {"read_gradient": False},
            {"compactness_reduction": "sum"},
            {"compactness_weight": 0.0},
            {"separateness_weight": 0.0},
            {"address": "cosine"},
            {"shrink_threshold": 0.0},
            {"entropy_weight": 0.0},
        ],
    )
    def test_without_memory_there_is_none_of_its_settings(self, setting: dict[str, Any]) -> None:
        """Each is refused by its name with the reason, for either method and for one that learns nothing."""
        (name,) = setting
        for factors in (
            {},
            {"method": "memae", "task": "reconstruction"},
            {"method": "clock", "task": "reconstruction"},
        ):
            sentence = refusal(**{"memory": "none", **factors}, **setting)
            assert f"{name} is a setting of memory=" in sentence
            but = "method=clock" if factors.get("method") == "clock" else "memory=none"
            assert f"but {but}; leave it out" in sentence

    @pytest.mark.parametrize("method", ["mnad", "memae"])
    def test_a_memory_has_not_the_others_settings(self, method: str) -> None:
        """MNAD's are refused with MemAE's memory and the other way about, on either backbone; items are both's."""
        mnads: dict[str, Any] = {"update_threshold": 0.2, "read_gradient": True, "compactness_weight": 0.0}
        memaes: dict[str, Any] = {"address": "cosine", "shrink_threshold": 0.0, "entropy_weight": 0.0}
        for memory, others, foreign in (("memae", "mnad", mnads), ("mnad", "memae", memaes)):
            for name, value in foreign.items():
                sentence = refusal(method=method, memory=memory, **{name: value})
                assert f"{name} is a setting of memory={others}, but memory={memory}" in sentence
        for memory in ("mnad", "memae"):
            assert resolve(dataset="ped2", method=method, task="prediction", memory=memory, items=50).items == 50

    @pytest.mark.parametrize(("method", "memory"), [("mnad", "none"), ("mnad", "memae"), ("memae", "mnad")])
    def test_a_score_of_one_term_has_no_weight(self, method: str, memory: str) -> None:
        """Where MNAD's two terms do not meet, alpha stays the 1 that the presets write."""
        assert resolve(dataset="ped2", method=method, task="prediction", memory=memory, alpha=1.0).alpha == 1
        assert "alpha=0.5 weighs the error" in refusal(method=method, memory=memory, alpha=0.5)
        assert "has no such term" in refusal(method=method, memory=memory, alpha=0.0)

    @pytest.mark.parametrize(
        "factors", [{"method": "memae"}, {"method": "memae", "memory": "none"}, {"method": "clock"}]
    )
    def test_what_has_never_a_weight_has_not_even_1(self, factors: dict[str, str]) -> None:
        """MemAE's error, or what learns nothing, would with alpha=1 be the same cell under another hash."""
        assert "alpha is a setting of memory=mnad or method=mnad" in refusal(
            **{"task": "reconstruction", **factors}, alpha=1.0
        )

    def test_an_error_that_no_score_rests_on(self) -> None:
        """MNAD's backbone is scored by PSNR, with either memory and without; MemAE's by the error that is asked for."""
        for memory in ("mnad", "memae", "none"):
            assert "error=mean_absolute_error changes none" in refusal(memory=memory, error="mean_absolute_error")
        assert resolve(dataset="ped2", method="memae", task="reconstruction", error="mse").error == "mse"

    @pytest.mark.parametrize(
        ("factors", "said"),
        [
            ({"uniform_weight": 1.0}, "supervision=none"),
            ({"supervision": "uniform_rc2020", "uniform_temperature": 0.1}, "of supervision=uniform_balance"),
            ({"noise_unit": "element"}, "task=denoising"),
            ({"noise_frames": 4}, "task=denoising"),
            ({"upsampling": "halve"}, "skip=true"),
            ({"method": "memae", "upsampling": "halve"}, "method=memae"),
            ({"normalise_query": True}, "memory=mnad"),
        ],
    )
    def test_what_belongs_to_another_level(self, factors: dict[str, Any], said: str) -> None:
        """Settings of a supervision, a task, a decoder or the twin without memory are refused elsewhere."""
        sentence = refusal(**factors)
        assert said in sentence
        assert sentence.endswith("leave it out.")

    def test_a_setting_of_another_card_cannot_be_written(self) -> None:
        """Not even without validation: the settings themselves refuse what none of the cell's cards declares."""
        settings = resolve(dataset="ped2", method="mnad", task="prediction", memory="none")
        with pytest.raises(StudyError, match="items is a setting of memory=mnad or memory=memae, but memory=none"):
            settings.changed(items=10)

    def test_no_committed_record_is_of_an_invalid_cell(self) -> None:
        """What was run stays legal, and reads as the settings that it names."""
        files = sorted(RECORDS.glob("*/*/*/seed-*.json"))
        assert files
        for file in files:
            content = json.loads(file.read_text(encoding="utf-8"))
            settings = Settings.from_dict(content["settings"])
            assert (settings.hash, invalid_reason(settings)) == (content["settings_hash"], None), file


class TestGeometry:
    @pytest.mark.parametrize(("method", "size"), [("mnad", 100), ("memae", 40), ("mnad", 0), ("memae", 8)])
    def test_size_can_be_halved(self, method: str, size: int) -> None:
        """A size that the network cannot halve is refused."""
        assert f"size={size}" in refusal(method=method, size=size)

    @pytest.mark.parametrize("name", ["epochs", "batch", "train_stride"])
    def test_counts_are_positive(self, name: str) -> None:
        """Zero epochs, clips or strides are refused."""
        assert name in refusal(**{name: 0})

    def test_channels_and_width(self) -> None:
        """Two channels, no width, and a width that leaves part of a channel are refused."""
        assert "channels=2" in refusal(channels=2)
        assert "width=0" in refusal(width=0.0)
        assert "width=0.001" in refusal(width=0.001)


class TestRefuseIllegal:
    def test_names_the_cell(self) -> None:
        """The sentence begins with the cell, so that a study file's reader finds it; a legal cell passes."""
        settings = resolve(dataset="ped2", method="mnad", task="prediction")
        refuse_invalid(settings)
        broken = dataclasses.replace(settings, size=100)
        with pytest.raises(StudyError, match=broken.name):
            refuse_invalid(broken)
