"""The 3D backbone of MemAE: an encoder-decoder over clips of 16 frames.

Source: Gong et al. 2019, section 4.2, and the official network (golden files ``memae_weights`` and ``memae_forward_*``).
Skip connections do not exist in the paper; they are this study's factor (STUDY section 4).
"""

import torch
from torch import Tensor, nn

PAPER_WIDTH = 96
_STRIDES = ((1, 2, 2), (2, 2, 2), (2, 2, 2), (2, 2, 2))
_SLOPE = 0.2


def level_widths(width: int = PAPER_WIDTH) -> tuple[int, int, int, int]:
    """Channels of the four levels, in the paper's proportions 96 : 128 : 256 : 256."""
    return width, width * 4 // 3, width * 8 // 3, width * 8 // 3


def _activation() -> nn.Module:
    return nn.LeakyReLU(_SLOPE, inplace=True)


def initialise(module: nn.Module) -> None:
    """Draw one module's weights as the official code does, by class name.

    Convolution weights, transposed ones too, come from N(0, 0.02), batch-norm scales from N(1, 0.02); batch-norm
    biases are 0 and convolution biases keep torch's default.
    """
    if isinstance(module, (nn.Conv3d, nn.ConvTranspose3d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm3d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


class Encoder(nn.Module):
    """Four strided 3x3x3 convolutions, each with batch norm and LeakyReLU 0.2."""

    def __init__(self, channels: int, width: int = PAPER_WIDTH) -> None:
        super().__init__()
        widths = (channels, *level_widths(width))
        self.levels = nn.ModuleList(
            nn.Sequential(
                nn.Conv3d(widths[i], widths[i + 1], 3, stride=_STRIDES[i], padding=1),
                nn.BatchNorm3d(widths[i + 1]),
                _activation(),
            )
            for i in range(4)
        )

    def forward(self, clips: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the query map and the maps of the first three levels.

        clips: (batch, channels, time, height, width); time a multiple of 8, height and width of 16
        query: (batch, channels of level 4, time / 8, height / 16, width / 16)
        """
        maps = []
        for level in self.levels:
            clips = level(clips)
            maps.append(clips)
        return maps[-1], tuple(maps[:-1])


class Decoder(nn.Module):
    """Mirrored transposed convolutions; the last is bare: no norm, no activation, no tanh.

    ``skip``: the encoder's map of the same size is concatenated after each of the first three upsamplings, skip first.
    """

    def __init__(self, inputs: int, channels: int, width: int = PAPER_WIDTH, *, skip: bool) -> None:
        super().__init__()
        self.skip = skip
        level1, level2, level3, level4 = level_widths(width)
        outputs = (level4, level2, level1)
        joined = (level3, level2, level1) if skip else (0, 0, 0)
        entering = (inputs, outputs[0] + joined[0], outputs[1] + joined[1])
        self.levels = nn.ModuleList(
            nn.Sequential(
                nn.ConvTranspose3d(
                    entering[i],
                    outputs[i],
                    3,
                    stride=_STRIDES[3 - i],
                    padding=1,
                    output_padding=_output_padding(_STRIDES[3 - i]),
                ),
                nn.BatchNorm3d(outputs[i]),
                _activation(),
            )
            for i in range(3)
        )
        self.output = nn.ConvTranspose3d(
            outputs[2] + joined[2],
            channels,
            3,
            stride=_STRIDES[0],
            padding=1,
            output_padding=_output_padding(_STRIDES[0]),
        )

    def forward(self, features: Tensor, skips: tuple[Tensor, ...] | None = None) -> Tensor:
        """Decode features (batch, inputs, time / 8, height / 16, width / 16) to (batch, channels, time, height, width).

        One set of features (1, inputs, ...) serves all clips of the skips.
        Raises ValueError if the decoder was built with skips and none came.
        """
        if self.skip and skips is None:
            message = "this decoder was built with skip connections; pass the encoder's three maps"
            raise ValueError(message)
        for index, level in enumerate(self.levels):
            features = level(features)
            if self.skip and skips is not None:
                skip = skips[2 - index]
                features = torch.cat([skip, features.expand(skip.shape[0], -1, -1, -1, -1)], dim=1)
        decoded: Tensor = self.output(features)
        return decoded


def _output_padding(stride: tuple[int, int, int]) -> tuple[int, int, int]:
    return stride[0] - 1, stride[1] - 1, stride[2] - 1
