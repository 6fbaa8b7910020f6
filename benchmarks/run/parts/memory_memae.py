"""MemAE's memory as a part: items are parameters, the read replaces the query."""

import torch
from torch import Tensor, nn

from benchmarks.run.parts.memory import Assignment, Memory, Read, TrainingRead, usage_counts
from benchmarks.run.parts.supervision import supervision_loss
from benchmarks.run.streams import torch_stream
from benchmarks.study.memories import MemaeSettings
from benchmarks.study.settings import Settings
from memae import losses, memory


class MemaeMemory(Memory):
    """Sparse addressing of learned items. A query whose every weight is shrunk to zero has an empty address and counts for no item."""

    def __init__(self, settings: Settings, channels: int, seed: int) -> None:
        super().__init__()
        self.settings = settings
        self.own = settings.of(MemaeSettings)
        self.weights = {"entropy": self.own.entropy_weight, "uniform": settings.uniform_weight or 0.0}
        self.items = nn.Parameter(memory.initial_items(self.own.items, channels, torch_stream(seed, "items")))

    def training_read(self, query: Tensor) -> TrainingRead:
        """Read, and measure the entropy of the addresses."""
        similarity, address = self._address(query)
        terms = {"entropy": losses.entropy_loss(address)} if self.weights["entropy"] else {}
        terms |= supervision_loss(self.settings, similarity.unflatten(0, (query.shape[0], -1)))
        return TrainingRead(self._to_map(memory.read(address, self.items), query), terms, self._usage(address.detach()))

    def items_for_test(self) -> Tensor:
        """Return a copy of the items."""
        return self.items.detach().clone()

    def read(self, query: Tensor, items: Tensor | None) -> Read:
        """Read; terms: the largest address weight and the share of empty addresses of each clip, for the usage figures."""
        del items
        _, address = self._address(query)
        per_clip = address.unflatten(0, (query.shape[0], -1))
        terms = {
            "largest_weight": per_clip.amax(dim=-1).mean(dim=-1),
            "dead_queries": (per_clip.sum(dim=-1) == 0).to(query.dtype).mean(dim=-1),
        }
        return Read(self._to_map(memory.read(address, self.items), query), terms, self._usage(address))

    def assign(self, query: Tensor, items: Tensor | None) -> Assignment:
        """Return the item with the largest weight after shrinkage, -1 where none is left, and that weight."""
        del items
        batch, _, height, width = query.shape
        _, address = self._address(query)
        nearest = torch.where(address.sum(dim=1) > 0, address.argmax(dim=1), -1)
        return Assignment(nearest.view(batch, height, width), address.amax(dim=1).view(batch, height, width))

    def ablate(self, query: Tensor, items: Tensor, how: str) -> Tensor:
        """The read, all that the decoder sees, becomes zeros or the mean item at every place."""
        if how == "zeros":
            return torch.zeros_like(query)
        return items.mean(dim=0)[None, :, None, None].expand_as(query)

    def _address(self, query: Tensor) -> tuple[Tensor, Tensor]:
        rows = query.permute(0, 2, 3, 1).flatten(0, 2)
        similarity = memory.similarity(rows, self.items, self.own.address)
        address = similarity.softmax(dim=1)
        threshold = self.own.shrink_threshold
        return similarity, memory.shrink(address, threshold) if threshold > 0 else address

    @staticmethod
    def _to_map(rows: Tensor, query: Tensor) -> Tensor:
        batch, channels, height, width = query.shape
        return rows.reshape(batch, height, width, channels).permute(0, 3, 1, 2)

    def _usage(self, address: Tensor) -> Tensor:
        n_items = address.shape[1]
        # A query with an empty address is counted for an item past the end, which is then cut off.
        index = torch.where(address.sum(dim=1) > 0, address.argmax(dim=1), n_items)
        return usage_counts(index, n_items + 1)[:n_items]


build = MemaeMemory
