"""What an autoencoder draws and where its queries look, read as at test with the items as trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from benchmarks.run.contract import Batch, Look
from benchmarks.run.parts.task import noisy_inputs
from benchmarks.run.scoring import VariantScorer

if TYPE_CHECKING:
    from benchmarks.run.autoencoder import MemoryAutoencoder

_VOLUME = 5


def look_at(method: MemoryAutoencoder, batch: Batch) -> Look:
    """Return the scored frame of each clip, its output and error, the queries and the items they are nearest to.

    Encoder and decoder are the folded copies that scoring uses, in its precision; no item is updated, and the mode of
    the network, its running statistics and an evaluation that is under way stay as they were.
    """
    training = method.network.training
    reader = VariantScorer(method, (method.rule.variant,))
    method.network.train(training)
    with torch.inference_mode():
        inputs, target = method.inputs_and_target(batch)
        encoded, skips = reader.encoder(inputs.to(reader.dtype))
        query = method.backbone.as_map(encoded).to(method.dtype)
        items = reader.trained
        # A set a frame, as scoring has it: the same products, to the last digit.
        sets = torch.stack([items] * len(query)) if items is not None and method.memory.updates_at_test else None
        features = method.backbone.from_map(method.memory.recall(query, sets).features)
        decoded = reader.decoder(features.to(reader.dtype), skips if method.settings.skip else ())
        output, target = (_scored_frame(method, images) for images in (decoded.to(method.dtype), target))
        addressed = method.memory.addressed(query, items)
        return Look(
            input=_nearest_input(method, batch),
            target=batch.frames[:, method.scored_frame] / 255,
            output=((output + 1) / 2).clamp(0, 1).permute(0, 2, 3, 1).float(),
            error=_error(method, output, target),
            query=query.float(),
            nearest=None if addressed is None else addressed.nearest,
            weight=None if addressed is None else addressed.weight.float(),
        )


def _scored_frame(method: MemoryAutoencoder, images: Tensor) -> Tensor:
    """Cut the scored frame (batch, channels, height, width) out of the decoder's scale and arrangement."""
    if images.ndim == _VOLUME:
        return images[:, :, method.scored_frame - method.task.targets.start]
    return images


def _nearest_input(method: MemoryAutoencoder, batch: Batch) -> Tensor:
    """Return the scored frame as it went in, or else the last frame that did."""
    task, settings = method.task, method.settings
    frames = batch.frames[:, task.inputs]
    if settings.task == "denoising":
        frames = noisy_inputs(frames, batch, task, settings, method.seed)
    seen: Tensor = frames[:, min(method.scored_frame, task.inputs.stop - 1) - task.inputs.start] / 255
    return seen


def _error(method: MemoryAutoencoder, output: Tensor, target: Tensor) -> Tensor:
    """Return the error of each pixel for frames in [0, 1]: MemAE's distance over channels, or MNAD's mean square."""
    squared = ((output - target) / 2).square()
    if method.settings.error == "mean_absolute_error":
        return squared.sum(dim=1).sqrt().float()
    return squared.mean(dim=1).float()
