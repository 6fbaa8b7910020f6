"""A convolutional autoencoder of single frames with a dense bottleneck, and the error map that marks pixels.

Source: the notebook "Detecting Anomalies in Images" (N. Rauschmayr), section Convolutional Autoencoder. Layer sizes at its
100x100 input: 96, 48, 44, 22 pixels of 32 channels, 15,488 values, a bottleneck of 2,000, and back. Its variant without
the dense layers leads the second pooling straight into the first upsampling.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import signal
from torch import Tensor, nn

PAPER_WIDTH = 32
PAPER_BOTTLENECK = 2000
PAPER_SIZE = 100

WINDOW = 4
THRESHOLD = 4.0 * 255.0
"""Grey levels summed over a window: the notebook marks a pixel where a quarter of the largest possible sum is exceeded."""

# mxnet's Xavier: a variance of this over the mean of inputs and outputs, for its gaussian form as for its uniform bound.
_MAGNITUDE = 3.0


class ConvolutionalAutoencoder(nn.Module):
    """Two 5x5 convolutions with ReLU and pooling, a linear bottleneck, and the way back; the output ends in a sigmoid.

    size: pixels of the square frames, 16 or a multiple of 4 above. width: channels of all layers.
    bottleneck: its width, or 0 to leave both dense layers out.
    Raises ValueError for a size that the layers do not fit.
    """

    def __init__(
        self,
        channels: int = 1,
        size: int = PAPER_SIZE,
        width: int = PAPER_WIDTH,
        bottleneck: int = PAPER_BOTTLENECK,
    ) -> None:
        super().__init__()
        if size < 16 or size % 4:
            message = f"frames of 16, 20, 24, ... pixels fit two 5x5 convolutions and two halvings, but size={size}"
            raise ValueError(message)
        inner = (size - 12) // 4
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, width, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, width, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        flat = width * inner**2
        self.dense: nn.Module = nn.Identity()
        if bottleneck:
            self.dense = nn.Sequential(
                nn.Flatten(),
                nn.Linear(flat, bottleneck),
                nn.Linear(bottleneck, flat),
                nn.ReLU(),
                nn.Unflatten(1, (width, inner, inner)),
            )
        self.decoder = nn.Sequential(
            nn.Upsample(scale_factor=2),
            nn.ConvTranspose2d(width, width, 5),
            nn.ReLU(),
            nn.Upsample(scale_factor=2),
            nn.ConvTranspose2d(width, channels, 5),
            nn.Sigmoid(),
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Reconstruct frames (batch, channels, size, size) in [0, 1]; the shape is kept."""
        output: Tensor = self.decoder(self.dense(self.encoder(frames)))
        return output


def initialise(layer: nn.Module) -> None:
    """Draw weights as mxnet's ``Xavier("gaussian")`` does: N(0, 6 / (inputs + outputs)), biases 0.

    That is three times the variance of Glorot's: mxnet takes the bound of its uniform form for a standard deviation.
    """
    if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        window = math.prod(layer.weight.shape[2:])
        mean_fan = window * (layer.weight.shape[0] + layer.weight.shape[1]) / 2
        nn.init.normal_(layer.weight, std=math.sqrt(_MAGNITUDE / mean_fan))
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def l2_loss(output: Tensor, target: Tensor) -> Tensor:
    """Return gluon's L2Loss: half the mean squared difference."""
    return (output - target).square().mean() / 2


def error_map(output: NDArray[np.floating], target: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the absolute difference in grey levels, summed over 4x4 windows; the shape is kept.

    output, target: (batch, height, width) in [0, 1]. Outside the frame there is no difference.
    """
    difference = 255.0 * np.abs(np.asarray(output, dtype=np.float64) - np.asarray(target, dtype=np.float64))
    window = np.ones((WINDOW, WINDOW))
    summed = [signal.convolve2d(frame, window, mode="same") for frame in difference]
    return np.stack(summed)


def detect_pixels(errors: NDArray[np.float64], threshold: float = THRESHOLD) -> NDArray[np.bool_]:
    """Return which pixels of an `error_map` are anomalies: those above the threshold, so that neighbours must agree."""
    return errors > threshold


def marked_share(output: Tensor, target: Tensor, threshold: float = THRESHOLD) -> Tensor:
    """Return the share (batch,) float64 of pixels that are marked; frames (batch, height, width) in [0, 1]."""
    marked = detect_pixels(error_map(output.double().cpu().numpy(), target.double().cpu().numpy()), threshold)
    return torch.from_numpy(marked.mean(axis=(1, 2)))
