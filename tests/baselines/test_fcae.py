"""The fully convolutional autoencoders and their masked loss."""

import pytest
import torch
from torch import nn

from baselines.fcae import CHANNELS, KERNELS, FullyConvolutionalAutoencoder, region_loss


class TestFullyConvolutionalAutoencoder:
    @pytest.mark.parametrize(
        ("name", "code", "parameters"),
        [
            # Each layer's weights once in the encoder and once in the decoder, with the biases of each side.
            ("3-5-9", (64, 8, 8), 2 * (9 * 3 * 16 + 25 * 16 * 32 + 81 * 32 * 64) + (16 + 32 + 64) + (32 + 16 + 3)),
            (
                "3-5-7-9",
                (128, 4, 4),
                2 * (9 * 3 * 16 + 25 * 16 * 32 + 49 * 32 * 64 + 81 * 64 * 128)
                + (16 + 32 + 64 + 128)
                + (64 + 32 + 16 + 3),
            ),
        ],
    )
    def test_shapes_and_parameters(self, name: str, code: tuple[int, ...], parameters: int) -> None:
        """Each layer halves the frame and has its kernel; the decoder mirrors the encoder; the output is a frame again."""
        network = FullyConvolutionalAutoencoder(KERNELS[name], 3)
        frames = torch.rand(2, 3, 64, 64)
        assert network.encoder(frames).shape == (2, *code)
        assert network(frames).shape == frames.shape
        assert sum(parameter.numel() for parameter in network.parameters()) == parameters
        kernels = [layer.kernel_size[0] for layer in network.encoder if isinstance(layer, nn.Conv2d)]
        mirrored = [layer.kernel_size[0] for layer in network.decoder if isinstance(layer, nn.ConvTranspose2d)]
        assert tuple(kernels) == KERNELS[name] == tuple(reversed(mirrored))

    def test_takes_frames_of_any_fitting_size(self) -> None:
        """Fully convolutional: the same weights take the published 320x176, and what does not halve evenly is refused."""
        network = FullyConvolutionalAutoencoder(KERNELS["3-5-7-9"], 3, width=0.25)
        assert network(torch.rand(1, 3, 176, 320)).shape == (1, 3, 176, 320)
        with pytest.raises(ValueError, match="multiples of 16"):
            network(torch.rand(1, 3, 180, 320))

    def test_output_is_a_frame(self) -> None:
        """Values stay in [0, 1]."""
        output = FullyConvolutionalAutoencoder((3,), 1)(10 * torch.rand(1, 1, 16, 16))
        assert ((output >= 0) & (output <= 1)).all()

    def test_dropout_is_for_training_alone(self) -> None:
        """With dropout two passes differ in training and agree at test."""
        network = FullyConvolutionalAutoencoder(KERNELS["3-5-9"], 1, dropout=0.5)
        frames = torch.rand(1, 1, 32, 32)
        assert not torch.equal(network(frames), network(frames))
        network.eval()
        assert torch.equal(network(frames), network(frames))

    @pytest.mark.parametrize(
        ("kernels", "width"), [((3, 4), 1.0), ((), 1.0), ((3,) * (len(CHANNELS) + 1), 1.0), ((3,), 0.01)]
    )
    def test_refuses_what_cannot_be_built(self, kernels: tuple[int, ...], width: float) -> None:
        """Even kernels, no or too many layers, or a share of channels that is none."""
        with pytest.raises(ValueError, match="Expected"):
            FullyConvolutionalAutoencoder(kernels, 3, width)


class TestRegionLoss:
    def test_is_the_masked_error_in_value_and_gradient(self) -> None:
        """Setting the output equal to the target outside, masking the error, and a target equal to the output are one."""
        torch.manual_seed(0)
        output = torch.rand(2, 3, 8, 8, dtype=torch.float64, requires_grad=True)
        target = torch.rand(2, 3, 8, 8, dtype=torch.float64)
        region = torch.rand(2, 8, 8) < 0.5
        loss = region_loss(output, target, region)
        (gradient,) = torch.autograd.grad(loss, output)
        masked = ((output - target).square() * region[:, None]).sum() / output.numel()
        (expected,) = torch.autograd.grad(masked, output)
        torch.testing.assert_close(loss, masked)
        torch.testing.assert_close(gradient, expected)
        other = nn.functional.mse_loss(output, torch.where(region[:, None], target, output.detach()))
        torch.testing.assert_close(loss, other)
        assert (gradient.permute(0, 2, 3, 1)[~region] == 0).all()

    def test_everywhere_is_the_plain_error(self) -> None:
        """No region means every pixel counts."""
        output, target = torch.rand(2, 1, 1, 4, 4)
        everywhere = torch.ones(1, 4, 4, dtype=torch.bool)
        torch.testing.assert_close(region_loss(output, target, None), region_loss(output, target, everywhere))
