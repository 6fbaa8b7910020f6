from dataclasses import replace

import pytest
import torch

from benchmarks.grid.cards import CARDS, card_of, pass_seconds, runs_on, step_seconds
from benchmarks.run.methods import build
from benchmarks.study.methods import AUTOENCODER_CARDS
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings


@pytest.fixture
def settings() -> Settings:
    """MNAD prediction as published."""
    return resolve(dataset="ped2", method="mnad", task="prediction", profile="paper")


class TestCardOf:
    @pytest.mark.parametrize(
        ("name", "label"),
        [
            ("NVIDIA H100 80GB HBM3", "H100, H200"),
            ("NVIDIA H200", "H100, H200"),
            ("NVIDIA A100-SXM4-40GB", "A100"),
            ("NVIDIA GeForce RTX 4090", "RTX 4090"),
            ("NVIDIA GeForce RTX 3090", "RTX 3090"),
            ("NVIDIA L4", "L4"),
            ("Tesla V100-SXM2-16GB", "V100"),
            ("Tesla T4", "T4"),
        ],
    )
    def test_finds_what_torch_calls_a_card(self, name: str, label: str) -> None:
        """Whole words of the name count."""
        card = card_of(name)
        assert card is not None
        assert card.label == label

    @pytest.mark.parametrize("name", ["NVIDIA L40S", "NVIDIA RTX A4000", "AMD Instinct MI300X", None])
    def test_another_card_is_none_of_them(self, name: str | None) -> None:
        """A similar name says nothing."""
        assert card_of(name) is None


class TestStepSeconds:
    def test_is_never_less_than_the_launches(self, settings: Settings) -> None:
        """However small the network, kernels have to be started."""
        tiny = replace(settings, size=32, width=0.125)
        assert step_seconds(tiny, CARDS[0]) == step_seconds(replace(tiny, batch=8), CARDS[0]) == 0.015
        assert pass_seconds(tiny, CARDS[0]) == 0.003 / 8

    def test_grows_with_the_work(self, settings: Settings) -> None:
        """Twice the batch is twice the time, where launches are not all."""
        card = card_of("RTX 3090")
        assert card is not None
        once = step_seconds(settings, card)
        assert once is not None
        assert step_seconds(replace(settings, batch=8), card) == pytest.approx(2 * once)
        # 4 clips of 278 GFLOP at 35 TFLOP/s, and half as much again for launches.
        assert once == pytest.approx(1.5 * 4 * 278e9 / 35e12, rel=0.01)

    def test_precision_decides_the_throughput(self, settings: Settings) -> None:
        """float32 is slower than bfloat16, float64 slower still."""
        card = card_of("A100")
        assert card is not None
        times = [step_seconds(replace(settings, precision=name), card) for name in ("bfloat16", "float32", "float64")]
        assert times == sorted(times, key=lambda time: time or 0.0)
        assert len(set(times)) == 3


class TestPassSeconds:
    @pytest.mark.parametrize("method", AUTOENCODER_CARDS)
    def test_card_of_a_method_knows_the_batch_of_its_backbone(self, method: str) -> None:
        """The method that is built scores as many clips at once as its card says."""
        settings = resolve(dataset="ped2", method=method, task="reconstruction", profile="smoke")
        assert build(settings, 0, torch.device("cpu")).evaluation_batch == AUTOENCODER_CARDS[method].scored


class TestRunsOn:
    def test_bfloat16_needs_a_card_that_has_it(self, settings: Settings) -> None:
        """Turing and Volta run what is in float32."""
        card = card_of("Tesla T4")
        assert card is not None
        assert not runs_on([settings], card)
        assert runs_on([replace(settings, precision="float32")], card)
        assert runs_on([settings], CARDS[0])
