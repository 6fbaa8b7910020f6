"""A compressive restricted Boltzmann machine on small patches: what it cannot rebuild is foreign to the scene.

After Creusot and Munawar 2015 (doi 10.1109/IVS.2015.7225680), who learn the texture of a road so. The sizes here are
ours: the document behind this baseline states that the machine is extremely compressive and its patches really small,
not how much. Visible units are Gaussian with unit variance (Hinton 2010, "A practical guide to training restricted
Boltzmann machines", section 13.2), for grey values of a patch are nearly alike: binary units would learn its brightness
and no more. So a patch goes in about its own mean, divided by the deviation over all patches. Reconstruction uses
probabilities instead of samples (one mean-field step up and down), so that a score is the same each time.

Common shapes
    images: (batch, channels, height, width) float in [0, 1]
    patches: (n, visible) float in [0, 1], visible = channels patch²
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

# Of the first weights, as Hinton 2010 has it (section 8).
_FIRST_DEVIATION = 0.01


@dataclass(frozen=True)
class PatchRBM:
    """A trained machine.

    weights: (hidden, visible); hidden_bias: (hidden,); visible_bias: (visible,); deviation: () of centred patches
    """

    weights: Tensor
    hidden_bias: Tensor
    visible_bias: Tensor
    deviation: Tensor

    def reconstruct(self, patches: Tensor) -> Tensor:
        """Return the patches (..., visible) as the hidden units alone describe them, about each patch's own mean."""
        mean = patches.mean(dim=-1, keepdim=True)
        hidden = self.hidden((patches - mean) / self.deviation)
        return self.visible(hidden) * self.deviation + mean

    def hidden(self, visible: Tensor) -> Tensor:
        """Return the probabilities (..., hidden) of the hidden units, given standardised patches."""
        return torch.sigmoid(visible @ self.weights.T + self.hidden_bias)

    def visible(self, hidden: Tensor) -> Tensor:
        """Return the means (..., visible) of the visible units, given hidden ones."""
        return hidden @ self.weights + self.visible_bias

    def to(self, device: torch.device) -> Self:
        """Return the same machine on a device."""
        return type(self)(
            *(part.to(device) for part in (self.weights, self.hidden_bias, self.visible_bias, self.deviation))
        )


@dataclass(frozen=True)
class Rebuilt:
    """Images rebuilt patch by patch.

    images: (batch, channels, height, width), where patches overlap their mean
    patch_error: (batch, rows, columns), mean squared error of each patch
    """

    images: Tensor
    patch_error: Tensor


def sample_patches(images: Tensor, patch: int, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw ``count`` patches (count, visible) from images, everywhere alike."""
    batch, _, height, width = images.shape
    picks = rng.integers(0, (batch, height - patch + 1, width - patch + 1), size=(count, 3))
    drawn = [images[n, :, row : row + patch, column : column + patch].flatten() for n, row, column in picks.tolist()]
    return np.asarray(torch.stack(drawn).float().numpy())


def fit_rbm(
    patches: NDArray[np.float32], *, hidden: int, iterations: int, learning_rate: float, batch: int, seed: int
) -> PatchRBM:
    """Fit a machine with ``hidden`` units by contrastive divergence with one step (CD-1; Hinton 2002, 2010).

    iterations: passes over the patches; the last incomplete batch of each is dropped
    Raises ValueError if it would not compress: hidden is less than the number of pixels of a patch.
    """
    count, visible = patches.shape
    if not 0 < hidden < visible:
        message = f"a compressive machine has fewer hidden units than the {visible} values of a patch, but got {hidden}"
        raise ValueError(message)
    draws = torch.Generator().manual_seed(seed)
    centred = torch.from_numpy(patches) - torch.from_numpy(patches).mean(dim=1, keepdim=True)
    deviation = centred.std().clamp_min(torch.finfo(centred.dtype).tiny)
    data = centred / deviation
    weights = torch.randn(hidden, visible, generator=draws) * _FIRST_DEVIATION
    machine = PatchRBM(weights, torch.zeros(hidden), torch.zeros(visible), deviation)
    rate = learning_rate / min(batch, count)
    for _ in range(iterations):
        for rows in torch.randperm(count, generator=draws).split(batch)[: max(1, count // batch)]:
            seen = data[rows]
            active = machine.hidden(seen)
            dreamt = machine.visible(torch.bernoulli(active, generator=draws))
            again = machine.hidden(dreamt)
            machine.weights.add_(active.T @ seen - again.T @ dreamt, alpha=rate)
            machine.hidden_bias.add_((active - again).sum(dim=0), alpha=rate)
            machine.visible_bias.add_((seen - dreamt).sum(dim=0), alpha=rate)
    return machine


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
    error = (columns - rebuilt).square().mean(dim=1)
    rows = (size[0] - patch) // stride + 1
    return Rebuilt(_overlap_mean(rebuilt, images.shape[1], size, patch, stride), error.unflatten(1, (rows, -1)))


def pixel_errors(patch_errors: Tensor, patch: int, stride: int) -> Tensor:
    """Return each pixel's mean (batch, height, width) over the patches that cover it, of errors (batch, rows, columns)."""
    size = torch.Size((length - 1) * stride + patch for length in patch_errors.shape[1:])
    columns = patch_errors.flatten(1).unsqueeze(1).expand(-1, patch**2, -1)
    return _overlap_mean(columns, 1, size, patch, stride)[:, 0]


def _overlap_mean(columns: Tensor, channels: int, size: torch.Size, patch: int, stride: int) -> Tensor:
    """Lay patches (batch, channels patch², locations) where they came from, and divide by how many met in a pixel."""
    assert columns.shape[1] == channels * patch**2, "one value for each pixel of a patch"
    height, width = size
    laid = functional.fold(columns, (height, width), patch, stride=stride)
    met = functional.fold(torch.ones_like(columns[:1, : patch**2]), (height, width), patch, stride=stride)
    return laid / met
