"""MNAD as the paper's program trains and evaluates it: the slow side of the comparisons (see `published_recipe`).

Source: STUDY section 3; golden files ``mnad_*``. Shapes: query (batch, channels, height, width), items (n, channels).
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.perf.published_recipe import clips_of, decode, normality
from mnad.network import Decoder, Encoder

Task = Literal["prediction", "reconstruction"]
LEARNING_RATE = 2e-4
EPOCHS = 60
LENGTH = {"prediction": 5, "reconstruction": 1}
LOSS_WEIGHT = {"prediction": 0.1, "reconstruction": 0.01}
THRESHOLD = {"prediction": 0.01, "reconstruction": 0.015}
ALPHA = {"prediction": 0.6, "reconstruction": 0.7}


def scaled(frame: NDArray[np.uint8]) -> Tensor:
    """Return a frame (size, size, channels) as (channels, size, size) float32 in [-1, 1]."""
    return torch.from_numpy((frame.astype(np.float32) / 127.5 - 1.0).transpose(2, 0, 1).copy())


def load_clip(files: Sequence[Path], size: int, channels: int) -> Tensor:
    """Decode every frame of a clip and stack them along channels: (frames * channels, size, size)."""
    return torch.cat([scaled(decode(path, size, channels)) for path in files], dim=0)


def query_rows(query: Tensor) -> Tensor:
    """Return unit-length queries (batch * height * width, channels)."""
    normalised = functional.normalize(query, dim=1)
    return normalised.permute(0, 2, 3, 1).contiguous().view(-1, query.shape[1])


def read(query: Tensor, items: Tensor) -> Tensor:
    """Return query and read side by side; the weights are detached."""
    rows = query_rows(query)
    over_items = torch.softmax(torch.matmul(rows, items.t()), dim=1).detach()
    both = torch.cat((rows, torch.matmul(over_items, items)), dim=1)
    batch, _, height, width = query.shape
    return both.view(batch, height, width, both.shape[1]).permute(0, 3, 1, 2).contiguous()


def update(query: Tensor, items: Tensor) -> Tensor:
    """Return the new items, one item after another."""
    rows = query_rows(query)
    scores = torch.matmul(rows, items.t())
    over_queries = torch.softmax(scores, dim=0)
    nearest = torch.topk(scores, 1, dim=1).indices.squeeze(1)
    step = torch.zeros_like(items)
    for item in range(items.shape[0]):
        members = torch.nonzero(nearest == item).squeeze(1)
        if len(members) > 0:
            weights = over_queries[members, item] / torch.max(over_queries[:, item])
            step[item] = torch.sum(weights.unsqueeze(1) * rows[members], dim=0)
    return functional.normalize(items + step, dim=1).detach()


def compactness(query: Tensor, items: Tensor) -> Tensor:
    """Return the mean squared difference between queries and their nearest items; at test the feature distance."""
    rows = query_rows(query)
    nearest = torch.topk(torch.softmax(torch.matmul(rows, items.t()), dim=1), 1, dim=1).indices.squeeze(1)
    return functional.mse_loss(rows, items[nearest].detach())


def separateness(query: Tensor, items: Tensor) -> Tensor:
    """Return the triplet margin loss between nearest and second nearest item."""
    rows = query_rows(query)
    first_two = torch.topk(torch.softmax(torch.matmul(rows, items.t()), dim=1), 2, dim=1).indices
    positive, negative = items[first_two[:, 0]].detach(), items[first_two[:, 1]].detach()
    return functional.triplet_margin_loss(rows, positive, negative, margin=1.0)


def point_score(output: Tensor, target: Tensor) -> float:
    """Return the weighted mean error of a frame, which decides the test-time update."""
    error = ((output + 1) / 2 - (target + 1) / 2) ** 2
    weight = 1 - torch.exp(-error)
    return (torch.sum(weight * error) / torch.sum(weight)).item()


class Mnad(nn.Module):
    """The network; the items are kept beside it."""

    def __init__(self, task: Task, *, width: int, channels: int) -> None:
        super().__init__()
        inputs = 4 if task == "prediction" else 1
        self.task: Task = task
        self.channels = channels
        self.seen = inputs * channels
        self.encoder = Encoder(self.seen, width)
        self.decoder = Decoder(16 * width, channels, width, skip=task == "prediction", upsampling="keep")
        self.items = functional.normalize(torch.rand(10, 8 * width), dim=1)

    def split(self, clip: Tensor) -> tuple[Tensor, Tensor]:
        """Return input and target of clips (batch, frames * channels, size, size)."""
        return clip[:, : self.seen], clip[:, -self.channels :]


@dataclass
class Training:
    """The training script: one optimiser, clips decoded as they come."""

    model: Mnad
    size: int = 256
    batch: int = 4
    optimiser: torch.optim.Adam = field(init=False)
    schedule: torch.optim.lr_scheduler.CosineAnnealingLR = field(init=False)

    def __post_init__(self) -> None:
        parameters = [*self.model.encoder.parameters(), *self.model.decoder.parameters()]
        self.optimiser = torch.optim.Adam(parameters, lr=LEARNING_RATE, foreach=False, fused=False)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, T_max=EPOCHS)

    def step(self, clips: Tensor) -> dict[str, float]:
        """Train on a batch (batch, frames * channels, size, size); return the losses."""
        model = self.model
        model.train()
        inputs, target = model.split(clips)
        query, skips = model.encoder(inputs)
        compact, separate = compactness(query, model.items), separateness(query, model.items)
        features = read(query, model.items)
        model.items = update(query, model.items)
        output = model.decoder(features, skips)
        self.optimiser.zero_grad()
        pixel = torch.mean((output - target) ** 2)
        weight = LOSS_WEIGHT[model.task]
        total = pixel + weight * compact + weight * separate
        total.backward()
        self.optimiser.step()
        losses = {"pixel": pixel, "compactness": compact, "separateness": separate, "total": total}
        return {name: loss.item() for name, loss in losses.items()}

    def epoch(self, files: Sequence[Path]) -> list[float]:
        """Train on all clips of a video in a random order, the last incomplete batch dropped; return the losses."""
        clips = clips_of(files, LENGTH[self.model.task])
        random.shuffle(clips)
        losses = []
        for start in range(0, len(clips) - self.batch + 1, self.batch):
            loaded = [load_clip(clip, self.size, self.model.channels) for clip in clips[start : start + self.batch]]
            losses.append(self.step(torch.stack(loaded))["total"])
        self.schedule.step()
        return losses


@dataclass
class Scores:
    """What the evaluation script appends, frame by frame; psnr and distance by video."""

    mse: list[float] = field(default_factory=list)
    psnr: list[list[float]] = field(default_factory=list)
    distance: list[list[float]] = field(default_factory=list)
    point_score: list[float] = field(default_factory=list)
    updated: list[bool] = field(default_factory=list)
    normality: list[float] = field(default_factory=list)


class Evaluation:
    """The evaluation script: one frame at a time, the graph recorded and dropped; items carried from video to video.

    threshold: frames whose point score lies below update the items; None leaves the items alone.
    """

    def __init__(self, model: Mnad, *, threshold: float | None, size: int = 256, alpha: float | None = None) -> None:
        self.model = model.eval()
        self.items = model.items.clone()
        self.threshold = threshold
        self.size = size
        self.alpha = ALPHA[model.task] if alpha is None else alpha
        self.scores = Scores()

    def begin_video(self) -> None:
        """Open the lists of another video."""
        self.scores.psnr.append([])
        self.scores.distance.append([])

    def frame(self, clip: Tensor) -> Tensor:
        """Score one clip (1, frames * channels, size, size), then update the items; return the output."""
        inputs, target = self.model.split(clip)
        query, skips = self.model.encoder(inputs)
        distance = compactness(query, self.items)
        output: Tensor = self.model.decoder(read(query, self.items), skips)
        mse = functional.mse_loss((output[0] + 1) / 2, (target[0] + 1) / 2).item()
        self.scores.mse.append(mse)
        self.scores.psnr[-1].append(10 * math.log10(1 / mse))
        self.scores.distance[-1].append(distance.item())
        points = point_score(output, target)
        self.scores.point_score.append(points)
        updates = self.threshold is not None and points < self.threshold
        self.scores.updated.append(updates)
        if updates:
            self.items = update(query, self.items)
        return output

    def finish(self) -> Scores:
        """Normalise within each video, and return all scores."""
        self.scores.normality = normality(self.scores.psnr, self.scores.distance, self.alpha)
        return self.scores

    def run(self, videos: Sequence[Sequence[Path]]) -> Scores:
        """Evaluate videos given as their files."""
        for files in videos:
            self.begin_video()
            for clip in clips_of(files, LENGTH[self.model.task]):
                self.frame(load_clip(clip, self.size, self.model.channels).unsqueeze(0))
        return self.finish()
