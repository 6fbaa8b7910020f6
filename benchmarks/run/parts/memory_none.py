"""No memory: the decoder sees the encoder's map alone."""

from torch import Tensor
from torch.nn import functional

from benchmarks.run.parts.memory import Memory, Read, TrainingRead
from benchmarks.study.settings import Settings


class NoMemory(Memory):
    """What every memory is compared with. ``normalise_query`` says whether the map keeps its length."""

    def __init__(self, settings: Settings, channels: int, seed: int) -> None:
        super().__init__()
        del channels, seed
        self.weights = {}
        self.normalise_query = bool(settings.normalise_query)

    def training_read(self, query: Tensor) -> TrainingRead:
        """Pass the query on."""
        return TrainingRead(self._features(query))

    def read(self, query: Tensor, items: Tensor | None) -> Read:
        """Pass the query on."""
        del items
        return Read(self._features(query))

    def _features(self, query: Tensor) -> Tensor:
        return functional.normalize(query, dim=1) if self.normalise_query else query


build = NoMemory
