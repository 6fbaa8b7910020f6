"""MNAD's U-Net against the official networks in evaluation mode, and its published variants by size."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from mnad import losses, memory, network, score
from tests.support.official_names import of_part, renamed

Golden = Callable[[str], dict[str, np.ndarray[Any, Any]]]
UNUSED = 1024  # parameters of a batch norm that the official encoder holds and never uses


def loaded(module: torch.nn.Module, weights: dict[str, torch.Tensor]) -> torch.nn.Module:
    """The module in evaluation mode with golden weights; every parameter must be among them."""
    missing = module.load_state_dict(weights, strict=False)
    assert not missing.unexpected_keys
    assert all(name.endswith("num_batches_tracked") for name in missing.missing_keys)
    return module.eval()


class TestGolden:
    @pytest.mark.parametrize("kind", ["pred", "recon"])
    @torch.no_grad()
    def test_every_stage_equals_official(self, golden: Golden, kind: str) -> None:
        """Skips, query, read, decoder stages, output and losses are those of the official network."""
        arrays = golden(f"mnad_forward_{kind}_eval")
        weights = renamed(golden(f"mnad_weights_{kind}"), "mnad")
        frames = score.to_frames(torch.from_numpy(arrays["images_uint8"]))
        inputs, target = (frames[:, :12], frames[:, 12:]) if kind == "pred" else (frames, frames)
        items = torch.from_numpy(arrays["items"])
        encoder = loaded(network.Encoder(inputs.shape[1], 8), of_part(weights, "encoder"))
        decoder = loaded(network.Decoder(128, 3, 8, skip=kind == "pred"), of_part(weights, "decoder"))
        stages: dict[str, torch.Tensor] = {}
        for name, module in (("decoder_first", decoder.bottleneck), ("decoder_up1", decoder.upsample3)):
            module.register_forward_hook(lambda _, __, output, name=name: stages.__setitem__(name, output.clone()))
        query, skips = encoder(inputs)
        read = memory.read(query, items)
        stages |= {"bottleneck": query, "read": read, "output": decoder(read, skips)}
        if kind == "pred":
            stages |= {f"skip{number}": skip for number, skip in enumerate(skips, start=1)}
        for name, stage in stages.items():
            assert_allclose(stage, arrays[name], rtol=1e-4, atol=5e-6, err_msg=name)
        similarity = memory.similarity(query, items).flatten(0, 1)
        assert_allclose(similarity.softmax(dim=1), arrays["softmax_over_items"], rtol=1e-4, atol=5e-6)
        assert_allclose(similarity.softmax(dim=0), arrays["softmax_over_queries"], rtol=1e-4, atol=5e-6)
        assert_array_equal(memory.nearest(query, items).flatten(), arrays["nearest"])
        assert_allclose((stages["output"] - target).square().mean(), arrays["pixel_loss"], rtol=1e-5)
        assert_allclose(losses.compactness_loss(query, items), arrays["compactness"], rtol=1e-5)


class TestSizes:
    """Parameters at full width, as the golden README lists them for the official code and RC2020's."""

    @pytest.mark.parametrize(
        ("frames", "widening", "skip", "upsampling", "official"),
        [
            (4, 2, True, "keep", 15_651_843),
            (1, 2, False, "keep", 17_196_291),
            (4, 1, True, "keep", 13_292_547),
            (4, 2, False, "halve", 14_877_699),
            (1, 2, False, "halve", 14_872_515),
            (4, 1, False, "halve", 12_518_403),
            (1, 1, False, "halve", 12_513_219),
        ],
    )
    def test_equal_published(
        self, frames: int, widening: int, *, skip: bool, upsampling: network.Upsampling, official: int
    ) -> None:
        """Each variant has as many parameters as the published network, but for the batch norm that it never used."""
        with torch.device("meta"):
            encoder = network.Encoder(3 * frames)
            decoder = network.Decoder(widening * 512, 3, skip=skip, upsampling=upsampling)
        count = sum(value.numel() for part in (encoder, decoder) for value in part.parameters())
        assert count + UNUSED == official


class TestDecoder:
    def test_with_skips_both_upsamplings_coincide(self) -> None:
        """The choice of upsampling means nothing where skips fill up the width."""
        shapes = [
            [value.shape for value in network.Decoder(64, 1, 4, skip=True, upsampling=how).parameters()]
            for how in ("keep", "halve")
        ]
        assert shapes[0] == shapes[1]

    def test_one_set_of_features_serves_all_frames(self) -> None:
        """A replaced bottleneck meets each frame's skips as if it had been repeated."""
        decoder = network.Decoder(64, 1, 4, skip=True).eval()
        _, skips = network.Encoder(1, 4).eval()(torch.randn(3, 1, 16, 16))
        features = torch.randn(1, 64, 2, 2)
        assert_allclose(
            decoder(features, skips).detach(), decoder(features.expand(3, -1, -1, -1), skips).detach(), atol=1e-6
        )

    def test_refuses_to_go_without_its_skips(self) -> None:
        """A decoder built with skips says so when none come."""
        with pytest.raises(ValueError, match="built with skip connections"):
            network.Decoder(64, 1, 4, skip=True)(torch.zeros(1, 64, 2, 2))

    def test_output_lies_between_minus_one_and_one(self) -> None:
        """The output convolution ends in tanh."""
        output = network.Decoder(64, 3, 4, skip=False)(100 * torch.randn(2, 64, 2, 2))
        assert output.shape == (2, 3, 16, 16)
        assert output.abs().max() <= 1


class TestEncoder:
    def test_gives_a_query_map_and_three_levels(self) -> None:
        """The query is at an eighth of the size, skips are taken before pooling."""
        query, skips = network.Encoder(4, 4)(torch.randn(2, 4, 32, 24))
        assert query.shape == (2, 32, 4, 3)
        assert [tuple(skip.shape) for skip in skips] == [(2, 4, 32, 24), (2, 8, 16, 12), (2, 16, 8, 6)]
        assert bool((query < 0).any())
