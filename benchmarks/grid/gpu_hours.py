"""Hours of a study on one GPU, card by card, before anything was measured on one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from benchmarks.grid.cards import CARDS, Card, card_of, runs_on
from benchmarks.grid.durations import in_words
from benchmarks.grid.estimate import Measured, modelled, training_work
from benchmarks.grid.plan import Plan
from benchmarks.study.settings import LEARNING_FREE, Settings

_EXA = 1e18


def is_measured(plan: Plan, known: Iterable[Measured], accelerator: str | None) -> bool:
    """Whether every method that is to be trained was run, or timed, on a GPU of this name (None: of any)."""
    of = {one.settings.method for one in known if one.device == "cuda" and accelerator in (None, one.accelerator)}
    return {one.cell.settings.method for one in plan.to_run} - set(LEARNING_FREE) <= of


def describe_gpu_hours(plan: Plan, *, evaluate_every: int = 0, here: str | None = None) -> str:
    """The hours of the cells to run on each card, as lines; empty where the operations of none of them are known.

    here: name of the GPU of this machine; its card is marked.
    """
    cells = [one.cell.settings for one in plan.to_run]
    known = [one for one in cells if training_work(one) is not None]
    if not known:
        return ""
    work = sum(training_work(one) or 0.0 for one in known) / _EXA
    trained = sum(one.method not in LEARNING_FREE for one in cells)
    part = "" if len(known) == trained else f" ({trained - len(known)} of unknown cost left out)"
    own = card_of(here)
    basis = f"an estimate and no measurement, from {work:.2g} EFLOP of training{part}"
    lines = [f"On one GPU, {basis} at the throughput assumed for each card:"]
    for card in CARDS:
        marked = "  <- this machine's" if card is own else ""
        lines.append(
            f"  {card.label:<12}{in_words(_seconds(known, card, evaluate_every)):>12}{_needs(known, card)}{marked}"
        )
    if here is not None and own is None:
        lines.append(f"  {here}: not in this table; the first timed steps will tell.")
    return "\n".join(lines)


def _seconds(cells: Sequence[Settings], card: Card, evaluate_every: int) -> float:
    """Seconds of all cells one after another, in the precision that the card has."""
    if not runs_on(cells, card):
        cells = [replace(one, precision="float32") for one in cells]
    models = (modelled(one, evaluate_every, card) for one in cells)
    return sum(model.total for model in models if model is not None)


def _needs(cells: Sequence[Settings], card: Card) -> str:
    return "" if runs_on(cells, card) else '  (no bfloat16: precision = "float32" in a study file)'
