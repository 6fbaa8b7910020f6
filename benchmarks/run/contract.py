"""The contract between the harness and a method.

A method says how long its clips are and which frame a clip's score belongs to; it gives losses to minimise, or fits
itself without gradients; it scores clips in the order of the video. The harness does the rest: data, order, optimiser
steps, checkpoints, metrics, records. To add a method, derive from `Method`, say what differs, and name the class on the
method's card (`benchmarks.study.methods`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Clips on the device, with where each comes from.

    frames: (batch, time, height, width, channels) uint8
    video, first: (batch,) index of the video in its split, and in it of the clip's first frame
    index: (batch,) position of the clip in its split, below 0 for a known anomaly; epoch: None at test
    regions: (batch, height, width) bool, True where the method is to look; None means everywhere
    """

    frames: Tensor
    video: NDArray[np.int64]
    first: NDArray[np.int64]
    index: NDArray[np.int64]
    epoch: int | None = None
    regions: Tensor | None = None


@dataclass(frozen=True)
class Objective:
    """One optimiser with its learning-rate schedule, stepped once an epoch; most methods have one objective."""

    name: str
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler


@dataclass(frozen=True)
class Losses:
    """What one step minimises (``total``, with gradient) and its terms, unweighted and detached, for the record."""

    total: Tensor
    terms: Mapping[str, Tensor]


@dataclass(frozen=True)
class Scored:
    """Score terms of a batch, (batch,) each, by variant; and the error map (batch, size, size) if one was asked for."""

    terms: Mapping[str, Mapping[str, Tensor]]
    error_map: Tensor | None = None


@dataclass(frozen=True)
class Inspection:
    """What a method made of a batch, for people to see; scores do not come from here. On the batch's device.

    input, target, output: (batch, height, width, channels) float32 in [0, 1], the scored frame (input: the frame nearest
        to it that went in, noise included; output: cut to the range)
    error: (batch, height, width) float32, the scored frame's error per pixel as the method scores it (squared or absolute)
    query: (batch, channels, h, w) float32, before any normalisation, or None; a volume's times one above the other
    nearest: (batch, h, w) int64 item index, -1 for an empty address, or None; weight: (batch, h, w) float32, its address
        weight, or None
    drawn: False where a method gives no image back; then the target stands for the output, and only the error says anything
    """

    input: Tensor
    target: Tensor
    output: Tensor
    error: Tensor
    query: Tensor | None = None
    nearest: Tensor | None = None
    weight: Tensor | None = None
    drawn: bool = True


@dataclass(frozen=True)
class ScoreRule:
    """How terms become the method's published score: weights by term, e.g. ``{"psnr": 0.6, "feature_distance": 0.4}``.

    variant: the variant that is the method as published
    others: further scores worth a column, as name -> weights
    """

    name: str
    weights: Mapping[str, float]
    variant: str
    others: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


class Clips(Protocol):
    """What `prepare` gets: the training clips, in order."""

    def __len__(self) -> int:
        """Return the number of clips."""

    def take(self, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return clips (batch, time, height, width, channels) uint8."""


PLAIN = "plain"
"""The variant of a method that can be scored in one way alone."""


class Method(Protocol):
    """Everything that the harness asks of a method.

    What is defined here is that of a method that learns nothing, has no items and knows no videos; a method defines what
    is otherwise.
    """

    clip_length: int
    """Frames of a clip, 1 to 17."""
    scored_frame: int
    """Position in the clip of the frame that the clip's score belongs to."""
    evaluation_batch: int
    """Clips that are scored at once; it changes no score."""
    rule: ScoreRule

    def prepare(self, clips: Clips) -> None:
        """Take a first look at the training clips: a mean frame, PCA, statistics. Most methods do nothing."""
        del clips

    def objectives(self) -> Sequence[Objective]:
        """Return the optimisers, in the order of their steps; none for a method that is fitted in `prepare`.

        Asked for after `prepare` or `load`, since what a method was fitted to can decide what it minimises.
        """
        return []

    def losses(self, batch: Batch, objective: str) -> Losses:
        """Return the losses of a training batch; the memory, if any, takes its own step here. Asked for objectives alone."""
        raise NotImplementedError

    def variants(self) -> tuple[str, ...]:
        """Return the names of the variants that one checkpoint can be scored under, the published one first."""
        return (PLAIN,)

    def begin_evaluation(self, variants: Sequence[str]) -> None:
        """Switch to scoring and forget what an earlier evaluation left (items that were updated at test time)."""
        del variants

    def begin_video(self, video: int) -> None:
        """Learn that the next batches belong to another video."""
        del video

    def score(self, batch: Batch, map_size: int | None = None) -> Scored:
        """Score consecutive clips of one video under every variant, sharing what they share."""

    def inspect(self, batch: Batch) -> Inspection | None:
        """Return what the trained method makes of test clips, no update, changing nothing; None if it draws nothing."""
        del batch
        return None

    def take_usage(self) -> Mapping[str, Tensor]:
        """Return and reset how often each item was a query's nearest, (n_items,) by variant; ``train`` in training."""
        return {}

    def state(self) -> dict[str, Tensor]:
        """Return everything that a checkpoint must hold, items included, but for the optimisers."""
        return {}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state` returned."""
        del state

    def parameter_count(self) -> int:
        """Return the number of learned parameters, items that are parameters included."""
        return 0

    def facts(self) -> Mapping[str, Any]:
        """Return what else belongs in the record; JSON can hold it."""
        return {"clip_length": self.clip_length}
