"""What a cell costs on a GPU before anything was measured there: its operations, at a throughput assumed for the card.

The throughputs are assumptions, not measurements: what is left of a card's bfloat16 peak with 3x3 convolutions at these
sizes, a tenth to a quarter of it. The first record, or the first timed steps, of a card replace them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.grid.flops import forward_flops, training_flops
from benchmarks.study.settings import Settings

# At batches of four a step is as much launches as work: the two together take so many times the work alone.
_LAUNCHES = 1.5
# Seconds below which no training step and no pass of a batch through half a network comes: the launches alone.
_LEAST_STEP, _LEAST_PASS = 0.015, 0.003
_TERA = 1e12


@dataclass(frozen=True)
class Card:
    """A GPU. names: parts of what torch calls it; bfloat16, float32: operations a second assumed, in 1e12.

    bfloat16: None where the card has none; then cells need ``precision = "float32"``.
    """

    names: tuple[str, ...]
    bfloat16: float | None
    float32: float

    @property
    def label(self) -> str:
        """How a person calls it."""
        return ", ".join(self.names)


# The first whose name occurs in torch's: longer names go before those that they hold.
CARDS = (
    Card(("H100", "H200"), 120.0, 30.0),
    Card(("A100",), 80.0, 12.0),
    Card(("RTX 4090",), 65.0, 30.0),
    Card(("RTX 3090",), 35.0, 15.0),
    Card(("L4",), 30.0, 12.0),
    Card(("V100",), None, 8.0),
    Card(("T4",), None, 4.0),
)


def card_of(name: str | None) -> Card | None:
    """Return the card of a device's name, as ``NVIDIA H100 80GB HBM3``; None for one that is not in the table."""
    if name is None:
        return None
    words = name.replace("-", " ").split()
    return next((card for card in CARDS if any(_is_part(one.split(), words) for one in card.names)), None)


def step_seconds(settings: Settings, card: Card) -> float | None:
    """Seconds of a training step; None for a method whose operations are not known."""
    flops = training_flops(settings)
    return None if flops is None else max(_LEAST_STEP, settings.batch * _seconds(flops, settings, card))


def pass_seconds(settings: Settings, card: Card) -> float | None:
    """Seconds that a test clip takes through half of the network; None as above."""
    flops = forward_flops(settings)
    if flops is None:
        return None
    return max(_LEAST_PASS / settings.method_card.scored, _seconds(flops / 2, settings, card))


def runs_on(cells: Sequence[Settings], card: Card) -> bool:
    """Whether a card has the precision that the cells want."""
    return card.bfloat16 is not None or all(one.precision != "bfloat16" for one in cells)


def _seconds(flops: float, settings: Settings, card: Card) -> float:
    bfloat16 = card.bfloat16 if settings.precision == "bfloat16" else None
    # A card of these makes double precision at half its float32 or, most of them, at a small part of it.
    rate = bfloat16 or card.float32 / (16 if settings.precision == "float64" else 1)
    return _LAUNCHES * flops / (rate * _TERA)


def _is_part(part: Sequence[str], words: Sequence[str]) -> bool:
    return any(list(words[start : start + len(part)]) == list(part) for start in range(len(words)))
