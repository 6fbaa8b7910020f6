"""How data sets, and the distance of a run from the paper, are written in every view."""

from collections.abc import Mapping
from typing import Final

from benchmarks.data.facts import FACTS
from benchmarks.study.presets import resolve
from benchmarks.study.settings import AUTOENCODERS, BASELINES, GENERATED_DATASETS, METHODS

SET_NAMES: Final = {name: facts.printed for name, facts in FACTS.items()}
_FRACTIONS: Final = {1.0: "full", 0.5: "½", 0.25: "¼", 0.125: "⅛"}


def set_name(dataset: str) -> str:
    """A data set as people write it; one without a printed name keeps its own."""
    return SET_NAMES.get(dataset, dataset)


def width_words(width: float) -> str:
    """Channels as a share of the published network's: ``¼ width``, ``full width``."""
    return f"{_FRACTIONS[width]} width" if width in _FRACTIONS else f"{width:g} of the width"


def has_published_length(dataset: str) -> bool:
    """Whether a paper's number of epochs means something there: on real sets that are known, and on parts of them."""
    return dataset in FACTS and dataset not in GENERATED_DATASETS


def published_epochs(method: str, dataset: str) -> int | None:
    """Epochs of the published training; of a baseline those of its own document; None where there are none."""
    if method in BASELINES:
        epochs = METHODS[method].profiles["paper"].get("epochs")
        return None if epochs is None else int(epochs)
    if method not in AUTOENCODERS or not has_published_length(dataset):
        return None
    return resolve(dataset=dataset, method=method, task="reconstruction", profile="paper").epochs


def distance_label(
    dataset: str, size: int, width: float | None, epochs: Mapping[str, int], precision: str | None = None
) -> str:
    """Say how far runs are from the paper: ``UCSD Ped2, 128×128, ¼ width, 3 of 60 epochs``.

    width: None where no network is trained. epochs: of each method, the first one's in full and the others' behind it where
    theirs read differently. precision: named where it is not the profile's own.
    """
    parts = [set_name(dataset), f"{size}×{size}"]
    if width is not None:
        parts.append(width_words(width))
    lengths = {method: length_words(method, dataset, count) for method, count in epochs.items()}
    if lengths:
        (first, words), *others = lengths.items()
        differing = [
            f"{METHODS[method].printed}: {_short(first, method, epochs, length)}"
            for method, length in others
            if length != words
        ]
        parts.append(words + (f" ({', '.join(differing)})" if differing else ""))
    if precision is not None:
        parts.append(precision)
    return ", ".join(parts)


def length_words(method: str, dataset: str, epochs: int) -> str:
    """How long a run is, against the published one: ``3 of 60 epochs``, or ``5 epochs`` where no length was published."""
    published = published_epochs(method, dataset)
    of = "" if published is None else f" of {published}"
    return f"{epochs}{of} {'epoch' if (published or epochs) == 1 else 'epochs'}"


def _short(first: str, method: str, epochs: Mapping[str, int], words: str) -> str:
    """The other method's length without what it shares with the first one's."""
    own = words.removesuffix(" epochs")
    return own.removeprefix(f"{epochs[method]} ") if epochs[method] == epochs[first] else own
