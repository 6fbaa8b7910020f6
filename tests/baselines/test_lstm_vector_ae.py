"""The autoencoder of frame vectors over time: 256 to 32 and back."""

import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from baselines.lstm_vector_ae import LstmVectorAutoencoder, initialise


class TestLstmVectorAutoencoder:
    def test_narrows_256_numbers_of_each_frame_to_32_of_the_clip(self) -> None:
        """At 227x227: maps of 55 and 26 pixels, a vector per frame, one code per clip, and back."""
        with torch.device("meta"):
            network = LstmVectorAutoencoder()
            clips = torch.empty(2, 10, 1, 227, 227)
            assert network.encoder[:3](clips[0]).shape == (10, 64, 26, 26)
            vectors = network.vectors(clips)
            assert vectors.shape == (2, 10, 256)
            assert network.code(vectors).shape == (2, 32)
            assert network(clips).shape == clips.shape

    def test_has_as_many_parameters_as_its_layers(self) -> None:
        """Counted by hand: convolutions as Chong and Tay's, two dense layers, two LSTMs with torch's two biases."""
        with torch.device("meta"):
            network = LstmVectorAutoencoder()
        flat = 64 * 26 * 26
        encoder = (121 * 128 + 128) + (128 * 64 * 25 + 64) + (flat * 256 + 256)
        lstms = 4 * (256 * 32 + 32 * 32 + 2 * 32) + 4 * (32 * 256 + 256 * 256 + 2 * 256)
        decoder = (256 * flat + flat) + (64 * 128 * 25 + 128) + (128 * 121 + 1)
        assert sum(value.numel() for value in network.parameters()) == encoder + lstms + decoder == 22_969_665

    def test_the_whole_clip_passes_through_its_code(self) -> None:
        """Two clips with one code are decoded alike, whatever their frames."""
        torch.manual_seed(0)
        network = LstmVectorAutoencoder(1, 27, 2, 3)
        network.code = lambda vectors: torch.ones(len(vectors), 3)  # type: ignore[method-assign]
        first, second = network(torch.rand(2, 10, 1, 27, 27)).detach()
        assert_allclose(first, second, atol=1e-6)

    @pytest.mark.parametrize("size", [27, 43])
    def test_gives_back_the_shape(self, size: int) -> None:
        """Sizes eight pixels apart fit."""
        output = LstmVectorAutoencoder(3, size, 2)(torch.rand(2, 10, 3, size, size))
        assert output.shape == (2, 10, 3, size, size)

    @pytest.mark.parametrize("size", [19, 28, 256])
    def test_refuses_sizes_that_do_not_fit(self, size: int) -> None:
        """A size of which a stride would drop a row is refused."""
        with pytest.raises(ValueError, match=f"size={size}"):
            LstmVectorAutoencoder(size=size)


class TestInitialise:
    def test_draws_kernels_and_leaves_lstms_alone(self) -> None:
        """Dense weights lie within Xavier's bound; an LSTM keeps what torch drew."""
        torch.manual_seed(0)
        dense, recurrent = nn.Linear(20, 30), nn.LSTM(4, 4)
        before = recurrent.weight_ih_l0.clone()
        initialise(dense)
        initialise(recurrent)
        assert float(dense.weight.detach().abs().max()) <= (6 / 50) ** 0.5
        assert not dense.bias.any()
        assert torch.equal(recurrent.weight_ih_l0, before)
