"""MemAE as the paper's program trains and evaluates it: the slow side of the comparisons (see `published_recipe`).

Source: STUDY section 4; golden files ``memae_*``. Shapes: volume (batch, channels, time, height, width), items
(n, channels).
"""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.perf.published_recipe import clips_of, decode, regularity
from memae.network import Decoder, Encoder, initialise, level_widths

LENGTH = 16
LEARNING_RATE = 1e-4
ENTROPY_WEIGHT = 0.0002
SHRINK_THRESHOLD = 0.0025
_EPSILON = 1e-12


def scaled(frame: NDArray[np.uint8]) -> Tensor:
    """Return a frame (size, size, channels) as (channels, size, size) float32 in [-1, 1]."""
    return torch.from_numpy(((frame.astype(np.float32) / 255.0 - 0.5) / 0.5).transpose(2, 0, 1).copy())


def load_clip(files: Sequence[Path], size: int, channels: int) -> Tensor:
    """Decode every frame of a clip and stack them in time: (channels, frames, size, size)."""
    return torch.stack([scaled(decode(path, size, channels)) for path in files], dim=1)


def volume_rows(volume: Tensor) -> Tensor:
    """Return a volume as rows (batch * time * height * width, channels)."""
    return volume.permute(0, 2, 3, 4, 1).contiguous().view(-1, volume.shape[1])


def rows_volume(rows: Tensor, like: Tensor) -> Tensor:
    """Undo `volume_rows`, for any number of columns."""
    batch, _, time, height, width = like.shape
    return rows.view(batch, time, height, width, rows.shape[1]).permute(0, 4, 1, 2, 3).contiguous()


def address(rows: Tensor, items: Tensor, threshold: float) -> Tensor:
    """Return the attention over items: softmax of inner products, shrunk unless the threshold is 0."""
    weights = torch.softmax(functional.linear(rows, items), dim=1)
    if threshold > 0:
        weights = functional.relu(weights - threshold) * weights / (torch.abs(weights - threshold) + _EPSILON)
        weights = functional.normalize(weights, p=1, dim=1)
    return weights


def read(attention: Tensor, items: Tensor) -> Tensor:
    """Return the sum of items under the attention."""
    return functional.linear(attention, items.t())


def entropy(attention: Tensor) -> Tensor:
    """Return the mean entropy of rows of attention."""
    return torch.mean(-torch.sum(attention * torch.log(attention + _EPSILON), dim=1))


def clip_error(output: Tensor, target: Tensor) -> float:
    """Return the mean over pixels and time of the norm over channels of the difference of one clip."""
    return torch.mean(torch.sqrt(torch.sum((output - target) ** 2, dim=1))).item()


class Memae(nn.Module):
    """The network; the items are a parameter."""

    def __init__(self, *, width: int, channels: int, n_items: int = 2000) -> None:
        super().__init__()
        query_channels = level_widths(width)[3]
        self.channels = channels
        self.encoder = Encoder(channels, width)
        self.decoder = Decoder(query_channels, channels, width, skip=False)
        bound = query_channels**-0.5
        self.items = nn.Parameter(torch.empty(n_items, query_channels).uniform_(-bound, bound))
        self.apply(initialise)

    def forward(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        """Return the output and the attention as a volume (batch, n_items, time, height, width)."""
        query, _ = self.encoder(clips)
        rows = volume_rows(query)
        attention = address(rows, self.items, SHRINK_THRESHOLD)
        output = self.decoder(rows_volume(read(attention, self.items), query))
        return output, rows_volume(attention, query)


class Training:
    """The training script: Adam, clips decoded as they come."""

    def __init__(self, model: Memae, *, size: int = 256, batch: int = 10) -> None:
        self.model = model
        self.size = size
        self.batch = batch
        self.optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, foreach=False, fused=False)

    def step(self, clips: Tensor) -> dict[str, float]:
        """Train on a batch (batch, channels, time, size, size); return the losses."""
        self.model.train()
        output, attention = self.model(clips)
        pixel = functional.mse_loss(output, clips)
        spread = entropy(volume_rows(attention))
        total = pixel + ENTROPY_WEIGHT * spread
        self.optimiser.zero_grad()
        total.backward()
        self.optimiser.step()
        return {"pixel": pixel.item(), "entropy": spread.item(), "total": total.item()}

    def epoch(self, files: Sequence[Path]) -> list[float]:
        """Train on all clips of a video in a random order, the last incomplete batch dropped; return the losses."""
        clips = clips_of(files, LENGTH)
        random.shuffle(clips)
        losses = []
        for start in range(0, len(clips) - self.batch + 1, self.batch):
            loaded = [load_clip(clip, self.size, self.model.channels) for clip in clips[start : start + self.batch]]
            losses.append(self.step(torch.stack(loaded))["total"])
        return losses


def evaluate(
    model: Memae, videos: Sequence[Sequence[Path]], *, size: int = 256
) -> tuple[list[list[float]], list[float]]:
    """Score every clip of videos given as their files, one at a time; return errors by video, and regularity."""
    model.eval()
    errors: list[list[float]] = []
    for files in videos:
        errors.append([])
        for clip in clips_of(files, LENGTH):
            loaded = load_clip(clip, size, model.channels).unsqueeze(0)
            output, _ = model(loaded)
            errors[-1].append(clip_error(output, loaded))
    return errors, regularity(errors)
