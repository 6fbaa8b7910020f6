"""A memory-augmented autoencoder, composed of task, backbone, memory and supervision.

MNAD and MemAE are two settings of it; so are their twins without memory, the swaps of memory and backbone, denoising
and the forced-uniform supervisions.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.run.contract import Batch, Clips, Look, Losses, Objective, Scored, ScoreRule
from benchmarks.run.looks.drawing import look_at
from benchmarks.run.parts import BACKBONES, MEMORIES, load_part
from benchmarks.run.parts.backbone import Backbone
from benchmarks.run.parts.memory import Memory
from benchmarks.run.parts.task import Task, noisy_inputs
from benchmarks.run.scoring import VariantScorer, variants_of
from benchmarks.run.streams import draw_weights
from benchmarks.run.training import scheduled_adam
from benchmarks.study.settings import Settings

_DTYPES = {"bfloat16": torch.float32, "float32": torch.float32, "float64": torch.float64}


class MemoryAutoencoder:
    """Implements `benchmarks.run.contract.Method`."""

    def __init__(self, settings: Settings, seed: int, device: torch.device) -> None:
        self.settings = settings
        self.seed = seed
        self.device = device
        self.task = Task.of(settings)
        self.clip_length = self.task.clip_length
        self.scored_frame = self.task.scored_frame
        memory_module = load_part(MEMORIES, settings.memory)
        widening: int = memory_module.build.widening
        backbone: Backbone = load_part(BACKBONES, settings.method).build(settings, self.task, widening)
        self.backbone = backbone
        self.evaluation_batch = backbone.evaluation_batch
        draw_weights(backbone.encoder, seed, "encoder", backbone.initialise)
        draw_weights(backbone.decoder, seed, "decoder", backbone.initialise)
        self.memory: Memory = memory_module.build(settings, backbone.query_channels, seed)
        self.network = nn.ModuleDict({"encoder": backbone.encoder, "decoder": backbone.decoder, "memory": self.memory})
        self.dtype = _DTYPES[settings.precision]
        self.network.to(device=device, dtype=self.dtype)
        for part in (backbone.encoder, backbone.decoder):
            part.to(memory_format=backbone.memory_format)  # type: ignore[call-overload]
        self.rule = _score_rule(settings)
        self._usage: dict[str, Tensor] = {}
        self._scorer: VariantScorer | None = None

    def prepare(self, clips: Clips) -> None:
        """Nothing is needed before training."""

    def objectives(self) -> Sequence[Objective]:
        """Adam over all parameters, with the schedule of the settings."""
        return [scheduled_adam(self.network, self.settings)]

    def losses(self, batch: Batch, objective: str) -> Losses:
        """Return the pixel loss and the memory's losses; the memory updates its items in passing."""
        del objective
        self.network.train()
        inputs, target = self.inputs_and_target(batch)
        encoded, skips = self._run(self.backbone.encoder, inputs)
        learned = self.memory.learn(self.backbone.as_map(encoded).to(self.dtype))
        output = self._run(self.backbone.decoder, self.backbone.from_map(learned.features), skips)
        pixel = nn.functional.mse_loss(output.to(self.dtype), target)
        total = pixel
        for name, loss in learned.losses.items():
            total = total + self.memory.weights[name] * loss
        self._count("train", learned.usage)
        terms = {"pixel": pixel, **learned.losses, "total": total}
        return Losses(total, {name: term.detach() for name, term in terms.items()})

    def inputs_and_target(self, batch: Batch, *, clean: bool = False) -> tuple[Tensor, Tensor]:
        """Return what goes into the encoder and what should come out of the decoder, scaled, in the cell's precision.

        clean: leave out the noise of a denoising cell.
        """
        frames = batch.frames[:, self.task.inputs]
        if self.settings.task == "denoising" and not clean:
            frames = noisy_inputs(frames, batch, self.task, self.settings, self.seed)
        distorted = self.settings.noise_range == "rc2020" and not clean
        inputs = self.backbone.to_inputs(frames, rc2020_range=distorted)
        target = self.backbone.to_targets(batch.frames[:, self.task.targets])
        return inputs.to(self.dtype), target.to(self.dtype)

    def variants(self) -> tuple[str, ...]:
        """Return what one checkpoint can be scored under, the published variant first."""
        return variants_of(self.settings)

    def begin_evaluation(self, variants: Sequence[str]) -> None:
        """Fold batch norm away and start with the trained items."""
        self._scorer = VariantScorer(self, tuple(variants))

    def begin_video(self, video: int) -> None:
        """Let variants that reset their items do so."""
        self._require_scorer().begin_video(video)

    def score(self, batch: Batch, map_size: int | None = None) -> Scored:
        """Score the clips under every variant; the encoder runs once."""
        with torch.inference_mode():
            return self._require_scorer().score(batch, map_size)

    def look(self, batch: Batch) -> Look:
        """Read with the trained items as they are, in evaluation mode; nothing of training or scoring is touched."""
        return look_at(self, batch)

    def items_now(self, variant: str) -> Tensor | None:
        """Return the items of a variant as scoring has left them; None without items, or if it was not scored."""
        return None if self._scorer is None else self._scorer.items.get(variant)

    def take_usage(self) -> Mapping[str, Tensor]:
        """Return and reset the counts of nearest items."""
        usage, self._usage = self._usage, {}
        if self._scorer is not None:
            usage = usage | self._scorer.usage
            self._scorer.usage = {}
        return usage

    def state(self) -> dict[str, Tensor]:
        """Return parameters, running statistics and items."""
        return dict(self.network.state_dict())

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state` returned."""
        self.network.load_state_dict(dict(state))

    def parameter_count(self) -> int:
        """Return the number of learned parameters."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def facts(self) -> Mapping[str, Any]:
        """Return the sizes that the settings imply."""
        return {"query_channels": self.backbone.query_channels, "clip_length": self.clip_length}

    def _run(self, part: nn.Module, *values: Any) -> Any:
        """Run a part of the network in the cell's precision."""
        if self.settings.precision != "bfloat16":
            return part(*values)
        with torch.autocast(self.device.type, torch.bfloat16):
            return part(*values)

    def _count(self, variant: str, usage: Tensor | None) -> None:
        if usage is not None:
            self._usage[variant] = self._usage[variant] + usage if variant in self._usage else usage

    def _require_scorer(self) -> VariantScorer:
        if self._scorer is None:
            message = "call begin_evaluation before scoring"
            raise RuntimeError(message)
        return self._scorer


def _score_rule(settings: Settings) -> ScoreRule:
    """Return the published score of a cell, and its terms alone as further scores."""
    variant = variants_of(settings)[0]
    alone: dict[str, dict[str, float]] = {}
    if settings.memory == "mnad":
        alone["feature_distance"] = {"feature_distance": 1.0}
    if settings.method == "memae":
        alone |= {"mean_absolute_error": {"mean_absolute_error": 1.0}, "mse": {"mse": 1.0}}
        return ScoreRule(settings.error, {settings.error: 1.0}, variant, alone)
    alone["psnr"] = {"psnr": 1.0}
    alpha = settings.alpha if settings.alpha is not None else 1.0
    if alpha == 1.0 or settings.memory != "mnad":
        return ScoreRule("psnr", {"psnr": 1.0}, variant, alone)
    return ScoreRule("fused", {"psnr": alpha, "feature_distance": 1.0 - alpha}, variant, alone)
