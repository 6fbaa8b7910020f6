"""Autoencoders that see frames with zero mean and unit variance, measured on the training frames."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.run.contract import Clips
from benchmarks.run.frame_autoencoder import FrameAutoencoder
from benchmarks.study.settings import Settings

# Clips whose first frames the mean and the deviation are measured on; more frames of a fixed camera are more of the same.
_CLIPS = 512


class StandardisedAutoencoder(FrameAutoencoder):
    """Removes the mean image of training frames and divides by the deviation from it, as Chong and Tay 2017 do.

    Raw grey values have a mean of about 0.45 and change little from frame to frame: the mean image is then most of what a
    network sees, and learning it is most of what it does.
    """

    def __init__(self, settings: Settings, seed: int, device: torch.device) -> None:
        super().__init__(settings, seed, device)
        self.centre = torch.zeros((), dtype=self.dtype, device=device)
        self.deviation = torch.ones((), dtype=self.dtype, device=device)

    def prepare(self, clips: Clips) -> None:
        """Measure centre and deviation on training frames spread evenly over the clips."""
        picks = np.unique(np.linspace(0, len(clips) - 1, num=min(_CLIPS, len(clips))).round().astype(np.int64))
        # In grey levels, whose sums are exact: frames that never change deviate by nothing at all.
        frames = torch.from_numpy(clips.take(picks)[:, 0]).permute(0, 3, 1, 2).double()
        centre = self.centre_of(frames)
        deviation = (frames - centre).square().mean().sqrt()
        self.centre = (centre / 255.0).to(device=self.device, dtype=self.dtype)
        # Without any deviation frames are centred alone.
        self.deviation = torch.where(deviation > 0, deviation / 255.0, 1.0).to(device=self.device, dtype=self.dtype)

    def centre_of(self, frames: Tensor) -> Tensor:
        """Return what is subtracted from frames (n, channels, height, width): their mean image."""
        return frames.mean(dim=0)

    def reconstruct(self, clips: Tensor) -> Tensor:
        """Pass clips through the network, standardised before and restored after it."""
        output: Tensor = self.network(self.standardised(clips))
        return self.restored(output)

    def loss_terms(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return the mean squared error of standardised frames."""
        return {"pixel": nn.functional.mse_loss(output, target) / self.deviation.square()}

    def standardised(self, clips: Tensor) -> Tensor:
        """Return clips in [0, 1] with zero mean and unit variance."""
        return (clips - self.centre) / self.deviation

    def restored(self, output: Tensor) -> Tensor:
        """Return standardised clips in the range of frames."""
        return output * self.deviation + self.centre

    def state(self) -> dict[str, Tensor]:
        """Return the network, centre and deviation."""
        return {**super().state(), "standard.centre": self.centre, "standard.deviation": self.deviation}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state` returned."""
        network = dict(state)
        self.centre = network.pop("standard.centre").to(device=self.device, dtype=self.dtype)
        self.deviation = network.pop("standard.deviation").to(device=self.device, dtype=self.dtype)
        super().load(network)
