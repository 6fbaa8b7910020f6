"""Adversarial autoencoder on frames: the code of a frame is pushed towards a Gaussian prior by a discriminator.

Makhzani et al. 2015 (arXiv 1511.05644) train it in two phases a batch: reconstruction (encoder and decoder), then
regularisation (first the discriminator, then the encoder as the generator of codes). Dimokranitou 2017 (ref. 3 of seed
004) uses it on surveillance frames and calls a frame abnormal where the adversarial error is high. Of the thesis only the
abstract could be read, so these are ours: convolutions, batch norm and first weights are DCGAN's (Radford et al. 2016:
4x4, stride 2, no norm in the first layer of the encoder and the last of the decoder), the discriminator is Makhzani's (two
hidden layers of ReLU), the encoder is deterministic and the prior N(0, I). Frames go in without the training frames' mean
image and with unit variance. Without batch norm, or at an adversarial rate of 1e-3, it collapsed to one code and one picture.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.func import functional_call

WIDTHS = (64, 128, 256, 512)
"""Channels of the encoder's levels at full width; each level halves the frame."""
HIDDEN = 1000
"""Units of the discriminator's hidden layers (Makhzani et al. 2015, appendix A), whatever the width."""


_DEVIATION = 0.02


class Encoder(nn.Module):
    """Normalised frames (batch, channels, size, size) to codes (batch, code).

    size: side of the frame, a multiple of 2 ** len(widths)
    Raises ValueError for another size.
    """

    def __init__(self, channels: int, size: int, widths: Sequence[int], code: int) -> None:
        super().__init__()
        sides = _smallest_side(size, widths)
        levels: list[nn.Module] = []
        for entering, leaving in zip([channels, *widths[:-1]], widths, strict=True):
            levels.append(nn.Conv2d(entering, leaving, kernel_size=4, stride=2, padding=1))
            levels += [nn.BatchNorm2d(leaving)] if levels[1:] else []
            levels.append(nn.LeakyReLU(0.2))
        self.levels = nn.Sequential(*levels)
        self.to_code = nn.Linear(widths[-1] * sides * sides, code)

    def forward(self, frames: Tensor) -> Tensor:
        """Return the codes."""
        code: Tensor = self.to_code(self.levels(frames).flatten(1))
        return code


class Decoder(nn.Module):
    """Codes (batch, code) to normalised frames (batch, channels, size, size): the encoder mirrored, its last layer linear."""

    def __init__(self, channels: int, size: int, widths: Sequence[int], code: int) -> None:
        super().__init__()
        side = _smallest_side(size, widths)
        self.shape = (widths[-1], side, side)
        self.from_code = nn.Linear(code, math.prod(self.shape))
        levels: list[nn.Module] = []
        for entering, leaving in zip(widths[::-1], [*widths[-2::-1], channels], strict=True):
            levels += [nn.BatchNorm2d(entering), nn.ReLU()]
            levels.append(nn.ConvTranspose2d(entering, leaving, kernel_size=4, stride=2, padding=1))
        self.levels = nn.Sequential(*levels)

    def forward(self, code: Tensor) -> Tensor:
        """Return the frames."""
        frames: Tensor = self.levels(self.from_code(code).unflatten(1, self.shape))
        return frames


class Discriminator(nn.Module):
    """Codes (batch, code) to logits (batch,): high for a draw from the prior, low for the code of a frame."""

    def __init__(self, code: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1)
        )

    def forward(self, code: Tensor) -> Tensor:
        """Return the logits."""
        logits: Tensor = self.layers(code).squeeze(1)
        return logits


class AdversarialAutoencoder(nn.Module):
    """The three networks together: normalised frames (batch, channels, size, size) to their reconstruction.

    hidden: units of each of the discriminator's two hidden layers
    """

    def __init__(self, channels: int, size: int, widths: Sequence[int], code: int, hidden: int) -> None:
        super().__init__()
        self.encoder = Encoder(channels, size, widths, code)
        self.decoder = Decoder(channels, size, widths, code)
        self.discriminator = Discriminator(code, hidden)

    def forward(self, frames: Tensor) -> Tensor:
        """Return the reconstruction; the discriminator has no part in it."""
        output: Tensor = self.decoder(self.encoder(frames))
        return output


def initialise(layer: nn.Module) -> None:
    """Draw convolutions as DCGAN does, N(0, 0.02); dense layers keep torch's own."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, std=_DEVIATION)


@contextmanager
def still_statistics(network: nn.Module) -> Iterator[None]:
    """Normalise by each batch's own statistics, and leave the running ones as they are."""
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True


def judged_by(discriminator: Discriminator, code: Tensor) -> Tensor:
    """Logits (batch,) with gradient to the code alone: the judge's parameters receive none from who tries to fool it."""
    fixed = {name: parameter.detach() for name, parameter in discriminator.named_parameters()}
    logits: Tensor = functional_call(discriminator, fixed, (code,))
    return logits


def discriminator_loss(prior_logits: Tensor, code_logits: Tensor) -> Tensor:
    """Cross-entropy of telling draws of the prior from codes, a mean over both kinds; log 2 for a judge that cannot."""
    return (nn.functional.softplus(-prior_logits).mean() + nn.functional.softplus(code_logits).mean()) / 2


def adversarial_error(code_logits: Tensor) -> Tensor:
    """Error (batch,) of each code in the judge's eyes, -log D(code): low where the code passes for a draw of the prior.

    Its mean is the encoder's loss in the regularisation phase (the non-saturating form of Goodfellow et al. 2014).
    """
    return nn.functional.softplus(-code_logits)


def code_negative_log_likelihood(code: Tensor) -> Tensor:
    """Negative log-likelihood (batch,) of codes (batch, code) under the prior N(0, I), in nats."""
    return code.square().sum(dim=1) / 2 + code.shape[1] * math.log(2 * math.pi) / 2


def prior_draw(code: int, generator: torch.Generator) -> Tensor:
    """One draw (code,) from the prior."""
    return torch.randn(code, generator=generator)


def _smallest_side(size: int, widths: Sequence[int]) -> int:
    halvings = 1 << len(widths)
    side, rest = divmod(size, halvings)
    if rest or not side:
        message = f"{len(widths)} levels need a frame whose side is a multiple of {halvings}, but it is {size}"
        raise ValueError(message)
    return side
