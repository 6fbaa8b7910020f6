"""MNAD's memory as a part: items that the queries themselves update, concatenated with the query when read."""

import torch
from torch import Tensor

from benchmarks.run.parts.memory import Assignment, Memory, Read, TrainingRead, usage_counts
from benchmarks.run.parts.supervision import supervision_loss
from benchmarks.run.streams import torch_stream
from benchmarks.study.memories import MnadSettings
from benchmarks.study.settings import Settings
from mnad import losses, memory


class MnadMemory(Memory):
    """Items are a buffer: part of every checkpoint, moved by `mnad.memory.update`, never by a gradient."""

    channel_multiplier = 2
    updates_at_test = True
    items: Tensor

    def __init__(self, settings: Settings, channels: int, seed: int) -> None:
        super().__init__()
        self.settings = settings
        self.own = settings.of(MnadSettings)
        self.weights = {
            "compactness": self.own.compactness_weight,
            "separateness": self.own.separateness_weight,
            "uniform": settings.uniform_weight or 0.0,
        }
        self.register_buffer("items", memory.initial_items(self.own.items, channels, torch_stream(seed, "items")))

    def training_read(self, query: Tensor) -> TrainingRead:
        """Losses and read with the old items, then the update, as the official forward pass has it."""
        items = self.items
        terms: dict[str, Tensor] = {}
        if self.weights["compactness"]:
            terms["compactness"] = losses.compactness_loss(query, items, reduction=self.own.compactness_reduction)
        if self.weights["separateness"]:
            terms["separateness"] = losses.separateness_loss(query, items)
        similarity = memory.similarity(query, items)
        terms |= supervision_loss(self.settings, similarity)
        features = memory.read(query, items, differentiable=self.own.read_gradient)
        self.items = self.update(query, items)
        return TrainingRead(features, terms, usage_counts(similarity.detach().argmax(dim=-1), len(items)))

    def items_for_test(self) -> Tensor:
        """Return a copy of the items."""
        return self.items.clone()

    def read(self, query: Tensor, items: Tensor | None) -> Read:
        """Read, and measure the feature distance of each frame."""
        items = self.items if items is None else items
        distance = losses.feature_distance(query, items)
        usage = usage_counts(memory.nearest(query, items), items.shape[-2])
        return Read(memory.read(query, items), {"feature_distance": distance}, usage)

    def assign(self, query: Tensor, items: Tensor | None) -> Assignment:
        """Return the item with the largest inner product, and its softmax weight."""
        items = self.items if items is None else items
        places = query.shape[2:]
        weight = memory.address(query, items).amax(dim=-1)
        return Assignment(memory.nearest(query, items).unflatten(1, places), weight.unflatten(1, places))

    def ablate(self, query: Tensor, items: Tensor, how: str) -> Tensor:
        """Keep the query half; the read half becomes zeros or the mean item at every place."""
        query = memory.normalise(query)
        read = torch.zeros_like(query) if how == "zeros" else items.mean(dim=0)[None, :, None, None].expand_as(query)
        return torch.cat([query, read], dim=1)

    def update(self, query: Tensor, items: Tensor) -> Tensor:
        """Return the items after the update by these queries."""
        return memory.update(query, items, weight=self.own.update_weight)


build = MnadMemory
