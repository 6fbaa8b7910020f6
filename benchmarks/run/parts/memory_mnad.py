"""MNAD's memory as a part: items that the queries themselves update, read beside the query."""

import torch
from torch import Tensor, nn

from benchmarks.run.parts.memory import Addressed, Learned, Recalled, usage_counts
from benchmarks.run.parts.supervision import supervision_loss
from benchmarks.run.streams import torch_stream
from benchmarks.study.settings import Settings
from mnad import losses, memory


class MnadMemory(nn.Module):
    """Items are a buffer: part of every checkpoint, moved by `mnad.memory.update`, never by a gradient."""

    widening = 2
    updates_at_test = True
    items: Tensor

    def __init__(self, settings: Settings, channels: int, seed: int) -> None:
        super().__init__()
        n_items = settings.items or 0
        self.settings = settings
        self.weights = {
            "compactness": settings.compactness_weight or 0.0,
            "separateness": settings.separateness_weight or 0.0,
            "uniform": settings.uniform_weight or 0.0,
        }
        self.register_buffer("items", memory.initial_items(n_items, channels, torch_stream(seed, "items")))

    def learn(self, query: Tensor) -> Learned:
        """Losses and read with the old items, then the update, as the official forward pass has it."""
        items = self.items
        terms: dict[str, Tensor] = {}
        if self.weights["compactness"]:
            reduction: losses.Reduction = "sum" if self.settings.compactness_reduction == "sum" else "mean"
            terms["compactness"] = losses.compactness_loss(query, items, reduction=reduction)
        if self.weights["separateness"]:
            terms["separateness"] = losses.separateness_loss(query, items)
        similarity = memory.similarity(query, items)
        terms |= supervision_loss(self.settings, similarity)
        features = memory.read(query, items, differentiable=bool(self.settings.read_gradient))
        self.items = self.absorb(query, items)
        return Learned(features, terms, usage_counts(similarity.detach().argmax(dim=-1), len(items)))

    def items_for_test(self) -> Tensor:
        """Return a copy of the items."""
        return self.items.clone()

    def recall(self, query: Tensor, items: Tensor | None) -> Recalled:
        """Read, and measure the feature distance of each frame."""
        items = self.items if items is None else items
        distance = losses.feature_distance(query, items)
        usage = usage_counts(memory.nearest(query, items), items.shape[-2])
        return Recalled(memory.read(query, items), {"feature_distance": distance}, usage)

    def addressed(self, query: Tensor, items: Tensor | None) -> Addressed:
        """Return the item with the largest inner product, and its softmax weight."""
        items = self.items if items is None else items
        places = query.shape[2:]
        weight = memory.address(query, items).amax(dim=-1)
        return Addressed(memory.nearest(query, items).unflatten(1, places), weight.unflatten(1, places))

    def bypass(self, query: Tensor, items: Tensor, how: str) -> Tensor:
        """Keep the query half; the read half becomes zeros or the mean item at every place."""
        query = memory.normalise(query)
        read = torch.zeros_like(query) if how == "zeros" else items.mean(dim=0)[None, :, None, None].expand_as(query)
        return torch.cat([query, read], dim=1)

    def absorb(self, query: Tensor, items: Tensor) -> Tensor:
        """Return the items after the update by these queries."""
        return memory.update(query, items, weight="own" if self.settings.update_weight == "own" else "all")


build = MnadMemory
