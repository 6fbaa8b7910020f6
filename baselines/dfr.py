"""Deep feature reconstruction (Yang, Shi and Qi 2020, arXiv 2012.07122): regions whose description is not rebuilt.

Every region of a frame is described by the layers of a network; an autoencoder learns to rebuild the descriptions of
normal regions, and a region whose description is not rebuilt well is abnormal.

Follows the paper and its released code (YoungGod/DFR): each layer's map is resized to one grid of the frame's size
(bilinear, corners aligned), averaged over 4×4 with stride 4, and concatenated; with VGG19's twelve layers relu1_1 to
relu4_4 that is 3,456 channels on a grid of a quarter of the frame. Seed document 004 speaks of 16 layers: those are all
of VGG19's; the paper's method takes twelve.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from torch import Tensor, nn
from torch.nn import functional

REGION = 4
"""Pixels of a region's side, and between regions."""
VARIANCE = 0.90
"""Share of the variance that the latent size keeps."""


def region_weights(length: int, size: int) -> Tensor:
    """Return the matrix (size / 4, length) that stretches a line of a map to the frame's size and averages each region.

    Both steps are linear and act on rows and columns apart, so two small products replace a map of the frame's size.
    """
    impulses = torch.eye(length).unsqueeze(0)
    stretched = functional.interpolate(impulses, size=size, mode="linear", align_corners=True)
    return functional.avg_pool1d(stretched, REGION)[0].T.contiguous()


def regional_features(maps: Sequence[Tensor], size: int) -> Tensor:
    """Return the descriptions (batch, sum of channels, size / 4, size / 4) float32 of all regions of a frame.

    maps: (batch, channels, height, width) each, of any sizes; size: of the frame
    """
    regions = []
    for each in maps:
        rows, columns = (region_weights(length, size).to(each.device) for length in each.shape[2:])
        regions.append(rows @ each.float() @ columns.T)
    return torch.cat(regions, dim=1)


def latent_size(descriptions: NDArray[np.float32], share: float = VARIANCE) -> int:
    """Return how many principal components hold a share of the variance of descriptions (n, channels).

    Raises ValueError if they do not vary.
    """
    if not np.ptp(descriptions, axis=0).any():
        message = (
            f"descriptions that vary were expected, but all {len(descriptions)} are equal: the frames show nothing"
        )
        raise ValueError(message)
    return int(PCA(n_components=share, svd_solver="covariance_eigh").fit(descriptions.astype(np.float64)).n_components_)


class FeatureAutoencoder(nn.Module):
    """1×1 convolutions: every region is rebuilt for itself, through ``latent`` values (the released code's widths).

    channels → (channels + 2 latent) / 2 → 2 latent → latent, and back; batch norm and ReLU but at code and output.
    """

    def __init__(self, channels: int, latent: int) -> None:
        super().__init__()
        self.latent = latent
        middle = (channels + 2 * latent) // 2
        self.encoder = _pointwise([channels, middle, 2 * latent, latent])
        self.decoder = _pointwise([latent, 2 * latent, middle, channels])

    def forward(self, features: Tensor) -> Tensor:
        """Return the features (batch, channels, rows, columns) rebuilt."""
        rebuilt: Tensor = self.decoder(self.encoder(features))
        return rebuilt


def _pointwise(widths: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [nn.Conv2d(inputs, outputs, 1), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-2])


def region_error(features: Tensor, rebuilt: Tensor) -> Tensor:
    """Return the mean squared error (batch, rows, columns) over the channels of each region."""
    return (features - rebuilt).square().mean(dim=1)


def heat_map(error: Tensor, size: int) -> Tensor:
    """Stretch the regions' errors to the frame (batch, size, size), as the released code does."""
    return functional.interpolate(error.unsqueeze(1), size=size, mode="bilinear", align_corners=True).squeeze(1)
