"""Which factor moves the AUC, by how much, on which set: a table for each method by itself, at one geometry and mode.

Settings with too few seeds for a variance of their own are shown pair by pair.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import pandas as pd

from benchmarks.report.claims.factorial_fit import FACTORS, Cell, Factorial, fit_factorial, steps
from benchmarks.report.claims.judging import FEWEST_SEEDS
from benchmarks.report.read.contrasts import paired
from benchmarks.report.read.format import interval_of, probability, signed
from benchmarks.report.read.groups import Group, group_of
from benchmarks.report.read.records import Record, reported
from benchmarks.report.read.rows import GEOMETRY, METHOD_NAMES, only_factors
from benchmarks.report.tables.render import Table
from benchmarks.study.settings import AUTOENCODERS

_MOST_NAMED: Final = 6


def factorial_tables(records: Iterable[Record]) -> list[Table]:
    """Effects on the published AUC: a table per group of records and method, then the pairs with too few seeds."""
    groups: dict[Group, list[Record]] = {}
    for record in reported(records):
        if record.settings.method in AUTOENCODERS and only_factors(record.settings):
            groups.setdefault(group_of(record.settings), []).append(record)
    tables = []
    for group, inside in sorted(groups.items(), key=lambda item: str(item[0])):
        label = group.of(record.settings.method for record in inside).label
        rows = [_row(record) | {"method": _method(record, inside)} for record in inside]
        frame = pd.DataFrame([row for row in rows if row["value"] is not None])
        if frame.empty:
            continue
        fits = {str(method): fit_factorial(runs) for method, runs in frame.groupby("method", sort=False)}
        tables += [_table(f"{label}, {method}", found) for method, found in fits.items() if found.effects]
        pairs = _pairs_table(label, frame)
        tables += [pairs] if pairs.rows else []
    return tables


def _method(record: Record, group: Sequence[Record]) -> str:
    """The method, and what tells its run from the group's others besides the factors: runs that differ there never meet."""
    others = [_made(one) for one in group if one.settings.method == record.settings.method]
    differing = [
        f"{name}={value}" for name, value in _made(record).items() if any(one[name] != value for one in others)
    ]
    return ", ".join([METHOD_NAMES[record.settings.method], *differing])


def _made(record: Record) -> dict[str, object]:
    return {
        "mode": record.content.get("mode"),
        **{name: getattr(record.settings, name) for name in sorted(GEOMETRY)},
    }


def _row(record: Record) -> dict[str, object]:
    settings = record.settings
    value = record.metric("micro_auc")
    noise = "" if settings.noise is None else f" {100 * settings.noise:g} %"
    return {
        "seed": record.seed,
        "value": None if value is None else 100 * value,
        "task": f"{settings.task}{noise}",
        "memory": {settings.method: "own", "none": "none"}.get(settings.memory, settings.memory),
        "skip": "on" if settings.skip else "off",
        "supervision": settings.supervision_card.printed,
    }


def _table(label: str, found: Factorial) -> Table:
    rows = tuple(
        (
            one.name,
            f"{signed(one.mean)} [{signed(one.low)}, {signed(one.high)}]",
            probability(one.p),
            "" if one.possible == 1 else f"{one.held} of {one.possible}",
            "" if one.held == 1 else f"{signed(one.least)} to {signed(one.greatest)}",
        )
        for one in found.effects
    )
    notes = [
        (
            f"Published AUC in points, {found.runs} runs of settings with at least {FEWEST_SEEDS} seeds. 95 % intervals, "
            "each setting with the variance of its own runs (Welch, Satterthwaite; "
            "coverage: `statistics/coverage.md`), p not adjusted for the number of rows. A description of all settings at "
            "once: the verdicts rest on the paired contrasts above."
        ),
        (
            "Over: the combinations of the other factors' levels that hold all settings of the effect, of those that "
            "could; the effect is their mean. Range: the effect within one of them, from least to greatest."
        ),
    ]
    if any(one.name.startswith("supervision") for one in found.effects):
        notes.append(
            "Supervision needs items: memory's rows are without it, its own rows are among settings with memory."
        )
    notes += [
        f"{factor.capitalize()} goes with {leader} in these settings: a row of {leader} is a difference in both."
        for factor, leader in found.follows.items()
    ]
    if found.confounded:
        notes.append(f"Not distinguishable with these settings: {_first(found.confounded)}.")
    if found.missing:
        notes.append(f"Settings with fewer than {FEWEST_SEEDS} seeds: {_first(found.missing)}.")
    columns = ("Factor", "Effect", "p", "Over", "Range")
    table = Table(f"Which factor moves the AUC: {label}", columns, rows, frozenset(columns[1:]), tuple(notes))
    return table.without_empty_columns()


def _pairs_table(label: str, frame: pd.DataFrame) -> Table:
    """Pairs of settings that differ in one factor and of which one has too few seeds for the fit."""
    factors = list(FACTORS)
    rows = []
    for method, runs in frame.groupby("method", sort=False):
        cells: dict[Cell, dict[int, float]] = {
            tuple(map(str, cell)): dict(zip(own["seed"], own["value"], strict=True))
            for cell, own in runs.groupby(factors)
        }
        for at, factor in enumerate(factors):
            for rest in dict.fromkeys((*cell[:at], *cell[at + 1 :]) for cell in cells):
                levels = sorted(cell[at] for cell in cells if (*cell[:at], *cell[at + 1 :]) == rest)
                for base, level in steps(factor, levels) if len(levels) > 1 else ():
                    one, other = (cells[(*rest[:at], which, *rest[at:])] for which in (level, base))
                    difference = paired(one, other)
                    if difference is None or min(len(one), len(other)) >= FEWEST_SEEDS:
                        continue
                    others = dict(zip((*factors[:at], *factors[at + 1 :]), rest, strict=True))
                    rows.append(
                        (
                            str(method),
                            f"{factor}: {level} − {base}",
                            ", ".join(_words(name, level) for name, level in others.items() if _words(name, level)),
                            interval_of(difference, scale=1),
                            str(len(difference.seeds)),
                        )
                    )
    columns = ("Method", "Factor", "Where", "Difference", "Seeds")
    note = (
        f"Published AUC in points: settings that differ in one factor and of which one has fewer than {FEWEST_SEEDS} "
        "seeds, paired by seed, with the 95 % t interval where there are two seeds. Too few for an interval that could "
        "be trusted over several settings."
    )
    title = f"Which factor moves the AUC, pairs with few seeds: {label}"
    return Table(title, columns, tuple(rows), frozenset(columns[3:]), (note,))


def _words(factor: str, level: str) -> str:
    """A level of a factor that a pair has in common; "" for what goes without saying."""
    if factor == "task":
        return level
    if factor == "supervision":
        return "" if level == "none" else level
    return {
        "memory": {"none": "no memory", "own": "memory"}.get(level, f"{level}'s memory"),
        "skip": "with skips" if level == "on" else "without skips",
    }[factor]


def _first(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_NAMED
    return "; ".join(names[:_MOST_NAMED]) + (f"; and {rest} more" if rest > 0 else "")
