"""A compressive restricted Boltzmann machine on small patches: what it cannot rebuild is foreign to the scene.

After Creusot and Munawar 2015 (doi 10.1109/IVS.2015.7225680), who learn the texture of a road so. The sizes here are
ours: the document behind this baseline states that the machine is extremely compressive and its patches really small,
not how much. Reconstruction uses probabilities instead of samples (one mean-field step up and down), so that a score is
the same each time.

Common shapes
    images: (batch, channels, height, width) float in [0, 1]
    patches: (n, visible) float in [0, 1], visible = channels patch²
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.neural_network import BernoulliRBM
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class PatchRBM:
    """A trained machine.

    weights: (hidden, visible); hidden_bias: (hidden,); visible_bias: (visible,)
    """

    weights: Tensor
    hidden_bias: Tensor
    visible_bias: Tensor

    def reconstruct(self, patches: Tensor) -> Tensor:
        """Return the patches (..., visible) as the hidden units alone describe them."""
        hidden = torch.sigmoid(patches @ self.weights.T + self.hidden_bias)
        return torch.sigmoid(hidden @ self.weights + self.visible_bias)

    def to(self, device: torch.device) -> Self:
        """Return the same machine on a device."""
        return type(self)(self.weights.to(device), self.hidden_bias.to(device), self.visible_bias.to(device))


@dataclass(frozen=True)
class Rebuilt:
    """Images rebuilt patch by patch.

    images: (batch, channels, height, width), where patches overlap their mean
    patch_error: (batch, rows, columns), mean squared error of each patch
    pixel_error: (batch, height, width), mean over the patches that cover a pixel of their error
    """

    images: Tensor
    patch_error: Tensor
    pixel_error: Tensor


def sample_patches(images: Tensor, patch: int, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw ``count`` patches (count, visible) from images, everywhere alike."""
    batch, _, height, width = images.shape
    picks = rng.integers(0, (batch, height - patch + 1, width - patch + 1), size=(count, 3))
    drawn = [images[n, :, row : row + patch, column : column + patch].flatten() for n, row, column in picks.tolist()]
    return np.asarray(torch.stack(drawn).float().numpy())


def fit_rbm(
    patches: NDArray[np.float32], *, hidden: int, iterations: int, learning_rate: float, batch: int, seed: int
) -> PatchRBM:
    """Fit a machine with ``hidden`` units by persistent contrastive divergence, as scikit-learn's BernoulliRBM does.

    Raises ValueError if it would not compress: hidden is less than the number of pixels of a patch.
    """
    visible = patches.shape[1]
    if not 0 < hidden < visible:
        message = f"a compressive machine has fewer hidden units than the {visible} values of a patch, but got {hidden}"
        raise ValueError(message)
    machine = BernoulliRBM(
        n_components=hidden, n_iter=iterations, learning_rate=learning_rate, batch_size=batch, random_state=seed
    )
    machine.fit(patches)
    learned = (machine.components_, machine.intercept_hidden_, machine.intercept_visible_)
    return PatchRBM(*(torch.from_numpy(np.array(each, dtype=np.float32)) for each in learned))


def rebuild(rbm: PatchRBM, images: Tensor, patch: int, stride: int) -> Rebuilt:
    """Rebuild images from overlapping patches, ``stride`` pixels apart.

    Raises ValueError if the patches do not cover the images to their borders.
    """
    size = images.shape[2:]
    if patch % stride or any((length - patch) % stride or length < patch for length in size):
        message = f"patches of {patch}, {stride} apart, do not cover images of {tuple(size)} evenly; choose other sizes"
        raise ValueError(message)
    columns = functional.unfold(images, patch, stride=stride)
    rebuilt = rbm.reconstruct(columns.transpose(1, 2)).transpose(1, 2)
    error = (columns - rebuilt).square().mean(dim=1, keepdim=True)
    rows = (size[0] - patch) // stride + 1
    return Rebuilt(
        _overlap_mean(rebuilt, images.shape[1], size, patch, stride),
        error.reshape(len(images), rows, -1),
        _overlap_mean(error.expand(-1, patch**2, -1), 1, size, patch, stride)[:, 0],
    )


def _overlap_mean(columns: Tensor, channels: int, size: torch.Size, patch: int, stride: int) -> Tensor:
    """Lay patches (batch, channels patch², locations) where they came from, and divide by how many met in a pixel."""
    assert columns.shape[1] == channels * patch**2, "one value for each pixel of a patch"
    height, width = size
    laid = functional.fold(columns, (height, width), patch, stride=stride)
    met = functional.fold(torch.ones_like(columns[:1, : patch**2]), (height, width), patch, stride=stride)
    return laid / met
