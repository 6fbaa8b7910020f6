"""MemAE's network against the official one in evaluation mode."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from memae import losses, memory, network, score
from tests.support.official_names import of_part, renamed

Golden = Callable[[str], dict[str, np.ndarray[Any, Any]]]


class TestGolden:
    @torch.no_grad()
    def test_every_stage_equals_official(self, golden: Golden) -> None:
        """Encoding, softmax, address, read, output and losses are those of the official network."""
        arrays = golden("memae_forward_eval")
        weights = renamed(golden("memae_weights"), "memae")
        clip = score.to_clips(torch.from_numpy(arrays["clip_uint8"]))[None, None]
        encoder, decoder = network.Encoder(1, 12), network.Decoder(32, 1, 12, skip=False)
        for part, name in ((encoder, "encoder"), (decoder, "decoder")):
            missing = part.load_state_dict(of_part(weights, name), strict=False)
            assert not missing.unexpected_keys
            assert all(key.endswith("num_batches_tracked") for key in missing.missing_keys)
            part.eval()
        items = weights["memory.items"]
        encoding, _ = encoder(clip)
        rows = encoding.movedim(1, -1).reshape(-1, 32)
        softmax = memory.similarity(rows, items).softmax(dim=1)
        address = memory.address(rows, items, 0.0025)
        read = memory.read(address, items).reshape(1, 2, 2, 2, 32).movedim(-1, 1)
        output = decoder(read)
        assert_allclose(encoding, arrays["encoding"], atol=5e-5)
        assert_allclose(softmax, arrays["softmax"], atol=2e-5)
        assert_allclose(address.reshape(1, 2, 2, 2, 20).movedim(-1, 1), arrays["att"], atol=2e-5)
        assert_allclose(read, arrays["memory_output"], atol=5e-5)
        assert_allclose(output, arrays["output"], atol=5e-5)
        mse, entropy = (output - clip).square().mean(), losses.entropy_loss(address)
        assert_allclose(mse, arrays["mse"], rtol=5e-6)
        assert_allclose(entropy, arrays["entropy"], rtol=5e-6)
        assert_allclose(mse + 0.0002 * entropy, arrays["total"], rtol=5e-6)


class TestSize:
    def test_equals_published(self) -> None:
        """At full width with 2000 items the model has 6,492,801 parameters."""
        with torch.device("meta"):
            parts = network.Encoder(1), network.Decoder(256, 1, skip=False)
        assert sum(value.numel() for part in parts for value in part.parameters()) + 2000 * 256 == 6_492_801


class TestInitialise:
    def test_draws_as_the_official_code(self) -> None:
        """Convolutions, transposed ones too, come from N(0, 0.02), norm scales from N(1, 0.02), norm biases are 0."""
        torch.manual_seed(0)
        for layer in (torch.nn.Conv3d(64, 64, 3), torch.nn.ConvTranspose3d(64, 64, 3)):
            bias = layer.bias.detach().clone() if layer.bias is not None else None
            network.initialise(layer)
            assert layer.weight.std().item() == pytest.approx(0.02, rel=0.02)
            assert abs(layer.weight.mean().item()) < 5e-4
            assert bias is not None
            assert torch.equal(layer.bias, bias)
        norm = torch.nn.BatchNorm3d(20_000)
        network.initialise(norm)
        assert norm.weight.mean().item() == pytest.approx(1, abs=1e-3)
        assert norm.weight.std().item() == pytest.approx(0.02, rel=0.03)
        assert not norm.bias.any()


class TestDecoder:
    def test_skips_join_the_encoders_maps(self) -> None:
        """With skips the decoder takes the three maps and gives a clip of the input's shape."""
        clips = torch.randn(2, 1, 16, 32, 32)
        query, maps = network.Encoder(1, 12)(clips)
        assert query.shape == (2, 32, 2, 2, 2)
        assert [tuple(each.shape[1:]) for each in maps] == [(12, 16, 16, 16), (16, 8, 8, 8), (32, 4, 4, 4)]
        assert network.Decoder(32, 1, 12, skip=True)(query, maps).shape == clips.shape

    def test_one_set_of_features_serves_all_clips(self) -> None:
        """A replaced bottleneck meets each clip's skips as if it had been repeated."""
        decoder = network.Decoder(32, 1, 12, skip=True).eval()
        _, maps = network.Encoder(1, 12).eval()(torch.randn(2, 1, 16, 32, 32))
        features = torch.randn(1, 32, 2, 2, 2)
        repeated = decoder(features.expand(2, -1, -1, -1, -1), maps)
        assert_allclose(decoder(features, maps).detach(), repeated.detach(), atol=1e-6)

    def test_refuses_to_go_without_its_skips(self) -> None:
        """A decoder built with skips says so when none come."""
        with pytest.raises(ValueError, match="built with skip connections"):
            network.Decoder(32, 1, 12, skip=True)(torch.zeros(1, 32, 2, 2, 2))
