"""Negative learning as an option of a frame autoencoder (`baselines.negative_learning`, seed 004's reference 2).

A cell with `negative_weight` has seen anomalies: it is no equal of the methods that have not, and its name says so.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from baselines.negative_learning import negative_loss, region_error
from benchmarks.data.known_anomalies import KnownAnomalies, generate, read_folder
from benchmarks.run.contract import Batch, Losses
from benchmarks.run.frame_autoencoder import FrameAutoencoder
from benchmarks.run.streams import numpy_stream


class LimitedAutoencoder(FrameAutoencoder):
    """What stands before the class of an autoencoder of single frames to keep it from reconstructing known anomalies."""

    def losses(self, batch: Batch, objective: str) -> Losses:
        """Add what known anomalies lack to their margin, as many of them as there are clips in the batch."""
        losses = super().losses(batch, objective)
        weight, margin = self.settings.negative_weight, self.settings.negative_margin
        assert weight is not None
        assert margin is not None
        known, region = self._draw(batch)
        inputs, target = self.inputs_and_target(known)
        error = region_error(self._run(inputs)[:, self.scored_frame], target[:, self.scored_frame], region)
        negative = negative_loss(error, margin)
        total = losses.total + weight * negative
        return Losses(total, {**losses.terms, "negative": negative.detach(), "total": total.detach()})

    def facts(self) -> Mapping[str, Any]:
        """Add how many known anomalies there were, and their checksum."""
        known = self.known_anomalies
        return {**super().facts(), "known_anomalies": len(known.frames), "known_anomalies_checksum": known.checksum}

    @cached_property
    def known_anomalies(self) -> KnownAnomalies:
        """The anomalies, generated or read when they are first wanted: scoring does without them."""
        settings = self.settings
        if settings.negative_folder is not None:
            return read_folder(Path(settings.negative_folder), settings.size, settings.channels)
        return generate(settings.dataset, settings.negative_frames or 0, settings.size, settings.channels)

    def _draw(self, batch: Batch) -> tuple[Batch, Tensor | None]:
        """Return as many known anomalies as the batch has clips, and their regions; fixed by seed, epoch and batch."""
        known = self.known_anomalies
        stream = numpy_stream(self.seed, "known anomalies", batch.epoch or 0, int(batch.index[0]))
        chosen = stream.integers(len(known.frames), size=len(batch.index))
        frames = torch.from_numpy(known.frames[chosen])[:, None].to(batch.frames.device)
        region = None if known.regions is None else torch.from_numpy(known.regions[chosen]).to(self.device)
        # Numbers below 0: no training clip has one.
        return Batch(frames, batch.video, batch.first, -1 - chosen, batch.epoch), region


def limited(kind: type[FrameAutoencoder]) -> type[FrameAutoencoder]:
    """Return the class that is trained on both, and scored as `kind` is."""
    return type(f"Limited{kind.__name__}", (LimitedAutoencoder, kind), {})
