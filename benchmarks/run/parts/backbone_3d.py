"""MemAE's 3D encoder-decoder as a part: a clip in, a clip out, scored by the absolute error."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from benchmarks.run.parts.task import Task
from benchmarks.study.settings import Settings
from memae import network, score
from mnad.score import point_score

_TIME = 2  # frames left of sixteen at the bottleneck


class Backbone3d:
    """Encoder and decoder over volumes, and MemAE's errors."""

    error_terms = ("mean_absolute_error", "mse")
    scores = error_terms
    evaluation_batch = 4
    initialise: Callable[[nn.Module], None] | None = staticmethod(network.initialise)
    memory_format = torch.channels_last_3d

    def __init__(self, settings: Settings, task: Task, channel_multiplier: int) -> None:
        width = round(network.PAPER_WIDTH * settings.width)
        self.query_channels = network.level_widths(width)[3]
        self.scored_frame = task.scored_frame - task.targets.start
        self.encoder: nn.Module = network.Encoder(settings.channels, width)
        self.decoder: nn.Module = network.Decoder(
            channel_multiplier * self.query_channels, settings.channels, width, skip=settings.skip
        )

    def to_inputs(self, frames: Tensor, *, rc2020_range: bool = False) -> Tensor:
        """Return (batch, channels, time, height, width) in [-1, 1]."""
        if rc2020_range:
            frames = frames.float() / 255.0
        return score.to_clips(frames).permute(0, 4, 1, 2, 3).contiguous(memory_format=torch.channels_last_3d)

    def to_targets(self, frames: Tensor) -> Tensor:
        """Return (batch, channels, time, height, width) in [-1, 1]."""
        return self.to_inputs(frames)

    def as_map(self, encoded: Tensor) -> Tensor:
        """Lay the two times at the bottleneck one above the other: (batch, channels, time * height, width)."""
        return encoded.flatten(2, 3)

    def from_map(self, features: Tensor) -> Tensor:
        """Undo `as_map`."""
        volume: Tensor = features.unflatten(2, (_TIME, -1))
        return volume.contiguous(memory_format=torch.channels_last_3d)

    def errors(self, output: Tensor, target: Tensor, *, last_only: bool) -> Mapping[str, Tensor]:
        """Return mean_absolute_error (official, on [-1, 1]), mse (in [0, 1]) and point_score.

        last_only: score the last frame alone, the one that prediction has not seen.
        """
        if last_only:
            output, target = output[:, :, -1:], target[:, :, -1:]
        return {
            "mean_absolute_error": score.clip_error(output, target),
            "mse": score.squared_clip_error(output, target) / 4,
            "point_score": point_score((output - target).square() / 4),
        }

    def scored_difference(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the squared error in [0, 1] of the scored frame, averaged over channels."""
        index = self.scored_frame
        return (output[:, :, index] - target[:, :, index]).square().mean(dim=1) / 4


build = Backbone3d
