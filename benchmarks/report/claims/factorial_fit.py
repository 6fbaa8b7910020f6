"""Main effects and interactions of a (possibly incomplete) factorial whose settings spread differently.

A main effect is the mean, over the combinations of the other factors' levels, of the difference of two settings that
differ in that factor alone; an interaction is the same of a difference of differences. Every setting keeps its own
variance (`cell_means`), so only settings with enough seeds for one take part.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from benchmarks.measure.cell_means import welch_contrast
from benchmarks.report.claims.judging import FEWEST_SEEDS

# The level that a difference is taken from, where there is a natural one.
_FROM: Final = {"task": "reconstruction", "memory": "none", "skip": "off", "supervision": "none"}
FACTORS: Final = tuple(_FROM)
_THREE_WAY: Final = {"task", "memory", "skip"}

Cell = tuple[str, ...]
"""The level of each factor, in the order of the factors."""


@dataclass(frozen=True)
class FactorEffect:
    """One main effect or interaction, in the unit of the value, with its 95 % interval.

    held, possible: of the combinations of the other factors' levels, how many have all cells of the effect, and how many
    could. least, greatest: the effect within one of them.
    """

    name: str
    mean: float
    low: float
    high: float
    p: float
    held: int
    possible: int
    least: float
    greatest: float


@dataclass(frozen=True)
class Factorial:
    """What a (possibly incomplete) factorial says.

    effects: those that its cells can tell apart. confounded: those that they cannot. follows: factor -> the factor whose
    level decides its own in all cells. missing: combinations of levels without enough seeds. runs: how many take part.
    """

    effects: tuple[FactorEffect, ...]
    confounded: tuple[str, ...]
    follows: Mapping[str, str]
    missing: tuple[str, ...]
    runs: int


def fit_factorial(table: pd.DataFrame, factors: Sequence[str] = FACTORS) -> Factorial:
    """Estimate main effects, interactions of two factors, and that of task, memory and skip, as far as cells allow.

    Supervision exists with a memory alone, so that memory's effect is the one without it.

    table: a row per run, columns ``seed``, ``value`` and one of strings per factor. Factors of one level are left out.
    """
    cells = table.groupby(list(factors), sort=False)["value"].agg(["mean", "var", "count"])
    cells = cells[cells["count"] >= FEWEST_SEEDS]
    present = cells.index.to_frame(index=False).astype(str)
    varying = [factor for factor in factors if len(set(present[factor])) > 1]
    follows: dict[str, str] = {}
    for factor in reversed(varying):
        leaders = (one for one in varying[: varying.index(factor)] if present.groupby(one)[factor].nunique().max() == 1)
        if leader := next(leaders, None):
            follows[factor] = leader
    active = [factor for factor in varying if factor not in follows]
    levels = {factor: sorted(set(present[factor])) for factor in active}
    place: dict[Cell, int] = {cell: at for at, cell in enumerate(present[active].itertuples(index=False, name=None))}
    effects, confounded = [], []
    for chosen in _terms(active):
        for chosen_steps in itertools.product(*(steps(factor, levels[factor]) for factor in chosen)):
            name = " × ".join(
                f"{factor}: {level} − {base}" for factor, (base, level) in zip(chosen, chosen_steps, strict=True)
            )
            strata = [
                one
                for one in _strata(active, levels, dict(zip(chosen, chosen_steps, strict=True)))
                if _all_possible(active, one)
            ]
            held = [one for one in strata if one.keys() <= place.keys()]
            if held:
                effects.append(_effect(name, held, len(strata), place, cells))
            elif strata:
                confounded.append(name)
    combinations = itertools.product(*levels.values()) if active else ()
    missing = [one for one in combinations if one not in place and _possible(active, one)]
    names = (", ".join(f"{factor}={level}" for factor, level in zip(active, one, strict=True)) for one in missing)
    return Factorial(tuple(effects), tuple(confounded), follows, tuple(names), int(cells["count"].sum()))


def _terms(active: Sequence[str]) -> list[tuple[str, ...]]:
    """Main effects, interactions of two, and the one of three that the study asks about."""
    three = tuple(factor for factor in active if factor in _THREE_WAY)
    terms = [one for order in (1, 2) for one in itertools.combinations(active, order)]
    return [*terms, three] if len(three) == len(_THREE_WAY) else terms


def steps(factor: str, levels: Sequence[str]) -> list[tuple[str, str]]:
    """From the base level to each other one."""
    base = _FROM.get(factor, levels[0])
    base = base if base in levels else levels[0]
    return [(base, level) for level in levels if level != base]


def _strata(
    active: Sequence[str], levels: Mapping[str, Sequence[str]], steps: Mapping[str, tuple[str, str]]
) -> Iterable[dict[Cell, int]]:
    """The cells of an effect with their signs, for each combination of the other factors' levels."""
    others = [factor for factor in active if factor not in steps]
    for fixed in itertools.product(*(levels[factor] for factor in others)):
        of = dict(zip(others, fixed, strict=True))
        corners = itertools.product(
            *([(factor, base, -1), (factor, level, 1)] for factor, (base, level) in steps.items())
        )
        signs = {}
        for corner in corners:
            full = of | {factor: level for factor, level, _ in corner}
            signs[tuple(full[factor] for factor in active)] = int(np.prod([sign for *_, sign in corner]))
        yield signs


def _possible(active: Sequence[str], cell: Cell) -> bool:
    """Whether such a cell could be run: without items there is nothing to supervise."""
    of = dict(zip(active, cell, strict=True))
    return not (of.get("memory") == "none" and of.get("supervision", "none") != "none")


def _all_possible(active: Sequence[str], cells: Iterable[Cell]) -> bool:
    return all(_possible(active, cell) for cell in cells)


def _effect(
    name: str, held: Sequence[Mapping[Cell, int]], possible: int, place: Mapping[Cell, int], cells: pd.DataFrame
) -> FactorEffect:
    weights = np.zeros((len(held), len(cells)))
    for row, signs in zip(weights, held, strict=True):
        for cell, sign in signs.items():
            row[place[cell]] = sign
    means, variances, counts = (cells[column].to_numpy(dtype=np.float64) for column in ("mean", "var", "count"))
    found = welch_contrast(weights.mean(axis=0), means, variances, counts)
    within = weights @ means
    return FactorEffect(
        name,
        mean=float(found.mean),
        low=float(found.low),
        high=float(found.high),
        p=float(found.p),
        held=len(held),
        possible=possible,
        least=float(within.min()),
        greatest=float(within.max()),
    )
