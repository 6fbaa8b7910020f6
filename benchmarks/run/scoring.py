"""Scoring the test clips of one checkpoint under all its variants, sharing what they share.

The encoder runs once a batch, and variants whose items have not parted yet share what they read and decode. With a
test-time update the items of a frame depend on the decisions of all frames before it, so the published code scores one
frame at a time. Here the decisions of a batch are guessed, the batch is decoded at once, and the guesses are checked in
order; from the first wrong one on it is done again. The scores are those of the sequential run (a test holds them
together).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.run.contract import Batch, Inspection, Scored
from benchmarks.run.folding import fold_batch_norm
from benchmarks.run.parts.backbone import Backbone
from benchmarks.run.parts.memory import Memory, Read
from benchmarks.run.parts.task import Task, noisy_inputs
from benchmarks.run.streams import torch_stream
from benchmarks.study.settings import TASKS, Settings

_BOTTLENECK = "bottleneck_"
_READ = "read_"
_UPDATING = ("update", "reset_per_video")
_REPLACED = ("bottleneck_zeros", "bottleneck_ones", "bottleneck_noise", "bottleneck_matched_noise")
# Variants with something replaced are there to be compared with the published one, which every fourth frame decides
# as well as all of them at a quarter of the price; the frames between get NaN.
THINNING = 4
_VOLUME = 5


def variants_of(settings: Settings) -> tuple[str, ...]:
    """Return the variants of a cell that need no training, the published one first.

    update, no_update, reset_per_video: items updated at test and carried from video to video (published), left alone, or
        set back at the start of each video
    plain: a method without a test-time update
    clean_input: a denoising cell, scored without noise
    read_zeros, read_mean: what is read replaced; bottleneck_*: all that the decoder sees below its skips replaced, by
        noise of unit variance (`bottleneck_noise`), or by the same noise with the norm that the trained network's own
        features have at each place (`bottleneck_matched_noise`); these are scored on every fourth frame
    """
    card = settings.memory_card
    return (*card.variants, *TASKS[settings.task].variants, *card.ablations, *_REPLACED)


@dataclass(frozen=True)
class Parts:
    """What an autoencoder is composed of. dtype: of losses and scores; the network's own may be shorter."""

    settings: Settings
    seed: int
    dtype: torch.dtype
    task: Task
    backbone: Backbone
    memory: Memory

    def input_frames(self, batch: Batch, *, clean: bool = False) -> Tensor:
        """Return the frames that go in, uint8, with the noise of a denoising cell unless they are to be clean."""
        frames = batch.frames[:, self.task.inputs]
        return frames if clean else noisy_inputs(frames, batch, self.task, self.settings, self.seed)

    def inputs_and_target(self, batch: Batch, *, clean: bool = False) -> tuple[Tensor, Tensor]:
        """Return what goes into the encoder and what should come out of the decoder, scaled, in the cell's precision.

        clean: leave out the noise of a denoising cell.
        """
        distorted = self.settings.noise_range == "rc2020" and not clean
        inputs = self.backbone.to_inputs(self.input_frames(batch, clean=clean), rc2020_range=distorted)
        target = self.backbone.to_targets(batch.frames[:, self.task.targets])
        return inputs.to(self.dtype), target.to(self.dtype)


@dataclass(frozen=True)
class Folded:
    """Copies of encoder and decoder for scoring: batch norm folded away, in the precision that they run in."""

    encoder: nn.Module
    decoder: nn.Module
    dtype: torch.dtype

    @classmethod
    def of(cls, parts: Parts) -> "Folded":
        """Fold the network as it is now."""
        dtype = torch.bfloat16 if parts.settings.precision == "bfloat16" else parts.dtype
        encoder, decoder = (fold_batch_norm(one).to(dtype) for one in (parts.backbone.encoder, parts.backbone.decoder))
        return cls(encoder, decoder, dtype)


class VariantScorer:
    """One pass over a split. Items of each variant are its own and start as trained."""

    def __init__(self, parts: Parts, folded: Folded, variants: tuple[str, ...]) -> None:
        self.parts = parts
        self.folded = folded
        self.variants = variants
        # One tensor for all variants, never changed in place: who still holds it reads the same as the others.
        self.trained = parts.memory.items_for_test()
        self.items: dict[str, Tensor | None] = dict.fromkeys(variants, self.trained)
        self.usage: dict[str, Tensor] = {}
        # A guess for the next frame: most often what the last one decided.
        self.guess: dict[str, bool] = {}
        self._noise: Tensor | None = None
        # Of the current batch, by the identity of query and items.
        self._shared: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._updates: dict[tuple[int, ...], tuple[Tensor, Tensor, Tensor]] = {}

    def begin_video(self, video: int) -> None:
        """Set back the items of the variant that does so for each video."""
        del video
        if "reset_per_video" in self.items:
            self.items["reset_per_video"] = self.trained

    def score(self, batch: Batch, map_size: int | None) -> Scored:
        """Return the terms of each variant, and the first variant's error map."""
        self._shared.clear()
        self._updates.clear()
        inputs, target = self.parts.inputs_and_target(batch)
        query, skips = self._encode(inputs)
        terms: dict[str, Mapping[str, Tensor]] = {}
        first_output: Tensor | None = None
        for name in self.variants:
            if name == "clean_input":
                clean_inputs, _ = self.parts.inputs_and_target(batch, clean=True)
                clean_query, clean_skips = self._encode(clean_inputs)
                output, terms[name] = self._score_main(name, clean_query, clean_skips, target)
            elif name.startswith((_BOTTLENECK, _READ)):
                assert first_output is not None, "the published variant is scored first"
                rows = (torch.from_numpy(batch.first + self.parts.task.scored_frame) % THINNING == 0).to(query.device)
                terms[name] = self._score_replaced(name, query, skips, target, first_output, rows)
            else:
                output, terms[name] = self._score_main(name, query, skips, target)
            if first_output is None:
                first_output = output
        error_map = None
        if map_size is not None and first_output is not None:
            difference = self.parts.backbone.scored_difference(first_output, target).unsqueeze(1)
            error_map = torch.nn.functional.adaptive_avg_pool2d(difference, map_size).squeeze(1)
        return Scored(terms, error_map)

    def inspect(self, batch: Batch) -> Inspection:
        """Return the scored frame of each clip, its output and error, the queries and the items they are nearest to.

        Read with the items as trained, in the precision of scoring; nothing is updated or counted.
        """
        parts, task = self.parts, self.parts.task
        inputs, target = parts.inputs_and_target(batch)
        query, skips = self._encode(inputs)
        # A set a frame, as scoring has it: the same products, to the last digit.
        sets = None if self.trained is None or not parts.memory.updates_at_test else [self.trained] * len(query)
        output = self._decode(parts.memory.read(query, None if sets is None else torch.stack(sets)).features, skips)
        output, target = (
            images[:, :, task.scored_frame - task.targets.start] if images.ndim == _VOLUME else images
            for images in (output, target)
        )
        # The scored frame as it went in, or else the last frame that did.
        seen = parts.input_frames(batch)[:, min(task.scored_frame, task.inputs.stop - 1) - task.inputs.start]
        squared = ((output - target) / 2).square()
        # As the method scores it: MemAE's distance over channels, or MNAD's mean square.
        distance = parts.settings.error == "mean_absolute_error"
        assigned = parts.memory.assign(query, self.trained)
        return Inspection(
            input=seen / 255,
            target=batch.frames[:, task.scored_frame] / 255,
            output=((output + 1) / 2).clamp(0, 1).permute(0, 2, 3, 1).float(),
            error=(squared.sum(dim=1).sqrt() if distance else squared.mean(dim=1)).float(),
            query=query.float(),
            nearest=None if assigned is None else assigned.nearest,
            weight=None if assigned is None else assigned.weight.float(),
        )

    def _encode(self, inputs: Tensor) -> tuple[Tensor, Any]:
        encoded, skips = self.folded.encoder(inputs.to(self.folded.dtype))
        return self.parts.backbone.as_map(encoded).to(self.parts.dtype), skips if self.parts.settings.skip else ()

    def _decode(self, features: Tensor, skips: Any, frames: slice | None = None) -> Tensor:
        if frames is not None:
            skips = tuple(skip[frames] for skip in skips)
        output: Tensor = self.folded.decoder(self.parts.backbone.from_map(features).to(self.folded.dtype), skips)
        return output.to(self.parts.dtype)

    def _errors(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        last_only = self.parts.task.scores_last_only
        return dict(self.parts.backbone.errors(output, target, last_only=last_only))

    def _score_main(self, name: str, query: Tensor, skips: Any, target: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        items = self.items[name]
        if items is not None and self.parts.memory.updates_at_test and name in (*_UPDATING, "clean_input"):
            return self._score_updating(name, query, skips, target, items)
        same = None if items is None or not self.parts.memory.updates_at_test else [items] * len(query)
        read, output, errors = self._read_and_decode(query, skips, target, 0, same)
        terms = {**errors, **read.terms}
        del terms["point_score"]
        self._count(name, read.usage)
        return output, terms

    def _read_and_decode(
        self, query: Tensor, skips: Any, target: Tensor, done: int, sequence: list[Tensor] | None
    ) -> tuple[Read, Tensor, dict[str, Tensor]]:
        """Return what is read, the output and its errors for the frames from ``done`` on, once for all variants.

        sequence: the items that each of these frames meets; None where the memory has but one set
        """
        key = (id(query), done, tuple(map(id, sequence or ())))
        if key not in self._shared:
            rest = slice(done, len(query))
            read = self.parts.memory.read(query[rest], None if sequence is None else torch.stack(sequence))
            output = self._decode(read.features, skips, rest)
            # The key holds while its tensors live, so they are kept with it.
            self._shared[key] = (read, output, self._errors(output, target[rest]), query, sequence)
        return self._shared[key][:3]

    def _score_updating(
        self, name: str, query: Tensor, skips: Any, target: Tensor, items: Tensor
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        memory = self.parts.memory
        threshold = self.parts.settings.update_threshold or 0.0
        outputs: list[Tensor] = []
        pieces: list[dict[str, Tensor]] = []
        done = 0
        while done < len(query):
            guess = self.guess.get(name, True)
            sequence = [items]
            for frame in range(done, len(query)):
                sequence.append(self._updated(query, frame, sequence[-1]) if guess else sequence[-1])
            read, output, errors = self._read_and_decode(query, skips, target, done, sequence[:-1])
            terms = {**errors, **read.terms}
            updated = terms["point_score"] < threshold
            wrong = (updated != guess).nonzero()
            kept = len(updated) if not len(wrong) else int(wrong[0]) + 1
            items = sequence[kept]
            if len(wrong):
                last = done + kept - 1
                items = sequence[kept - 1] if guess else self._updated(query, last, sequence[kept - 1])
                self.guess[name] = not guess
            outputs.append(output[:kept])
            pieces.append({key: value[:kept] for key, value in terms.items()} | {"updated": updated[:kept]})
            if len(wrong):
                read = memory.read(query[done : done + kept], torch.stack(sequence[:kept]))
            self._count(name, read.usage)
            done += kept
        self.items[name] = items
        return torch.cat(outputs), {key: torch.cat([piece[key] for piece in pieces]) for key in pieces[0]}

    def _updated(self, query: Tensor, frame: int, items: Tensor) -> Tensor:
        """Return the items after the update by one frame's queries, once for all variants."""
        key = (id(query), frame, id(items))
        if key not in self._updates:
            self._updates[key] = (self.parts.memory.update(query[frame : frame + 1], items), query, items)
        return self._updates[key][0]

    def _score_replaced(
        self, name: str, query: Tensor, skips: Any, target: Tensor, reference: Tensor, rows: Tensor
    ) -> Mapping[str, Tensor]:
        """Return the errors, and the mean squared change of the output on the scale of [0, 1]; NaN outside ``rows``."""
        nothing = query.new_full((len(query),), torch.nan)
        if not bool(rows.any()):
            return dict.fromkeys((*self.parts.backbone.error_terms, "output_mse"), nothing)
        features = self._replaced_features(name, query[rows])
        # One set of features serves all frames: with skips it meets them later, without it the output is constant.
        output = self._decode(features, tuple(skip[rows] for skip in skips)).expand_as(target[rows])
        found = self._errors(output, target[rows])
        del found["point_score"]
        found["output_mse"] = ((output - reference[rows]) / 2).square().flatten(1).mean(dim=1)
        return {term: nothing.masked_scatter(rows, values) for term, values in found.items()}

    def _replaced_features(self, name: str, query: Tensor) -> Tensor:
        """Return what the decoder sees in a variant, one set for all frames or one a frame."""
        memory = self.parts.memory
        items = self.items[name]
        if name.startswith(_READ):
            assert items is not None, "only a cell with items has read_* variants"
            return memory.ablate(query, items, name.removeprefix(_READ))
        how = name.removeprefix(_BOTTLENECK)
        shape = (1, memory.channel_multiplier * query.shape[1], *query.shape[2:])
        if how == "zeros":
            return query.new_zeros(shape)
        if how == "ones":
            return query.new_ones(shape)
        if self._noise is None:
            drawn = torch.randn(shape, generator=torch_stream(self.parts.seed, "bottleneck"))
            self._noise = drawn.to(query)
        if how == "noise":
            return self._noise
        norm = memory.read(query, items).features.norm(dim=1, keepdim=True)
        return torch.nn.functional.normalize(self._noise, dim=1) * norm  # type: ignore[no-any-return]  # Tensor.norm has no types

    def _count(self, name: str, usage: Tensor | None) -> None:
        if usage is not None:
            self.usage[name] = self.usage[name] + usage if name in self.usage else usage
