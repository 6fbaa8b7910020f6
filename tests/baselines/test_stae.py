"""The stacked-frames autoencoder of seed 001: the notebook's layers."""

import pytest
import torch
from torch import nn

from baselines.stae import StackedFramesAutoencoder


def shapes(part: nn.Sequential, frames: torch.Tensor) -> list[tuple[int, ...]]:
    """The shape after each convolution, pooling and upsampling, the batch left out."""
    found = []
    for layer in part:
        frames = layer(frames)
        if not isinstance(layer, nn.ReLU | nn.BatchNorm2d | nn.Sigmoid):
            found.append(tuple(frames.shape[1:]))
    return found


class TestStackedFramesAutoencoder:
    def test_layers_have_the_notebooks_sizes(self) -> None:
        """At 227x227: 54, 27, 24, 12, 10 pixels with 512, 256 and 128 channels, and the same way back to ten frames."""
        with torch.device("meta"):
            network = StackedFramesAutoencoder()
            assert shapes(network.encoder, torch.empty(1, 10, 227, 227)) == [
                (512, 54, 54),
                (512, 27, 27),
                (256, 24, 24),
                (256, 12, 12),
                (128, 10, 10),
            ]
            assert shapes(network.decoder, torch.empty(1, 128, 10, 10)) == [
                (256, 12, 12),
                (256, 24, 24),
                (512, 27, 27),
                (512, 54, 54),
                (10, 227, 227),
            ]

    def test_has_as_many_parameters_as_its_layers(self) -> None:
        """Counted by hand: six convolutions with their biases, and two numbers per normalised channel."""
        with torch.device("meta"):
            network = StackedFramesAutoencoder()
        encoder = (10 * 512 * 225 + 512) + (512 * 256 * 16 + 256) + (256 * 128 * 9 + 128)
        decoder = (128 * 256 * 9 + 256) + (256 * 512 * 16 + 512) + (512 * 10 * 225 + 10)
        norms = 2 * (2 * 512 + 2 * 256 + 128) + 2 * (2 * 256 + 2 * 512)
        assert sum(value.numel() for value in network.parameters()) == encoder + decoder + norms == 7_096_202

    def test_normalises_after_each_activation_and_each_change_of_size(self) -> None:
        """Five norms on the way in, four on the way out; the last layer has none."""
        with torch.device("meta"):
            network = StackedFramesAutoencoder()
        norms = [
            sum(isinstance(layer, nn.BatchNorm2d) for layer in part) for part in (network.encoder, network.decoder)
        ]
        assert norms == [5, 4]
        assert isinstance(network.decoder[-1], nn.Sigmoid)

    @pytest.mark.parametrize("size", [83, 99, 115])
    def test_gives_back_the_shape(self, size: int) -> None:
        """Sizes sixteen pixels apart fit, at any width."""
        output = StackedFramesAutoencoder(10, size, 2)(torch.rand(2, 10, size, size)).detach()
        assert output.shape == (2, 10, size, size)
        assert 0 <= float(output.min()) <= float(output.max()) <= 1

    @pytest.mark.parametrize("size", [67, 100, 224, 256])
    def test_refuses_sizes_that_do_not_fit(self, size: int) -> None:
        """A size of which a stride or a pooling would drop a row is refused."""
        with pytest.raises(ValueError, match=f"size={size}"):
            StackedFramesAutoencoder(size=size)
