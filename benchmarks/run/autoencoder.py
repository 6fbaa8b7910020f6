"""A memory-augmented autoencoder, composed of task, backbone, memory and supervision.

MNAD and MemAE are two settings of it; so are their counterparts without memory, the swaps of memory and backbone, denoising
and the forced-uniform supervisions.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.run.contract import Batch, Inspection, Losses, Scored, ScoreRule
from benchmarks.run.parts import BACKBONES, MEMORIES, load_part
from benchmarks.run.parts.backbone import Backbone
from benchmarks.run.parts.memory import Memory
from benchmarks.run.parts.task import Task
from benchmarks.run.scoring import Folded, Parts, VariantScorer, variants_of
from benchmarks.run.streams import draw_weights
from benchmarks.run.training import NetworkMethod
from benchmarks.study.settings import Settings


class MemoryAutoencoder(NetworkMethod):
    """Encoder, memory, decoder: which ones is up to the settings."""

    def __init__(self, settings: Settings, seed: int, device: torch.device) -> None:
        super().__init__(settings, seed, device)
        self.task = Task.of(settings)
        self.clip_length = self.task.clip_length
        self.scored_frame = self.task.scored_frame
        build_memory = load_part(MEMORIES, settings.memory).build
        multiplier: int = build_memory.channel_multiplier
        backbone: Backbone = load_part(BACKBONES, settings.method).build(settings, self.task, multiplier)
        self.backbone = backbone
        self.evaluation_batch = backbone.evaluation_batch
        draw_weights(backbone.encoder, seed, "encoder", backbone.initialise)
        draw_weights(backbone.decoder, seed, "decoder", backbone.initialise)
        self.memory: Memory = build_memory(settings, backbone.query_channels, seed)
        self.network = nn.ModuleDict({"encoder": backbone.encoder, "decoder": backbone.decoder, "memory": self.memory})
        self.network.to(device=device, dtype=self.dtype)
        for part in (backbone.encoder, backbone.decoder):
            part.to(memory_format=backbone.memory_format)  # type: ignore[call-overload]
        self.rule = _score_rule(settings, backbone)
        self._usage: dict[str, Tensor] = {}
        self._scorer: VariantScorer | None = None
        self._folded: Folded | None = None

    @property
    def parts(self) -> Parts:
        """What scoring needs of it."""
        return Parts(self.settings, self.seed, self.dtype, self.task, self.backbone, self.memory)

    def losses(self, batch: Batch, objective: str) -> Losses:
        """Return the pixel loss and the memory's losses; the memory updates its items in passing."""
        del objective
        self._folded = None
        self.network.train()
        inputs, target = self.inputs_and_target(batch)
        with self.autocast():
            encoded, skips = self.backbone.encoder(inputs)
        read = self.memory.training_read(self.backbone.as_map(encoded).to(self.dtype))
        with self.autocast():
            output = self.backbone.decoder(self.backbone.from_map(read.features), skips)
        pixel = nn.functional.mse_loss(output.to(self.dtype), target)
        total = pixel
        for name, loss in read.losses.items():
            total = total + self.memory.weights[name] * loss
        self._count("train", read.usage)
        terms = {"pixel": pixel, **read.losses, "total": total}
        return Losses(total, {name: term.detach() for name, term in terms.items()})

    def inputs_and_target(self, batch: Batch, *, clean: bool = False) -> tuple[Tensor, Tensor]:
        """Return what goes into the encoder and what should come out of the decoder (`Parts.inputs_and_target`)."""
        return self.parts.inputs_and_target(batch, clean=clean)

    def variants(self) -> tuple[str, ...]:
        """Return what one checkpoint can be scored under, the published variant first."""
        return variants_of(self.settings)

    def begin_evaluation(self, variants: Sequence[str]) -> None:
        """Fold batch norm away and start with the trained items."""
        self.network.eval()
        self._folded = Folded.of(self.parts)
        self._scorer = VariantScorer(self.parts, self._folded, tuple(variants))

    def begin_video(self, video: int) -> None:
        """Let variants that reset their items do so."""
        self._require_scorer().begin_video(video)

    def score(self, batch: Batch, map_size: int | None = None) -> Scored:
        """Score the clips under every variant; the encoder runs once."""
        with torch.inference_mode():
            return self._require_scorer().score(batch, map_size)

    def inspect(self, batch: Batch) -> Inspection:
        """Read with the trained items as they are, in evaluation mode; nothing of training or scoring is touched."""
        if self._folded is None:
            self._folded = Folded.of(self.parts)
        with torch.inference_mode():
            return VariantScorer(self.parts, self._folded, (self.rule.variant,)).inspect(batch)

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

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state` returned."""
        self._folded = None
        super().load(state)

    def facts(self) -> Mapping[str, Any]:
        """Return the sizes that the settings imply."""
        return {"query_channels": self.backbone.query_channels, **super().facts()}

    def _count(self, variant: str, usage: Tensor | None) -> None:
        if usage is not None:
            self._usage[variant] = self._usage[variant] + usage if variant in self._usage else usage

    def _require_scorer(self) -> VariantScorer:
        if self._scorer is None:
            message = "call begin_evaluation before scoring"
            raise RuntimeError(message)
        return self._scorer


def _score_rule(settings: Settings, backbone: Backbone) -> ScoreRule:
    """Return the published score of a cell, and its terms alone as further scores."""
    card, variant = settings.memory_card, variants_of(settings)[0]
    alone = {name: {name: 1.0} for name in (*card.own_scores, *backbone.scores)}
    error = settings.error if settings.error in backbone.scores else backbone.scores[0]
    alpha = settings.alpha if settings.alpha is not None else 1.0
    if alpha == 1.0 or not settings.has_own_memory or not card.score_shares:
        return ScoreRule(error, {error: 1.0}, variant, alone)
    shares = {name: share * (1.0 - alpha) for name, share in card.score_shares.items()}
    return ScoreRule("fused", {error: alpha, **shares}, variant, alone)
