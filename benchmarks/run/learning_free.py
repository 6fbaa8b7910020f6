"""The baselines without learning as methods: they are fitted in `prepare`, if at all, and have no objectives."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from baselines.learning_free import mean_frame, mean_squared_error
from benchmarks.run.contract import PLAIN, Batch, Clips, Inspection, Method, Scored, ScoreRule
from benchmarks.study.settings import Settings

_CHUNK = 64


class LearningFree(Method):
    """What the three have in common: frames one at a time, and one term."""

    clip_length = 1
    scored_frame = 0
    evaluation_batch = 64
    rule = ScoreRule("psnr", {"psnr": 1.0}, PLAIN)

    def __init__(self, settings: Settings, seed: int, device: torch.device) -> None:
        del settings, seed
        self.device = device

    def score(self, batch: Batch, map_size: int | None = None) -> Scored:
        """Return the method's term, and its error map if one is asked for and it draws any."""
        name, values = self.term(batch)
        drawn = self.inspect(batch) if map_size is not None else None
        error_map = None
        if drawn is not None and map_size is not None:
            error_map = nn.functional.adaptive_avg_pool2d(drawn.error.unsqueeze(1), map_size).squeeze(1)
        return Scored({PLAIN: {name: torch.from_numpy(np.asarray(values, dtype=np.float64))}}, error_map)

    def term(self, batch: Batch) -> tuple[str, Any]:
        """Return name and values (batch,) of the one score term."""
        raise NotImplementedError


class MeanFrame(LearningFree):
    """How far a frame is from the mean of all training frames."""

    mean: np.ndarray[Any, np.dtype[np.float64]]

    def prepare(self, clips: Clips) -> None:
        """Average the training frames."""
        starts = range(0, len(clips), _CHUNK)
        self.mean = mean_frame(clips.take(np.arange(start, min(start + _CHUNK, len(clips))))[:, 0] for start in starts)

    def term(self, batch: Batch) -> tuple[str, Any]:
        """Return the mean squared error against the mean frame."""
        return "mse", mean_squared_error(batch.frames[:, 0].cpu().numpy(), self.mean)

    def inspect(self, batch: Batch) -> Inspection:
        """Its output is the mean frame, whatever comes."""
        frame = batch.frames[:, 0] / 255
        return _drawn(frame, (torch.from_numpy(self.mean).to(frame) / 255).expand_as(frame), frame)


class FrameDifference(LearningFree):
    """How far a frame is from the one before."""

    clip_length = 2
    scored_frame = 1

    def term(self, batch: Batch) -> tuple[str, Any]:
        """Return the mean squared error against the frame before."""
        frames = batch.frames.cpu().numpy()
        return "mse", mean_squared_error(frames[:, 1], frames[:, 0])

    def inspect(self, batch: Batch) -> Inspection:
        """Its output is the frame before."""
        before, frame = (batch.frames / 255).unbind(dim=1)
        return _drawn(before, before, frame)


class Clock(LearningFree):
    """How far the video has run. It looks at nothing: what it reaches is the data set's order of events."""

    rule = ScoreRule("elapsed", {"elapsed": 1.0}, PLAIN)

    def term(self, batch: Batch) -> tuple[str, Any]:
        """Return the number of the frame."""
        return "elapsed", batch.first


def _drawn(seen: Tensor, output: Tensor, target: Tensor) -> Inspection:
    return Inspection(seen, target, output, (output - target).square().mean(dim=-1))
