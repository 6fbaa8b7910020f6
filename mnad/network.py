"""The 2D backbone of MNAD: a U-Net whose skip connections and memory can be left out.

Source: Park et al. 2020, section 3.1, and the official networks (golden files ``mnad_weights_*`` and ``mnad_forward_*``).
Module names differ from the official ones; ``official_name`` in the golden tests maps them.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Upsampling = Literal["halve", "keep"]
PAPER_WIDTH = 64


def _convolution_block(inputs: int, outputs: int, *, bare: bool = False) -> nn.Sequential:
    """Two 3x3 convolutions with batch norm and ReLU; ``bare`` leaves both out after the second."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1),
    ]
    if not bare:
        layers += [nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def _upsampling_block(inputs: int, outputs: int) -> nn.Sequential:
    """A transposed convolution that doubles height and width, with batch norm and ReLU."""
    return nn.Sequential(
        nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Encoder(nn.Module):
    """Four levels of width w, 2w, 4w, 8w; the last ends in a bare convolution, so queries can take any sign."""

    def __init__(self, channels: int, width: int = PAPER_WIDTH) -> None:
        super().__init__()
        self.level1 = _convolution_block(channels, width)
        self.level2 = _convolution_block(width, 2 * width)
        self.level3 = _convolution_block(2 * width, 4 * width)
        self.level4 = _convolution_block(4 * width, 8 * width, bare=True)

    def forward(self, frames: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Return the query map and the three skips.

        frames: (batch, channels, height, width); height and width multiples of 8
        query: (batch, 8 w, height / 8, width / 8)
        skips: the levels before pooling, (batch, w, height, width) first
        """
        skip1 = self.level1(frames)
        skip2 = self.level2(functional.max_pool2d(skip1, 2))
        skip3 = self.level3(functional.max_pool2d(skip2, 2))
        query = self.level4(functional.max_pool2d(skip3, 2))
        return query, (skip1, skip2, skip3)


class Decoder(nn.Module):
    """Three upsamplings back to a frame in [-1, 1].

    ``skip``: concatenate the encoder's level after each upsampling, the skip first.
    ``upsampling`` without skips: ``keep`` leaves the width to the block after it (official code, 512 -> 512, then
    512 -> 256); ``halve`` is RC2020's (512 -> 256, then 256 -> 256). With skips the two coincide in ``halve``.
    """

    def __init__(
        self, inputs: int, channels: int, width: int = PAPER_WIDTH, *, skip: bool, upsampling: Upsampling = "keep"
    ) -> None:
        super().__init__()
        self.skip = skip
        self.bottleneck = _convolution_block(inputs, 8 * width)
        keep = not skip and upsampling == "keep"

        def level(low: int, high: int) -> tuple[nn.Sequential, nn.Sequential]:
            raised = low if keep else high
            return _upsampling_block(low, raised), _convolution_block(2 * high if skip else raised, high)

        self.upsample3, self.level3 = level(8 * width, 4 * width)
        self.upsample2, self.level2 = level(4 * width, 2 * width)
        self.upsample1, self.level1 = level(2 * width, width)
        self.output = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, features: Tensor, skips: tuple[Tensor, Tensor, Tensor] | None = None) -> Tensor:
        """Decode features (batch, inputs, height / 8, width / 8) to a frame (batch, channels, height, width).

        One set of features (1, inputs, ...) serves all frames of the skips.

        Raises ValueError if the decoder was built with skips and none came.
        """
        if self.skip and skips is None:
            message = "this decoder was built with skip connections; pass the encoder's three levels"
            raise ValueError(message)
        decoded = self.bottleneck(features)
        stages = ((self.upsample3, self.level3, 2), (self.upsample2, self.level2, 1), (self.upsample1, self.level1, 0))
        for upsample, level, index in stages:
            decoded = upsample(decoded)
            if self.skip and skips is not None:
                decoded = torch.cat([skips[index], decoded.expand(skips[index].shape[0], -1, -1, -1)], dim=1)
            decoded = level(decoded)
        return torch.tanh(self.output(decoded))
