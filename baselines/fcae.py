"""Fully convolutional autoencoders with growing kernels (seed 004, Carlucci 2021): {3, 5, 9} and {3, 5, 7, 9}.

The document says: three or four layers in the encoder, as many in the decoder, symmetric; kernels and channels grow;
ReLU between the layers; fully convolutional; MSE and Adam; images a fifth of 1600x900. Their number of channels, strides
and last activation are not in it, and its code is not available. Chosen here: 16, 32, 64 and 128 channels; every layer
halves the frame, since the text asks for "a quite compressive bottleneck" and found three layers "too little
compressive"; a sigmoid at the end, since frames are in [0, 1] and its training "can easily fall in an all 0 or all 1
state". So an RGB frame becomes 3:1 smaller in the first network and 6:1 in the second.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

KERNELS: dict[str, tuple[int, ...]] = {"3-5-9": (3, 5, 9), "3-5-7-9": (3, 5, 7, 9)}
CHANNELS = (16, 32, 64, 128)


class FullyConvolutionalAutoencoder(nn.Module):
    """Encoder and decoder of one convolution per kernel, each halving or doubling the frame.

    kernels: odd sizes, from the frame inwards. channels: of a frame. width: share of `CHANNELS`.
    dropout: share of whole channels that each inner layer drops in training; the document recommends dropout for further
    work and has none.
    Raises ValueError for even kernels, too many layers or a width that leaves no whole channels.
    """

    def __init__(self, kernels: Sequence[int], channels: int, width: float = 1.0, dropout: float = 0.0) -> None:
        super().__init__()
        if not kernels or len(kernels) > len(CHANNELS) or any(kernel % 2 == 0 for kernel in kernels):
            raise ValueError(f"Expected one to {len(CHANNELS)} odd kernel sizes, got {list(kernels)}.")
        inner = [width * count for count in CHANNELS[: len(kernels)]]
        if any(count < 1 or count % 1 for count in inner):
            raise ValueError(f"Expected a width that leaves whole channels, got {width} of {CHANNELS}.")
        widths = [channels, *map(int, inner)]
        self.factor = 2 ** len(kernels)
        encoder: list[nn.Module] = []
        decoder: list[nn.Module] = []
        for depth, kernel in enumerate(kernels):
            before, after = widths[depth], widths[depth + 1]
            encoder += [nn.Conv2d(before, after, kernel, 2, kernel // 2), nn.ReLU(), nn.Dropout2d(dropout)]
            up = nn.ConvTranspose2d(after, before, kernel, 2, kernel // 2, output_padding=1)
            decoder = [up, *([nn.ReLU(), nn.Dropout2d(dropout)] if depth else [nn.Sigmoid()]), *decoder]
        self.encoder = nn.Sequential(*encoder)
        self.decoder = nn.Sequential(*decoder)

    def forward(self, frames: Tensor) -> Tensor:
        """Reconstruct frames (batch, channels, height, width) in [0, 1]; sides must be multiples of ``factor``."""
        if frames.shape[2] % self.factor or frames.shape[3] % self.factor:
            raise ValueError(f"Expected sides that are multiples of {self.factor}, got {tuple(frames.shape[2:])}.")
        output: Tensor = self.decoder(self.encoder(frames))
        return output


def region_loss(output: Tensor, target: Tensor, region: Tensor | None) -> Tensor:
    """Mean squared error where outside the region the output is taken for the target, as seed 004 does.

    output, target: (batch, channels, height, width). region: (batch, height, width) bool; None means everywhere.
    "The non-pool region of the output image is set equal to the input pixels, so the loss will be always zero": the mean
    still runs over all pixels. The same as the squared error masked by the region, in value and in gradient (a test
    holds them together), and as a target that equals the output there.
    """
    if region is None:
        return nn.functional.mse_loss(output, target)
    return nn.functional.mse_loss(torch.where(region[:, None], output, target), target)
