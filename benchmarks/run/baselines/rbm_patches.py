"""`rbm_patches`: how badly a compressive RBM rebuilds the worst patch of a frame (`baselines.rbm_patches`).

It is fitted in `prepare` and has no objectives; ``epochs``, ``batch`` and ``learning_rate`` are the
RBM's own, over the patches that were drawn. Every draw is fixed by the seed.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from baselines.rbm_patches import PatchRBM, Rebuilt, fit_rbm, pixel_errors, rebuild, sample_patches
from benchmarks.run.contract import PLAIN, Batch, Clips, Inspection, Scored, ScoreRule
from benchmarks.run.learning_free import LearningFree
from benchmarks.run.streams import numpy_stream, seed_of
from benchmarks.study.settings import Settings

# Frames that patches are drawn from; more frames of a fixed camera are more of the same.
_FRAMES = 512
# Images that are rebuilt at once in `prepare`.
_BATCH = 32
# A place whose normal error hardly varies still tolerates this share of the mean variation.
_LEAST_SHARE = 0.1


class RbmPatches(LearningFree):
    """Scored by the largest error of a patch: one foreign thing is enough, as in the paper, which detects regions.

    Each place's error is standardised by the training frames' errors there, since an edge of the background is rebuilt
    badly in every frame. The mean over all patches is a score of its own.
    """

    rule = ScoreRule("map_peak", {"map_peak": 1.0}, PLAIN, {"map_mean": {"map_mean": 1.0}})

    def __init__(self, settings: Settings, seed: int, device: torch.device) -> None:
        super().__init__(settings, seed, device)
        self.settings = settings
        self.seed = seed
        self.patch, self.stride = settings.patch or 1, settings.patch_stride or 1
        self.rbm: PatchRBM | None = None
        self.normal: tuple[Tensor, Tensor] | None = None

    def prepare(self, clips: Clips) -> None:
        """Fit the machine to patches drawn from training frames, and measure the error of each place on these frames."""
        settings = self.settings
        rng = numpy_stream(self.seed, "patches")
        picks = np.sort(rng.choice(len(clips), size=min(_FRAMES, len(clips)), replace=False))
        images = _images(torch.from_numpy(clips.take(picks)[:, 0]))
        rbm = fit_rbm(
            sample_patches(images, self.patch, settings.patches or 0, rng),
            hidden=settings.bottleneck or 0,
            iterations=settings.epochs,
            learning_rate=settings.learning_rate,
            batch=settings.batch,
            seed=seed_of(self.seed, "rbm"),
        )
        self.rbm = rbm.to(self.device)
        rebuilt = [rebuild(rbm, part, self.patch, self.stride).patch_error for part in images.split(_BATCH)]
        errors = torch.cat(rebuilt).double()
        mean, deviation = errors.mean(dim=0), errors.std(dim=0, correction=0)
        least = (_LEAST_SHARE * deviation.mean()).clamp_min(torch.finfo(torch.float32).tiny)
        self.normal = mean.float().to(self.device), deviation.clamp_min(least).float().to(self.device)

    def score(self, batch: Batch, map_size: int | None = None) -> Scored:
        """Return the largest and the mean error of a frame's patches, and where errors lie if that is asked for."""
        errors = self._standardised(self._rebuilt(batch).patch_error)
        error_map = None
        if map_size is not None:
            pixels = pixel_errors(errors, self.patch, self.stride).unsqueeze(1)
            error_map = functional.adaptive_avg_pool2d(pixels, map_size).squeeze(1)
        errors = errors.flatten(1)
        return Scored({PLAIN: {"map_peak": errors.amax(dim=1), "map_mean": errors.mean(dim=1)}}, error_map)

    def inspect(self, batch: Batch) -> Inspection:
        """Return frames rebuilt patch by patch; where patches overlap, output and error are their mean."""
        frame = batch.frames[:, 0].float() / 255
        found = self._rebuilt(batch)
        error = pixel_errors(self._standardised(found.patch_error), self.patch, self.stride)
        return Inspection(frame, frame, found.images.permute(0, 2, 3, 1).clamp(0, 1), error)

    def state(self) -> dict[str, Tensor]:
        """Return the machine, and the training frames' error of each place."""
        rbm = self._fitted()
        assert self.normal is not None, "prepare or load comes first"
        mean, deviation = self.normal
        return {**dataclasses.asdict(rbm), "normal.mean": mean, "normal.deviation": deviation}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state` returned."""
        parts = {name: value.to(self.device) for name, value in state.items()}
        self.normal = parts.pop("normal.mean"), parts.pop("normal.deviation")
        self.rbm = PatchRBM(**parts)

    def parameter_count(self) -> int:
        """Return the machine's weights and biases."""
        rbm = self._fitted()
        return sum(part.numel() for part in (rbm.weights, rbm.hidden_bias, rbm.visible_bias))

    def _rebuilt(self, batch: Batch) -> Rebuilt:
        return rebuild(self._fitted(), _images(batch.frames[:, 0]), self.patch, self.stride)

    def _standardised(self, patch_errors: Tensor) -> Tensor:
        """Return how many deviations the errors (batch, rows, columns) lie above each place's normal error; 0 below it."""
        assert self.normal is not None, "prepare or load comes first"
        mean, deviation = self.normal
        return ((patch_errors - mean) / deviation).clamp_min(0)

    def _fitted(self) -> PatchRBM:
        assert self.rbm is not None, "prepare or load comes first"
        return self.rbm


def _images(frames: Tensor) -> Tensor:
    """Return frames (batch, height, width, channels) uint8 as images (batch, channels, height, width) in [0, 1]."""
    return frames.permute(0, 3, 1, 2).float() / 255
