"""Which factor moves the AUC, by how much, on which set: main effects and interactions of the factorial.

Ordinary least squares with the seed as a block; factors are coded as centred differences, so a main effect is the
difference of two levels averaged over the levels of the other factors, and an interaction is how much one effect changes
with another factor. An incomplete factorial gives what its cells can tell apart; the rest is named, and a main effect
that stands for one of those interactions too is marked: it is the difference among the cells there are.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.report.evidence import group_of
from benchmarks.report.records import Record
from benchmarks.report.render import Table
from benchmarks.report.rows import METHOD_NAMES, only_factors
from benchmarks.report.wording import probability, signed
from benchmarks.study.settings import AUTOENCODERS, UNTOLD

# The level that a difference is taken from, where there is a natural one.
_FROM: Final = {"method": "MNAD", "task": "reconstruction", "memory": "none", "skip": "off", "supervision": "none"}
FACTORS: Final = tuple(_FROM)
_MIXED: Final = " ‡"
# Without items there is nothing to supervise: the two have no interaction, whatever is run.
_NESTED: Final = {"memory", "supervision"}


@dataclass(frozen=True)
class Effect:
    """One main effect or interaction, in the unit of the value, with its 95 % interval."""

    name: str
    mean: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Factorial:
    """What a (possibly incomplete) factorial tells.

    effects: those that its cells can tell apart. confounded: those that they cannot. mixed: names of main effects one of
    whose interactions is confounded. missing: combinations of levels without a value. runs, seeds: how many there are.
    None of the effects where no value is left for the noise.
    """

    effects: tuple[Effect, ...]
    confounded: tuple[str, ...]
    mixed: frozenset[str]
    missing: tuple[str, ...]
    runs: int
    seeds: int


def fit_factorial(table: pd.DataFrame, factors: Sequence[str] = FACTORS) -> Factorial:
    """Estimate main effects, then interactions of two factors, as far as the cells allow.

    Supervision exists with a memory alone, so that memory's effect is the one without it.

    table: a row per run, columns ``seed``, ``value`` and one of strings per factor. Factors of one level are left out.
    """
    import statsmodels.api as sm

    varying = [factor for factor in factors if len(set(table[factor])) > 1]
    blocks = pd.get_dummies(table["seed"].astype(str), prefix="seed", dtype=float)
    design: dict[str, NDArray[np.float64]] = {str(name): blocks[name].to_numpy() for name in blocks.columns}
    codes = {factor: _differences(table[factor], factor) for factor in varying}
    wanted = {name: column for factor in varying for name, column in codes[factor].items()}
    for one, other in itertools.combinations(varying, 2):
        if {one, other} == _NESTED:
            continue
        wanted |= {
            f"{name} × {other_name}": column * other_column
            for (name, column), (other_name, other_column) in itertools.product(
                codes[one].items(), codes[other].items()
            )
        }
    names, confounded = [], []
    for name, column in wanted.items():
        tried = np.column_stack([*design.values(), column])
        if np.linalg.matrix_rank(tried) > len(design):
            design[name] = column
            names.append(name)
        else:
            confounded.append(name)
    missing = _missing_cells(table, varying)
    effects: tuple[Effect, ...] = ()
    if names and len(table) > len(design):
        fit = sm.OLS(table["value"].to_numpy(dtype=float), np.column_stack(list(design.values()))).fit()
        bounds = fit.conf_int(0.05)
        places = {name: place for place, name in enumerate(design)}
        effects = tuple(
            Effect(name, *(float(value) for value in (fit.params[at], *bounds[at], fit.pvalues[at])))
            for name in names
            for at in (places[name],)
        )
    mixed = frozenset(name for name in names if any(name in other.split(" × ") for other in confounded))
    return Factorial(effects, tuple(confounded), mixed, missing, len(table), int(table["seed"].nunique()))


def factorial_tables(records: Iterable[Record]) -> list[Table]:
    """A table of effects on the published AUC for each group of records with more than one varying factor."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        if (
            record.settings.method in AUTOENCODERS
            and record.settings.profile != UNTOLD
            and only_factors(record.settings)
        ):
            groups.setdefault(group_of(record.settings).label, []).append(record)
    tables = []
    for label, inside in sorted(groups.items()):
        rows = [_row(record) for record in inside]
        frame = pd.DataFrame([row for row in rows if row["value"] is not None])
        if len(frame) < 3 or frame.drop(columns=["seed", "value"]).nunique().max() < 2:
            continue
        found = fit_factorial(frame)
        if found.effects:
            tables.append(_table(label, found))
    return tables


def _differences(levels: pd.Series, factor: str) -> dict[str, NDArray[np.float64]]:
    """Columns whose coefficients are level minus base level, centred so that other effects are averages over levels."""
    present = sorted(map(str, levels.unique()))
    base = _FROM.get(factor, present[0])
    base = base if base in present else present[0]
    return {
        f"{factor}: {level} − {base}": np.asarray(levels == level, dtype=np.float64) - 1 / len(present)
        for level in present
        if level != base
    }


def _missing_cells(table: pd.DataFrame, factors: Sequence[str]) -> tuple[str, ...]:
    levels = [sorted(map(str, table[factor].unique())) for factor in factors]
    present = set(table[list(factors)].astype(str).itertuples(index=False, name=None))
    absent = [combination for combination in itertools.product(*levels) if combination not in present]
    possible = [dict(zip(factors, one, strict=True)) for one in absent]
    return tuple(
        ", ".join(f"{name}={level}" for name, level in one.items())
        for one in possible
        if not (one.get("memory") == "none" and one.get("supervision", "none") != "none")
    )


def _row(record: Record) -> dict[str, object]:
    settings = record.settings
    value = record.metric("micro_auc")
    noise = "" if settings.noise is None else f" {100 * settings.noise:g} %"
    return {
        "seed": record.seed,
        "value": None if value is None else 100 * value,
        "method": METHOD_NAMES[settings.method],
        "task": f"{settings.task}{noise}",
        "memory": {settings.method: "own", "none": "none"}.get(settings.memory, settings.memory),
        "skip": "on" if settings.skip else "off",
        "supervision": settings.supervision,
    }


def _table(label: str, found: Factorial) -> Table:
    rows = tuple(
        (
            f"{one.name}{_MIXED if one.name in found.mixed else ''}",
            f"{signed(one.mean)} [{signed(one.low)}, {signed(one.high)}]",
            probability(one.p),
        )
        for one in found.effects
    )
    notes = [
        (
            f"Published AUC in points, {found.runs} runs of {found.seeds} seeds; least squares with the seed as a "
            f"block; 95 % intervals. A difference without {_MIXED.strip()} is averaged over the levels of the other "
            "factors. One description of all cells at once: the verdicts rest on the paired contrasts above."
        )
    ]
    if any(one.name.startswith("supervision") for one in found.effects):
        notes.append(
            "Supervision needs items: memory's rows are without it, its own rows are among settings with memory."
        )
    if found.mixed:
        notes.append(
            f"{_MIXED.strip()} One of its interactions cannot be told apart from it: it is the difference among the "
            "cells there are, not averaged over all levels of the other factors."
        )
    if found.confounded:
        told = "; ".join(found.confounded[:6]) + (
            f"; and {len(found.confounded) - 6} more" if len(found.confounded) > 6 else ""
        )
        notes.append(f"Not to be told apart with these cells: {told}.")
    if found.missing:
        told = "; ".join(found.missing[:6]) + (f"; and {len(found.missing) - 6} more" if len(found.missing) > 6 else "")
        notes.append(f"Missing cells: {told}.")
    return Table(
        f"Which factor moves the AUC: {label}",
        ("Factor", "Effect", "p"),
        rows,
        frozenset({"Effect", "p"}),
        tuple(notes),
    )
