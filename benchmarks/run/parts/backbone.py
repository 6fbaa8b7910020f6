"""What the harness asks of a backbone."""

from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import Tensor, nn


class Backbone(Protocol):
    """Encoder and decoder with the conversion of frames, and the error that the published score rests on."""

    encoder: nn.Module
    decoder: nn.Module

    query_channels: int
    """Channels of the query map."""
    error_terms: tuple[str, ...]
    """Score terms that `errors` gives, ``point_score`` aside."""
    scores: tuple[str, ...]
    """Scores that its errors give, each worth a column; the first unless the settings name another one."""
    memory_format: torch.memory_format
    """Layout in memory that the convolutions are fastest with."""
    evaluation_batch: int
    """Clips that are scored at once."""
    initialise: Callable[[nn.Module], None] | None
    """What is done to a layer after torch's own initialisation."""

    def to_inputs(self, frames: Tensor, *, rc2020_range: bool = False) -> Tensor:
        """Scale and arrange frames (batch, time, height, width, channels) uint8 for the encoder."""

    def to_targets(self, frames: Tensor) -> Tensor:
        """Scale and arrange target frames as the decoder gives them."""

    def as_map(self, encoded: Tensor) -> Tensor:
        """Turn the encoder's output into a query map (batch, channels, height, width)."""

    def from_map(self, features: Tensor) -> Tensor:
        """Turn a map of features back into what the decoder takes."""

    def errors(self, output: Tensor, target: Tensor, *, last_only: bool) -> Mapping[str, Tensor]:
        """Return score terms (batch,); ``point_score`` among them decides the test-time update."""

    def scored_difference(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the squared difference (batch, height, width) in [0, 1] at the scored frame, for maps."""
