"""Combinations that cannot mean anything are refused with their reason."""

import dataclasses
from typing import Any

import pytest

from benchmarks.errors import StudyError
from benchmarks.study.legality import illegal_because, refuse_illegal
from benchmarks.study.presets import resolve


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
        assert illegal_because(single) is None

    def test_supervision_needs_items(self) -> None:
        """Without memory there is nothing to supervise."""
        sentence = refusal(memory="none", supervision="uniform_balance")
        assert "supervision=uniform_balance" in sentence
        assert "memory=none" in sentence

    def test_a_memory_has_items(self) -> None:
        """No item is no memory."""
        assert "items=0" in refusal(items=0)


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
        refuse_illegal(settings)
        broken = dataclasses.replace(settings, size=100)
        with pytest.raises(StudyError, match=broken.name):
            refuse_illegal(broken)
