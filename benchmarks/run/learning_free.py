"""The baselines without learning as methods: they are fitted in `prepare`, if at all, and have no objectives."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from baselines.learning_free import mean_frame, mean_squared_error
from benchmarks.run.contract import Batch, Clips, Look, Losses, Objective, Scored, ScoreRule
from benchmarks.study.settings import Settings

_VARIANT = "plain"
_CHUNK = 64


class LearningFree:
    """What the three have in common: one variant, no training, no usage of items."""

    clip_length = 1
    scored_frame = 0
    evaluation_batch = 64
    rule = ScoreRule("psnr", {"psnr": 1.0}, _VARIANT)

    def __init__(self, settings: Settings, seed: int, device: torch.device) -> None:
        del settings, seed
        self.device = device

    def prepare(self, clips: Clips) -> None:
        """Nothing is fitted."""

    def objectives(self) -> Sequence[Objective]:
        """There is nothing to minimise."""
        return []

    def losses(self, batch: Batch, objective: str) -> Losses:
        """There is nothing to minimise; the harness does not ask."""
        raise NotImplementedError

    def variants(self) -> tuple[str, ...]:
        """There is one way to score."""
        return (_VARIANT,)

    def begin_evaluation(self, variants: Sequence[str]) -> None:
        """Nothing is left from an earlier evaluation."""

    def begin_video(self, video: int) -> None:
        """Videos do not matter."""

    def score(self, batch: Batch, map_size: int | None = None) -> Scored:
        """Return the method's term, and its error map if one is asked for and it draws any."""
        name, values = self.term(batch)
        drawn = self.look(batch) if map_size is not None else None
        error_map = None
        if drawn is not None and map_size is not None:
            error_map = nn.functional.adaptive_avg_pool2d(drawn.error.unsqueeze(1), map_size).squeeze(1)
        return Scored({_VARIANT: {name: torch.from_numpy(np.asarray(values, dtype=np.float64))}}, error_map)

    def term(self, batch: Batch) -> tuple[str, Any]:
        """Return name and values (batch,) of the one score term."""
        raise NotImplementedError

    def look(self, batch: Batch) -> Look | None:
        """It draws nothing."""
        del batch
        return None

    def take_usage(self) -> Mapping[str, Tensor]:
        """There are no items."""
        return {}

    def state(self) -> dict[str, Tensor]:
        """There is nothing to keep."""
        return {}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """There is nothing to restore."""

    def parameter_count(self) -> int:
        """Nothing is learned by gradient."""
        return 0

    def facts(self) -> Mapping[str, Any]:
        """Return the clip's length."""
        return {"clip_length": self.clip_length}


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

    def look(self, batch: Batch) -> Look:
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

    def look(self, batch: Batch) -> Look:
        """Its output is the frame before."""
        before, frame = (batch.frames / 255).unbind(dim=1)
        return _drawn(before, before, frame)


class Clock(LearningFree):
    """How far the video has run. It looks at nothing: what it reaches is the data set's order of events."""

    rule = ScoreRule("elapsed", {"elapsed": 1.0}, _VARIANT)

    def term(self, batch: Batch) -> tuple[str, Any]:
        """Return the number of the frame."""
        return "elapsed", batch.first


def _drawn(seen: Tensor, output: Tensor, target: Tensor) -> Look:
    return Look(seen, target, output, (output - target).square().mean(dim=-1))
