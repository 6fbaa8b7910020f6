"""Does a network learn patterns or learn by heart? (Arpit et al. 2017, ref. 5 of seed 004; arXiv 1706.05394).

Labels or targets are replaced by noise that stays the same in every epoch: the only way to fit it is memory. How complex
the decision surface is that fits them is measured by the critical sample ratio (section 4.1): the share of samples in whose
neighbourhood the predicted class changes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Search:
    """How the neighbourhood of a sample is searched; lengths in units of the samples.

    radius: half the side of the box; step: along the gradient's sign; noise: standard deviation of what is added to it
    The defaults are the paper's for pixels in [0, 1]: it states 0.25, 0.2 and a box of 0.3 on a scale of 0 to 255, and
    that other boxes lead to the same conclusions (footnotes 4 and 6).
    """

    radius: float = 0.3 / 255
    step: float = 0.25 / 255
    noise: float = 0.2 / 255
    iterations: int = 10

    def scaled(self, factor: float) -> "Search":
        """The same search in a box that is larger by a factor."""
        return Search(factor * self.radius, factor * self.step, factor * self.noise, self.iterations)


def critical_samples(
    classify: Callable[[Tensor], Tensor], samples: Tensor, generator: torch.Generator, search: Search
) -> Tensor:
    """Which samples (batch,) bool have another class within a box around them (Langevin adversarial sample search).

    classify: (batch, ...) float to logits (batch, classes), sample by sample; samples: (batch, ...) float
    Algorithm 1, but down the predicted class's log-probability: the printed sign would climb the class's own score,
    the authors' code climbs the loss. A proxy: a change that the search misses is not counted. Whether the *true* class
    is predicted does not matter.
    """
    with torch.no_grad():
        predicted = classify(samples).argmax(dim=1)
    found = torch.zeros(len(samples), dtype=torch.bool)
    moved = samples
    for _ in range(search.iterations):
        drift = search.noise * torch.randn(samples.shape, generator=generator, dtype=samples.dtype)
        direction = _uphill(classify, moved, predicted)
        offset = moved + search.step * direction + drift - samples
        moved = samples + offset.clamp(-search.radius, search.radius)
        with torch.no_grad():
            found |= classify(moved).argmax(dim=1) != predicted
    return found


def critical_sample_ratio(
    classify: Callable[[Tensor], Tensor], samples: Tensor, generator: torch.Generator, search: Search
) -> float:
    """Share of critical samples, 0 to 1."""
    return float(critical_samples(classify, samples, generator, search).double().mean())


def _uphill(classify: Callable[[Tensor], Tensor], samples: Tensor, predicted: Tensor) -> Tensor:
    """Sign of the loss's gradient with respect to the samples; zero for a classifier that does not look at them."""
    moved = samples.detach().requires_grad_()
    loss = nn.functional.cross_entropy(classify(moved), predicted, reduction="sum")
    if not loss.requires_grad:
        return torch.zeros_like(samples)
    (gradient,) = torch.autograd.grad(loss, moved, allow_unused=True, materialize_grads=True)
    return gradient.sign()


def noisy_part(count: int, share: float, generator: torch.Generator) -> Tensor:
    """Which of ``count`` samples (count,) bool get noise: exactly their share, rounded, at random places.

    Raises ValueError for a share outside 0 to 1.
    """
    if not 0 <= share <= 1:
        message = f"a share of noise lies between 0 and 1, but is {share:g}"
        raise ValueError(message)
    return torch.randperm(count, generator=generator) < round(share * count)


def with_random_labels(labels: Tensor, noisy: Tensor, classes: int, generator: torch.Generator) -> Tensor:
    """Labels (n,) int64 with those of the noisy part drawn again, uniformly (randY): some stay right by chance."""
    drawn = torch.randint(classes, labels.shape, generator=generator)
    return torch.where(noisy, drawn, labels)


def with_noise_targets(targets: Tensor, noisy: Tensor, generator: torch.Generator) -> Tensor:
    """Targets (n, ...) with those of the noisy part replaced by Gaussian noise of all targets' mean and deviation."""
    drawn = targets.mean() + targets.std() * torch.randn(targets.shape, generator=generator, dtype=targets.dtype)
    return torch.where(noisy.view(-1, *[1] * (targets.dim() - 1)), drawn, targets)


class PatchClassifier(nn.Module):
    """Two hidden layers of ReLU, as the paper's networks on MNIST, with dropout after each.

    Patches (batch, side, side) to logits (batch, classes).
    """

    def __init__(self, side: int, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            *_hidden(side * side, hidden, dropout),
            *_hidden(hidden, hidden, dropout),
            nn.Linear(hidden, classes),
        )

    def forward(self, patches: Tensor) -> Tensor:
        """Return the logits."""
        logits: Tensor = self.layers(patches)
        return logits


class PatchAutoencoder(nn.Module):
    """The same two hidden layers, wide enough to learn by heart, from a patch (batch, side, side) back to one."""

    def __init__(self, side: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            *_hidden(side * side, hidden, dropout),
            *_hidden(hidden, hidden, dropout),
            nn.Linear(hidden, side * side),
            nn.Unflatten(1, (side, side)),
        )

    def forward(self, patches: Tensor) -> Tensor:
        """Return the reconstruction."""
        output: Tensor = self.layers(patches)
        return output


def _hidden(entering: int, leaving: int, dropout: float) -> tuple[nn.Module, ...]:
    return nn.Linear(entering, leaving), nn.ReLU(), nn.Dropout(dropout)
