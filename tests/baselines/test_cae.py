"""The convolutional autoencoder of seed 001: its layers, its weights, its error map."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from baselines.cae import (
    THRESHOLD,
    ConvolutionalAutoencoder,
    detect_pixels,
    error_map,
    initialise,
    l2_loss,
    marked_share,
)


def shapes(part: nn.Module, frames: torch.Tensor) -> list[tuple[int, ...]]:
    """The shape after each layer, the batch left out."""
    found = []
    for layer in part if isinstance(part, nn.Sequential) else [part]:
        frames = layer(frames)
        found.append(tuple(frames.shape[1:]))
    return found


class TestConvolutionalAutoencoder:
    def test_layers_have_the_notebooks_sizes(self) -> None:
        """At 100x100: 96, 48, 44, 22 pixels, a bottleneck of 2000, 15,488 values, and back to 100."""
        network = ConvolutionalAutoencoder()
        with torch.inference_mode():
            frames = torch.zeros(1, 1, 100, 100)
            assert shapes(network.encoder, frames)[::2] + shapes(network.encoder, frames)[-1:] == [
                (32, 96, 96),
                (32, 48, 48),
                (32, 44, 44),
                (32, 22, 22),
            ]
            assert shapes(network.dense, torch.zeros(1, 32, 22, 22)) == [
                (15488,),
                (2000,),
                (15488,),
                (15488,),
                (32, 22, 22),
            ]
            assert shapes(network.decoder, torch.zeros(1, 32, 22, 22)) == [
                (32, 44, 44),
                (32, 48, 48),
                (32, 48, 48),
                (32, 96, 96),
                (1, 100, 100),
                (1, 100, 100),
            ]

    def test_has_as_many_parameters_as_its_layers(self) -> None:
        """Counted by hand: four convolutions and, with a bottleneck, two dense layers."""
        with torch.device("meta"):
            whole, without = ConvolutionalAutoencoder(), ConvolutionalAutoencoder(bottleneck=0)
        convolutions = (25 * 32 + 32) + 2 * (32 * 32 * 25 + 32) + (32 * 25 + 1)
        dense = (15488 * 2000 + 2000) + (2000 * 15488 + 15488)
        assert sum(value.numel() for value in without.parameters()) == convolutions == 52_897
        assert sum(value.numel() for value in whole.parameters()) == convolutions + dense == 62_022_385

    @given(steps=st.integers(0, 12), width=st.integers(1, 3), bottleneck=st.sampled_from([0, 5]))
    def test_gives_back_the_shape(self, steps: int, width: int, bottleneck: int) -> None:
        """Frames of 16, 20, 24, ... pixels come back in their size and in [0, 1]."""
        size = 16 + 4 * steps
        output = ConvolutionalAutoencoder(3, size, width, bottleneck)(torch.rand(2, 3, size, size)).detach()
        assert output.shape == (2, 3, size, size)
        assert 0 <= float(output.min()) <= float(output.max()) <= 1

    @pytest.mark.parametrize("size", [12, 30, 101])
    def test_refuses_sizes_that_do_not_fit(self, size: int) -> None:
        """A size that cannot be halved twice is refused, not rounded."""
        with pytest.raises(ValueError, match=f"size={size}"):
            ConvolutionalAutoencoder(size=size)

    def test_the_dense_layer_narrows(self) -> None:
        """All that the decoder of the dense variant sees lies in a space of the bottleneck's width."""
        torch.manual_seed(0)
        network = ConvolutionalAutoencoder(1, 16, 8, 1)
        linear = network.dense[1:3] if isinstance(network.dense, nn.Sequential) else None
        assert linear is not None
        codes = linear(torch.randn(20, 8)).detach()
        assert torch.linalg.matrix_rank(codes - codes[0]) == 1


class TestInitialise:
    @pytest.mark.parametrize("layer", [nn.Conv2d(20, 40, 5), nn.ConvTranspose2d(20, 40, 5), nn.Linear(500, 1000)])
    def test_has_mxnets_variance(self, layer: nn.Conv2d | nn.ConvTranspose2d | nn.Linear) -> None:
        """Variance 6 / (inputs + outputs), three times Glorot's, and no bias."""
        torch.manual_seed(0)
        initialise(layer)
        window = layer.weight[0, 0].numel() if layer.weight.ndim > 2 else 1
        expected = 6 / (window * (layer.weight.shape[0] + layer.weight.shape[1]))
        assert_allclose(layer.weight.var().item(), expected, rtol=0.05)
        assert layer.bias is not None
        assert not layer.bias.any()

    def test_leaves_other_layers_alone(self) -> None:
        """What has no weights is passed over."""
        initialise(nn.ReLU())


class TestL2Loss:
    def test_is_half_the_mean_square(self) -> None:
        """As gluon defines it."""
        assert_allclose(l2_loss(torch.full((2, 1, 3, 3), 3.0), torch.ones(2, 1, 3, 3)), 2.0)


class TestErrorMap:
    def test_sums_grey_levels_over_a_window_of_four(self) -> None:
        """One wrong pixel shows in sixteen places, by its difference in grey levels."""
        output = np.zeros((1, 12, 12))
        output[0, 6, 5] = 0.5
        found = error_map(output, np.zeros((1, 12, 12)))
        assert found.shape == (1, 12, 12)
        assert (found > 0).sum() == 16
        assert_allclose(found[found > 0], 127.5)

    def test_reaches_sixteen_times_255_and_no_more(self) -> None:
        """Black for white everywhere gives the largest value inside, less at the edge."""
        found = error_map(np.ones((1, 10, 10)), np.zeros((1, 10, 10)))
        assert found.max() == 16 * 255
        assert found[0, 0, 0] < 16 * 255

    @given(seed=st.integers(0, 1000))
    def test_does_not_ask_which_of_the_two_is_brighter(self, seed: int) -> None:
        """Output and target can change places; each frame is on its own."""
        rng = np.random.default_rng(seed)
        one, other = rng.random((2, 3, 9, 9))
        found = error_map(one, other)
        assert_allclose(found, error_map(other, one))
        assert_allclose(found[1:2], error_map(one[1:2], other[1:2]))


class TestDetectPixels:
    def test_needs_agreeing_neighbours(self) -> None:
        """One pixel that is wrong by 255 marks nothing; four side by side stay at the threshold; five pass it."""
        for wrong, expected in ((1, False), (4, False), (5, True)):
            output = np.zeros((1, 12, 12))
            output[0, 4:6, 4:7].flat[:wrong] = 1.0
            assert bool(detect_pixels(error_map(output, np.zeros((1, 12, 12)))).any()) == expected

    def test_is_strict(self) -> None:
        """A value on the threshold is not above it."""
        assert_array_equal(detect_pixels(np.array([THRESHOLD, THRESHOLD + 1])), [False, True])


class TestMarkedShare:
    def test_is_the_share_of_marked_pixels(self) -> None:
        """Nothing wrong marks nothing; a white frame for a black one marks all but what the edge takes away."""
        black, white = torch.zeros(2, 20, 20), torch.ones(2, 20, 20)
        assert_array_equal(marked_share(black, black), [0, 0])
        shares = marked_share(white, black)
        assert shares.shape == (2,)
        assert bool((shares > 0.95).all())
