"""Networks that are trained by gradient to give back frames or clips, and are scored by their error.

A baseline of this kind is a subclass in a module of `benchmarks.run.baselines`: it says which network its leaf builds and
where it departs from what is common, be it how frames go in, the loss, the optimiser or the error.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from benchmarks.run.contract import PLAIN, Batch, Inspection, Losses, Scored, ScoreRule
from benchmarks.run.streams import draw_weights
from benchmarks.run.training import NetworkMethod
from benchmarks.study.settings import Settings


class FrameAutoencoder(NetworkMethod):
    """Implements `benchmarks.run.contract.Method`. Clips are (batch, time, channels, height, width) in [0, 1]."""

    clip_length = 1
    scored_frame = 0
    evaluation_batch = 16

    def __init__(self, settings: Settings, seed: int, device: torch.device) -> None:
        super().__init__(settings, seed, device)
        self.network = self.build()
        draw_weights(self.network, seed, "network", self.initialise)
        self.network.to(device=device, dtype=self.dtype)
        self.rule = ScoreRule(settings.error, {settings.error: 1.0}, PLAIN, self.other_scores())

    def build(self) -> nn.Module:
        """Return the leaf's network in the cell's geometry."""
        raise NotImplementedError

    def initialise(self, layer: nn.Module) -> None:
        """Draw a layer's weights; torch's own initialisation has run before, and is kept here."""

    def reconstruct(self, clips: Tensor) -> Tensor:
        """Pass clips through the network; the shape is kept."""
        output: Tensor = self.network(clips)
        return output

    def loss_terms(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return the terms whose sum is minimised."""
        return {"pixel": nn.functional.mse_loss(output, target)}

    def errors(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return the score terms (batch,) of clips: the errors of the scored frame, on frames in [0, 1]."""
        difference = (output - target)[:, self.scored_frame].flatten(1)
        return {"mse": difference.square().mean(dim=1), "mean_absolute_error": difference.abs().mean(dim=1)}

    def other_scores(self) -> dict[str, dict[str, float]]:
        """Return further scores worth a column besides the published one."""
        return {name: {name: 1.0} for name in ("psnr", "mse", "mean_absolute_error") if name != self.settings.error}

    def inputs_and_target(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return what goes into the network and what should come out; alike unless a baseline corrupts or masks one."""
        clips = batch.frames.to(self.device).permute(0, 1, 4, 2, 3).to(self.dtype) / 255.0
        return clips, clips

    def losses(self, batch: Batch, objective: str) -> Losses:
        """Return the loss terms of a training batch and their sum."""
        del objective
        self.network.train()
        inputs, target = self.inputs_and_target(batch)
        terms = self.loss_terms(self._run(inputs), target)
        total = torch.stack(list(terms.values())).sum()
        return Losses(total, {name: term.detach() for name, term in {**terms, "total": total}.items()})

    def begin_evaluation(self, variants: Sequence[str]) -> None:
        """Switch to evaluation."""
        del variants
        self.network.eval()

    def score(self, batch: Batch, map_size: int | None = None) -> Scored:
        """Return the errors of the clips, and the scored frame's error in a coarse grid if one is asked for."""
        with torch.inference_mode():
            inputs, target = self.inputs_and_target(batch)
            output = self._run(inputs)
            error_map = None
            if map_size is not None:
                pixels = self.pixel_errors(output, target).unsqueeze(1)
                error_map = nn.functional.adaptive_avg_pool2d(pixels, map_size).squeeze(1)
            return Scored({PLAIN: self.errors(output, target)}, error_map)

    def pixel_errors(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the scored frame's error (batch, height, width), averaged over channels: squared where the score is."""
        difference = (output - target)[:, self.scored_frame]
        return (difference.square() if self.settings.error == "mse" else difference.abs()).mean(dim=1)

    def inspect(self, batch: Batch) -> Inspection:
        """Return the scored frame as it went in and came out, and its error per pixel."""
        self.network.eval()
        with torch.inference_mode():
            inputs, target = self.inputs_and_target(batch)
            output = self._run(inputs)
            error = self.pixel_errors(output, target).float()
            return Inspection(self._shown(inputs), self._shown(target), self._shown(output), error)

    def _shown(self, clips: Tensor) -> Tensor:
        return clips[:, self.scored_frame].permute(0, 2, 3, 1).float().clamp(0, 1)

    def _run(self, clips: Tensor) -> Tensor:
        """Reconstruct in the cell's precision; the result is in that of losses and scores."""
        with self.autocast():
            return self.reconstruct(clips).to(self.dtype)
