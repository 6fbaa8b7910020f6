"""`pca`: a frame's distance to the subspace of the main directions in which training frames vary (`baselines.pca`).

It is fitted in `prepare` and has no objectives. Fitting draws nothing, so every seed gives the same figures.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from baselines.pca import Subspace, fit_subspace, shrink
from benchmarks.errors import StudyError
from benchmarks.run.contract import PLAIN, Batch, Clips, Inspection, Scored, ScoreRule
from benchmarks.run.learning_free import LearningFree
from benchmarks.study.settings import Settings


class Pca(LearningFree):
    """Scored by the mean squared error of the shrunken frame."""

    rule = ScoreRule("mse", {"mse": 1.0}, PLAIN, {"psnr": {"psnr": 1.0}})

    def __init__(self, settings: Settings, seed: int, device: torch.device) -> None:
        super().__init__(settings, seed, device)
        self.settings = settings
        self.subspace: Subspace | None = None

    def prepare(self, clips: Clips) -> None:
        """Fit the subspace to the training frames, ``batch`` at a time."""
        wanted = self.settings.bottleneck or 0
        if len(clips) < wanted:
            raise StudyError(
                f"Expected at least as many training frames as bottleneck={wanted}, but there are {len(clips)}; "
                "choose fewer components or a smaller train_stride."
            )
        self.subspace = fit_subspace(self._chunks(clips, max(self.settings.batch, wanted)), wanted)

    def score(self, batch: Batch, map_size: int | None = None) -> Scored:
        """Return the mean squared error of the shrunken frames, and where it lies if that is asked for."""
        small, rebuilt = self._rebuilt(batch)
        error = np.square(small - rebuilt).mean(axis=3)
        error_map = None
        if map_size is not None:
            pixels = torch.from_numpy(error).float().unsqueeze(1)
            error_map = functional.adaptive_avg_pool2d(pixels, map_size).squeeze(1)
        return Scored({PLAIN: {"mse": torch.from_numpy(error.mean(axis=(1, 2)))}}, error_map)

    def inspect(self, batch: Batch) -> Inspection:
        """Return frames as they lie in the subspace, stretched to the frame's size as their errors are."""
        frame = batch.frames[:, 0].float() / 255
        small, rebuilt = (torch.from_numpy(each).float().permute(0, 3, 1, 2) for each in self._rebuilt(batch))
        output, error = (
            functional.interpolate(each, size=list(frame.shape[1:3]), mode="bilinear").to(frame.device)
            for each in (rebuilt.clamp(0, 1), (small - rebuilt).square().mean(dim=1, keepdim=True))
        )
        return Inspection(frame, frame, output.permute(0, 2, 3, 1), error.squeeze(1))

    def state(self) -> dict[str, Tensor]:
        """Return the subspace."""
        subspace = self._fitted()
        arrays = {"mean": subspace.mean, "components": subspace.components, "explained": subspace.explained}
        return {name: torch.tensor(value) for name, value in arrays.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore the subspace."""
        self.subspace = Subspace(**{name: value.numpy() for name, value in state.items()})

    def parameter_count(self) -> int:
        """Return the numbers that were fitted: the mean and the components."""
        subspace = self._fitted()
        return subspace.mean.size + subspace.components.size

    def facts(self) -> Mapping[str, Any]:
        """Return the number of features, and the share of their variance that the components hold."""
        subspace = self._fitted()
        explained = round(float(subspace.explained.sum()), 6)
        return {**super().facts(), "features": subspace.mean.size, "explained_variance": explained}

    def _chunks(self, clips: Clips, size: int) -> Iterator[NDArray[np.float64]]:
        for start in range(0, len(clips), size):
            frames = clips.take(np.arange(start, min(start + size, len(clips))))[:, 0]
            yield self._shrunk(frames).reshape(len(frames), -1)

    def _shrunk(self, frames: NDArray[np.uint8]) -> NDArray[np.float64]:
        return shrink(frames, self.settings.shrunk_size or self.settings.size)

    def _rebuilt(self, batch: Batch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the shrunken frames (batch, shrunk size, shrunk size, channels), and their nearest in the subspace."""
        small = self._shrunk(batch.frames[:, 0].cpu().numpy())
        return small, self._fitted().reconstruct(small.reshape(len(small), -1)).reshape(small.shape)

    def _fitted(self) -> Subspace:
        assert self.subspace is not None, "prepare or load comes first"
        return self.subspace
