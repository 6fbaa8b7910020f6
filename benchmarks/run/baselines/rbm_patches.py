"""`rbm_patches`: how badly a compressive RBM rebuilds the worst patch of a frame (`baselines.rbm_patches`).

It is fitted in `prepare`, by scikit-learn, and has no objectives; ``epochs``, ``batch`` and ``learning_rate`` are the
RBM's own, over the patches that were drawn. Every draw is fixed by the seed.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from baselines.rbm_patches import PatchRBM, Rebuilt, fit_rbm, rebuild, sample_patches
from benchmarks.run.contract import PLAIN, Batch, Clips, Inspection, Scored, ScoreRule
from benchmarks.run.learning_free import LearningFree
from benchmarks.run.streams import numpy_stream, seed_of
from benchmarks.study.settings import Settings

# Frames that patches are drawn from; more frames of a fixed camera are more of the same.
_FRAMES = 512
# scikit-learn takes seeds of 32 bits.
_SEEDS = 2**32


class RbmPatches(LearningFree):
    """Scored by the largest error of a patch: one foreign thing is enough, as in the paper, which detects regions.

    The mean over all patches is given beside it.
    """

    rule = ScoreRule("map_peak", {"map_peak": 1.0}, PLAIN, {"map_mean": {"map_mean": 1.0}})

    def __init__(self, settings: Settings, seed: int, device: torch.device) -> None:
        super().__init__(settings, seed, device)
        self.settings = settings
        self.seed = seed
        self.patch, self.stride = settings.patch or 1, settings.patch_stride or 1
        self.rbm: PatchRBM | None = None

    def prepare(self, clips: Clips) -> None:
        """Fit the machine to patches drawn from training frames."""
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
            seed=seed_of(self.seed, "rbm") % _SEEDS,
        )
        self.rbm = rbm.to(self.device)

    def score(self, batch: Batch, map_size: int | None = None) -> Scored:
        """Return the largest and the mean error of a frame's patches, and where errors lie if that is asked for."""
        found = self._rebuilt(batch)
        errors = found.patch_error.flatten(1)
        error_map = None
        if map_size is not None:
            error_map = functional.adaptive_avg_pool2d(found.pixel_error.unsqueeze(1), map_size).squeeze(1)
        return Scored({PLAIN: {"map_peak": errors.amax(dim=1), "map_mean": errors.mean(dim=1)}}, error_map)

    def inspect(self, batch: Batch) -> Inspection:
        """Return frames rebuilt patch by patch; where patches overlap, output and error are their mean."""
        frame = batch.frames[:, 0].float() / 255
        found = self._rebuilt(batch)
        return Inspection(frame, frame, found.images.permute(0, 2, 3, 1).clamp(0, 1), found.pixel_error)

    def state(self) -> dict[str, Tensor]:
        """Return the machine."""
        rbm = self._fitted()
        return {"weights": rbm.weights, "hidden_bias": rbm.hidden_bias, "visible_bias": rbm.visible_bias}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore the machine."""
        self.rbm = PatchRBM(**state).to(self.device)

    def parameter_count(self) -> int:
        """Return the machine's weights and biases."""
        return sum(value.numel() for value in self.state().values())

    def _rebuilt(self, batch: Batch) -> Rebuilt:
        return rebuild(self._fitted(), _images(batch.frames[:, 0]), self.patch, self.stride)

    def _fitted(self) -> PatchRBM:
        assert self.rbm is not None, "prepare or load comes first"
        return self.rbm


def _images(frames: Tensor) -> Tensor:
    """Return frames (batch, height, width, channels) uint8 as images (batch, channels, height, width) in [0, 1]."""
    return frames.permute(0, 3, 1, 2).float() / 255
