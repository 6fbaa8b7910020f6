"""`fcae`: frames through a fully convolutional autoencoder, within a region of interest (`baselines.fcae`)."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.augmentation import augment, draw_augmentation
from baselines.fcae import KERNELS, FullyConvolutionalAutoencoder
from baselines.heat_map import shrink_luminosity, suppress_bright_spots
from baselines.pool_region import detect_pool
from baselines.target_corruption import corrupt_outside
from benchmarks.errors import StudyError
from benchmarks.run.contract import Batch
from benchmarks.run.frame_autoencoder import FrameAutoencoder
from benchmarks.run.streams import numpy_stream, torch_stream
from benchmarks.study.settings import Settings

Regions = NDArray[np.bool_]


class Fcae(FrameAutoencoder):
    """Where there is a region, it goes in as a last channel, and the output outside is set equal to the input.

    A region comes with the batch or, with ``region=pool``, is found in each frame by its colour and lines: cameras differ
    from video to video. In training a target that is corrupted outside takes the place of that equality.
    """

    def __init__(self, settings: Settings, seed: int, device: torch.device) -> None:
        self._found: dict[int, Regions] = {}
        super().__init__(settings, seed, device)

    def build(self) -> nn.Module:
        """Return the autoencoder with the cell's kernels."""
        settings = self.settings
        assert settings.kernels is not None, "fcae has kernels"
        return FullyConvolutionalAutoencoder(
            KERNELS[settings.kernels], settings.channels, settings.width, settings.dropout or 0.0
        )

    def reconstruct(self, clips: Tensor) -> Tensor:
        """Pass the one frame of each clip through the network; outside the region it comes back as it went in."""
        frames, region = clips[:, 0, : self.settings.channels], clips[:, 0, self.settings.channels :]
        output: Tensor = self.network(frames)
        corrupted = self.settings.target_corruption is not None and self.network.training
        if region.shape[1] and not corrupted:
            output = torch.where(region > 0, output, frames)
        return output.unsqueeze(1)

    def inputs_and_target(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return frames (with their region as a last channel) and what should come out, scaled to [0, 1].

        In training both are augmented alike; at test bright spots and range are cut down in both, as the document does.
        """
        frames = batch.frames[:, 0].cpu().numpy()
        regions = self._regions(batch, frames)
        if batch.epoch is None:
            scaled = self._calmed(_scaled(frames), regions)
        else:
            frames, regions = self._augmented(batch, frames, regions)
            scaled = _scaled(frames)
        target = torch.from_numpy(scaled).permute(0, 3, 1, 2).to(self.device, self.dtype)
        if regions is None:
            return target.unsqueeze(1), target.unsqueeze(1)
        region = torch.from_numpy(regions).to(self.device)
        inputs = torch.cat([target, region.unsqueeze(1).to(self.dtype)], dim=1)
        if batch.epoch is not None and self.settings.target_corruption is not None:
            noise = torch_stream(self.seed, "target", batch.epoch, int(batch.index[0]))
            target = corrupt_outside(target, region, self.settings.target_corruption, noise)
        return inputs.unsqueeze(1), target.unsqueeze(1)

    def _shown(self, clips: Tensor) -> Tensor:
        return super()._shown(clips[:, :, : self.settings.channels])

    def _regions(self, batch: Batch, frames: NDArray[np.uint8]) -> Regions | None:
        """Return the frames' regions (batch, height, width), None for everywhere; those of training are found once."""
        if batch.regions is not None:
            return np.asarray(batch.regions.cpu().numpy(), dtype=np.bool_)
        if self.settings.region is None:
            return None
        found = []
        for row, index in enumerate(batch.index.tolist()):
            region = self._found.get(index) if batch.epoch is not None else None
            if region is None:
                region = detect_pool(frames[row])
                if not region.any():
                    place = f"video {batch.video[row]}, frame {batch.first[row]} (both from 0)"
                    raise StudyError(
                        f"A pool was expected in each frame, but {place} shows no water; leave region out."
                    )
            if batch.epoch is not None:
                self._found[index] = region
            found.append(region)
        return np.stack(found)

    def _augmented(
        self, batch: Batch, frames: NDArray[np.uint8], regions: Regions | None
    ) -> tuple[NDArray[np.uint8], Regions | None]:
        # A known anomaly has an index below 0. It stays as it is: the pixels that it marks would have to move along.
        if not self.settings.augmentation or batch.index[0] < 0:
            return frames, regions
        moved = []
        for row, index in enumerate(batch.index.tolist()):
            how = draw_augmentation(numpy_stream(self.seed, "augmentation", batch.epoch or 0, index))
            moved.append(augment(frames[row], None if regions is None else regions[row], how))
        kept = [region for _, region in moved if region is not None]
        return np.stack([frame for frame, _ in moved]), np.stack(kept) if kept else None

    def _calmed(self, frames: NDArray[np.float32], regions: Regions | None) -> NDArray[np.float32]:
        settings = self.settings
        if settings.bright_spots is not None:
            frames = np.stack(
                [
                    suppress_bright_spots(frame, None if regions is None else regions[row], settings.bright_spots)
                    for row, frame in enumerate(frames)
                ]
            )
        return frames if settings.luminosity is None else shrink_luminosity(frames, settings.luminosity)


def _scaled(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(frames, dtype=np.float32) / np.float32(255)
