"""No memory: the decoder sees the encoder's map alone."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional

from benchmarks.run.parts.memory import Addressed, Learned, Recalled
from benchmarks.study.settings import Settings


class NoMemory(nn.Module):
    """The twin of every memory. ``normalise_query`` says whether the map keeps its length."""

    widening = 1
    updates_at_test = False

    def __init__(self, settings: Settings, channels: int, seed: int) -> None:
        super().__init__()
        del channels, seed
        self.weights: Mapping[str, float] = {}
        self.normalise_query = bool(settings.normalise_query)

    def learn(self, query: Tensor) -> Learned:
        """Pass the query on."""
        return Learned(self._features(query))

    def items_for_test(self) -> None:
        """There are no items."""
        return

    def recall(self, query: Tensor, items: Tensor | None) -> Recalled:
        """Pass the query on."""
        del items
        return Recalled(self._features(query))

    def addressed(self, query: Tensor, items: Tensor | None) -> Addressed | None:
        """There are no items to look at."""

    def bypass(self, query: Tensor, items: Tensor, how: str) -> Tensor:
        """There is no read to replace."""
        raise NotImplementedError

    def absorb(self, query: Tensor, items: Tensor) -> Tensor:
        """There are no items to update."""
        raise NotImplementedError

    def _features(self, query: Tensor) -> Tensor:
        return functional.normalize(query, dim=1) if self.normalise_query else query


build = NoMemory
