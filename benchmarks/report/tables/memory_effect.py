"""``results/tables/memory_effect.{md,csv}`` and LaTeX: memory's effect by group, what it rests on, and what it costs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.measure.statistics import PairedDifference
from benchmarks.report.read.contrasts import Contrast, memory_contrasts, paired, variant_difference
from benchmarks.report.read.format import interval_of, signed, span
from benchmarks.report.read.groups import group_of, groups_of
from benchmarks.report.read.records import Record, by_cell, reported
from benchmarks.report.read.rows import Row, make_rows
from benchmarks.report.read.selection import native
from benchmarks.report.tables.batch_norm import recalibrated
from benchmarks.report.tables.costs import Cost, memory_costs
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.view import write_view
from benchmarks.study.settings import METHODS, TASKS

_TITLE: Final = note("memory_effect.title")
_COSTS: Final = ("Training time", "Scoring time", "Parameters")
_COSTED: Final = ("paper", "small")
"""Profiles that memory's cost is given for: the published width, and a quarter of it."""
STEM: Final = "memory_effect"
# Levels of MemAE's hard shrinkage other than the released 5/N, by name: the threshold times the number of items.
_SHRINKAGES: Final = {"λ = 2/N": 2.0, "without hard shrinkage": 0.0}
_ERRORS: Final = {"psnr": "PSNR", "mean_absolute_error": "absolute error", "mse": "squared error"}


@dataclass(frozen=True)
class Effect:
    """Memory on and off of one method and task in one group. published, alike: under each side's score, under the same.

    shrunk: rows that differ from that with memory in the level of hard shrinkage alone, by the level's name.
    """

    published: Contrast
    alike: Mapping[str, Contrast]
    shrunk: Mapping[str, Row] = field(default_factory=dict)

    @property
    def row(self) -> Row:
        """The side with memory."""
        return self.published.with_memory


@dataclass(frozen=True)
class Effects:
    """columns: labels of the groups; of: (method, task) -> column -> effect."""

    columns: tuple[str, ...]
    of: Mapping[tuple[str, str], Mapping[str, Effect]]


def write_memory_effect(records: Sequence[Record], results: Path) -> dict[str, Path]:
    """Write the table of all groups that hold a pair of runs, ``memory_effect.md`` and so on; nothing without any pair.

    Raises StudyError if a file cannot be written.
    """
    table = effects_table(memory_effects(rows_by_group(records)), results)
    if table is None:
        return {}
    return write_view(results, STEM, {"main": table}, table.to_frame())


def rows_by_group(records: Sequence[Record]) -> dict[str, list[Row]]:
    """Rows of each group with an autoencoder, by its label."""
    shown = reported(records)
    found = {}
    for group in groups_of(shown):
        inside = [record for record in shown if group_of(record.settings) == group]
        found[group.label] = make_rows([record.cell for record in inside], by_cell(inside))
    return found


def memory_effects(rows_of: Mapping[str, Sequence[Row]]) -> Effects:
    """Collect the effects; rows_of: the rows of each column, which share a group."""
    found: dict[tuple[str, str], dict[str, Effect]] = {}
    for column, rows in rows_of.items():
        contrasts = memory_contrasts(native(rows))
        for one in contrasts:
            if one.score == "published":
                settings = one.with_memory.settings
                same = {
                    other.score: other
                    for other in contrasts
                    if other.with_memory == one.with_memory and other.score != "published"
                }
                effect = Effect(one, same, _shrunk(one.with_memory, rows))
                found.setdefault((settings.method, settings.task), {})[column] = effect
    return Effects(
        tuple(rows_of),
        {
            key: found[key]
            for key in sorted(found, key=lambda key: (list(METHODS).index(key[0]), list(TASKS).index(key[1])))
        },
    )


def _shrunk(row: Row, rows: Sequence[Row]) -> dict[str, Row]:
    """The rows with memory that differ from one in hard shrinkage alone."""
    settings = row.settings
    if settings.shrink_threshold is None or not settings.items:
        return {}
    wanted = {name: settings.changed(shrink_threshold=times / settings.items) for name, times in _SHRINKAGES.items()}
    return {
        name: other
        for name, one in wanted.items()
        for other in rows
        if other.settings == one != settings and other.records
    }


def effects_table(effects: Effects, results: Path) -> Table | None:
    """A row per method and task with memory's cost, below it what the effect rests on; None without any pair of runs."""
    if not effects.of:
        return None
    costs = memory_costs(results)
    lines: list[tuple[str, ...]] = []
    for (method, task), of in effects.of.items():
        row = next(iter(of.values())).row
        own = [costs[key] for profile in _COSTED if (key := (method, task, profile)) in costs]
        rises = (one.published.in_paper for one in of.values())
        published = next((signed(100 * rise) for rise in rises if rise is not None), "")
        cells = [_interval(of[column].published.auc) if column in of else "" for column in effects.columns]
        lines.append((f"{row.method} {row.task}", published, *cells, *_added(own)))
        for name, tell in _below(of.values()).items():
            cells = [tell(of[column]) if column in of else "" for column in effects.columns]
            if any(cells):
                lines.append((f"– {name}", "", *cells, "", "", ""))
    headings = ("Method", "Published", *effects.columns, *_COSTS)
    table = Table(_TITLE, headings, tuple(lines), frozenset(headings[1:]), _notes(costed=bool(costs)))
    return table.without_empty_columns()


def _below(effects: Iterable[Effect]) -> dict[str, Callable[[Effect], str]]:
    """What stands in the lines below an effect, by the line's name: each writes one group's cell, "" where it has none."""
    effects = list(effects)
    scores = list(dict.fromkeys(score for effect in effects for score in effect.alike))
    names = [name for name in _SHRINKAGES if any(name in effect.shrunk for effect in effects)]
    return {
        **{f"{_same(score)}": partial(_alike, score) for score in scores},
        **{f"{name}, {_same(score)}": partial(_of_shrunk, name, score) for name in names for score in scores},
        "recalibrated BatchNorm for both": _recalibrated,
        "read zeroed, change of AUC": lambda effect: _interval(variant_difference(effect.row, "read_zeros")),
        "queries with an empty address": lambda effect: _empty(effect.row),
        **{f"{name}, queries with an empty address": partial(_empty_of, name) for name in names},
    }


def _same(score: str) -> str:
    return f"{_ERRORS.get(score, score)} for both"


def _alike(score: str, effect: Effect) -> str:
    return _interval(effect.alike[score].auc) if score in effect.alike else ""


def _recalibrated(effect: Effect) -> str:
    return _interval(paired(*map(recalibrated, (effect.row, effect.published.without_memory))))


def _of_shrunk(name: str, score: str, effect: Effect) -> str:
    """Another level of hard shrinkage minus none, both sides under one score."""
    if name not in effect.shrunk:
        return ""
    sides = (effect.shrunk[name], effect.published.without_memory)
    values = [side.by_seed(lambda record: record.metric("micro_auc", score=score)) for side in sides]
    return _interval(paired(values[0], values[1]))


def _empty_of(name: str, effect: Effect) -> str:
    return _empty(effect.shrunk[name]) if name in effect.shrunk else ""


def _empty(row: Row) -> str:
    """From the least to the greatest share over seeds: hard shrinkage has set all weights of their address to zero."""
    shares = [share for record in row.records if (share := record.dead_queries(record.variant)) is not None]
    return f"{span(round(100 * share) for share in shares)} %" if shares else ""


def _interval(difference: PairedDifference | None) -> str:
    return "" if difference is None else f"{interval_of(difference)} ({len(difference.seeds)})"


def _notes(*, costed: bool) -> tuple[str, ...]:
    paid = note("memory_effect.costs") if costed else "What memory costs was not measured yet: `make bench`."
    return (
        note("memory_effect.effect"),
        note("memory_effect.published", paid=paid),
    )


def _added(costs: Sequence[Cost]) -> tuple[str, str, str]:
    """Times the time, or the parameters, as per cent more of it, at each width."""
    cells = [
        " / ".join(f"{signed(100 * (times - 1), 0)} %" for times in each)
        for each in zip(*((cost.training, cost.scoring, cost.parameters) for cost in costs), strict=True)
    ]
    return (cells[0], cells[1], cells[2]) if cells else ("", "", "")
