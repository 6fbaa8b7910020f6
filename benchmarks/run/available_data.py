"""Whether the data that lies here is the data that a record was made on: its frames, and the labels of those it scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from benchmarks.data.datasets import open_dataset
from benchmarks.data.store import find_store, open_store
from benchmarks.data.video import Dataset
from benchmarks.errors import StudyError
from benchmarks.run.labelling import Difference, Labelling, differing_videos
from benchmarks.run.video_labels import labels_of
from benchmarks.study.settings import GENERATED_DATASETS, Settings

_SPLITS: tuple[tuple[Literal["train", "test"], str], ...] = (("train", "training"), ("test", "test"))
# Larger splits are compared where their store is there already: decoding them only to compare takes hours.
_MOST_DECODED = 20_000


class AvailableData:
    """The data below a folder, opened when a record first asks for it.

    root: folder of data sets. work: folder of stores. decode: whether frames that are in no store yet are decoded to be
    compared even where labels agree. generated: whether the sets that the project generates are compared too, which takes seconds; their labels
    change only with the generator's code.
    """

    def __init__(self, root: Path, work: Path, *, decode: bool = False, generated: bool = False) -> None:
        self.root = root
        self.work = work
        self.decode = decode
        self.generated = generated
        self.unchecked: dict[str, str] = {}
        """Data sets whose records could not be compared, and why."""
        self._sets: dict[str, _Set | None] = {}

    def difference(self, settings: Settings, content: Mapping[str, Any], labelling: Labelling) -> Difference:
        """Return how the data here differs from that of a record, or no difference where there is none to compare.

        content: what the record's file holds. labelling: of its table.
        """
        found = self._set(settings.dataset)
        if found is None:
            return Difference()
        data = content.get("data")
        labels = tuple(differing_videos(labelling, found.labels))
        changed = []
        for split, what in _SPLITS:
            recorded = data.get(f"{split}_checksum") if isinstance(data, Mapping) else None
            # Before labels are taken from here, the frames must be the record's own.
            here = self._checksum(found, settings, split, decode=self.decode or bool(labels))
            if here is not None and recorded is not None and here != recorded:
                changed.append(what)
        frames = f"{' and '.join(changed)} frames differ from those it was made on" if changed else ""
        return Difference(frames, labels)

    def truth(self, dataset: str) -> Dataset | None:
        """Return a data set as it lies here; None where it does not, or cannot be read (`unchecked` says why)."""
        found = self._set(dataset)
        return None if found is None else found.dataset

    def _set(self, name: str) -> _Set | None:
        if name not in self._sets:
            self._sets[name] = None
            if name not in GENERATED_DATASETS or self.generated:
                try:
                    self._sets[name] = _Set(open_dataset(name, None if name in GENERATED_DATASETS else self.root))
                except StudyError as error:
                    self.unchecked[name] = str(error)
        return self._sets[name]

    def _checksum(
        self, found: _Set, settings: Settings, split: Literal["train", "test"], *, decode: bool
    ) -> str | None:
        """The checksum of a split's frames at a cell's geometry; None where no store has them and none may be made."""
        key = (split, settings.size, settings.channels)
        if key not in found.checksums or (decode and found.checksums[key] is None):
            channels: Literal[1, 3] = 1 if settings.channels == 1 else 3
            few = sum(video.length for video in found.dataset.split(split)) <= _MOST_DECODED
            make = decode and few and found.dataset.name not in GENERATED_DATASETS
            look = open_store if make else find_store
            store = look(found.dataset, split, size=settings.size, channels=channels, folder=self.work / "frames")
            found.checksums[key] = None if store is None else store.checksum
        return found.checksums[key]


class _Set:
    """A data set that is here, its labels by video, and the checksums of frames that are known."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.labels = labels_of(dataset.test)
        self.checksums: dict[tuple[str, int, int], str | None] = {}
