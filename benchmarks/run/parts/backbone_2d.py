"""MNAD's 2D U-Net as a part: frames stacked along channels, one frame out, scored by PSNR."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from benchmarks.run.parts.task import Task
from benchmarks.study.settings import Settings
from mnad import network, score


class Backbone2d:
    """Encoder and decoder of the U-Net, and MNAD's errors."""

    error_terms = ("mse",)
    scores = ("psnr",)
    evaluation_batch = 8
    initialise: Callable[[nn.Module], None] | None = None
    memory_format = torch.channels_last

    def __init__(self, settings: Settings, task: Task, channel_multiplier: int) -> None:
        width = round(network.PAPER_WIDTH * settings.width)
        frames = task.inputs.stop - task.inputs.start
        self.query_channels = 8 * width
        self.encoder: nn.Module = network.Encoder(frames * settings.channels, width)
        self.decoder: nn.Module = network.Decoder(
            channel_multiplier * self.query_channels,
            settings.channels,
            width,
            skip=settings.skip,
            upsampling="halve" if settings.upsampling == "halve" else "keep",
        )

    def to_inputs(self, frames: Tensor, *, rc2020_range: bool = False) -> Tensor:
        """Return (batch, time * channels, height, width) in [-1, 1], frame by frame along channels.

        rc2020_range: divide by 255 first, as RC2020's noisy loader does, so that the input lies in [-1, -0.992].
        """
        scaled = score.to_frames(frames)
        if rc2020_range:
            scaled = score.to_frames(frames.float() / 255.0)
        stacked = scaled.permute(0, 1, 4, 2, 3).flatten(1, 2)
        return stacked.contiguous(memory_format=torch.channels_last)

    def to_targets(self, frames: Tensor) -> Tensor:
        """Return (batch, channels, height, width) in [-1, 1]."""
        return self.to_inputs(frames)

    def as_map(self, encoded: Tensor) -> Tensor:
        """The encoder's output is a map already."""
        return encoded

    def from_map(self, features: Tensor) -> Tensor:
        """The decoder takes a map."""
        return features.contiguous(memory_format=torch.channels_last)

    def errors(self, output: Tensor, target: Tensor, *, last_only: bool) -> Mapping[str, Tensor]:
        """Return mse (frames in [0, 1]; PSNR follows from it) and point_score."""
        del last_only
        error = score.squared_error(output, target)
        return {"mse": score.mean_squared_error(error), "point_score": score.point_score(error)}

    def scored_difference(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the squared error, averaged over channels."""
        return score.squared_error(output, target).mean(dim=1)


build = Backbone2d
