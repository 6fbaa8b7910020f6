"""``results/tables/memory_conventions.{md,csv}`` and LaTeX: memory's effect under every convention of scoring.

A finding that holds under one score, one normalisation or one way of averaging alone is a finding about that convention.
All figures are the records' own metrics.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.measure.statistics import PairedDifference
from benchmarks.report.read.contrasts import memory_pairs, paired
from benchmarks.report.read.format import interval_of, signed
from benchmarks.report.read.groups import group_of
from benchmarks.report.read.quantities import score_name
from benchmarks.report.read.records import Record, by_cell, reported
from benchmarks.report.read.rows import Row, make_rows
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.view import csv_frame, with_bounds, write_view

_DISTANCE: Final = "feature distance"
_STEM: Final = "memory_conventions"
_NAMED: Final = ("dataset", "profile", "size", "width", "epochs", "method", "task", "noise", "skip", "memory")
# Score of the side with memory, and of that without, as `score_name` has them.
_SCORES: Final = {
    "published": ("published", "published"),
    "squared error": ("error", "error"),
    "absolute error": ("mean_absolute_error", "mean_absolute_error"),
    _DISTANCE: ("feature_distance", "error"),
}
# Metric and normalisation.
_AVERAGES: Final = {
    "Per video": ("micro_auc", "per_video"),
    "Global": ("micro_auc", "global"),
    "Train": ("micro_auc", "train"),
    "Macro": ("macro_auc", "per_video"),
    "Macro padded": ("macro_auc_padded", "per_video"),
}


@dataclass(frozen=True)
class PairEffects:
    """Memory minus none of one pair of settings in one group; of: (score, average) -> difference, a fraction of AUC."""

    group: str
    row: Row
    of: Mapping[tuple[str, str], PairedDifference]

    @property
    def published(self) -> PairedDifference | None:
        """The difference that papers report: published score, per video, all frames joined."""
        return self.of.get(("published", "Per video"))


def memory_conventions(records: Sequence[Record]) -> list[PairEffects]:
    """Effects of every pair that shares a seed, by group; sides meet where mode and test frames are the same."""
    shown = reported(records)
    rows = make_rows([record.cell for record in shown], by_cell(shown))
    found = []
    for with_memory, without in memory_pairs(rows):
        others = {record.seed: record for record in without.records}
        pairs = [
            (record, others[record.seed])
            for record in with_memory.records
            if record.seed in others and _made_alike(record) == _made_alike(others[record.seed])
        ]
        effects = {
            (score, average): difference
            for score, names in _SCORES.items()
            for average, (metric, normalisation) in _AVERAGES.items()
            if (difference := _difference(pairs, names, metric, normalisation)) is not None
        }
        if effects:
            found.append(PairEffects(group_of(with_memory.settings).label, with_memory, effects))
    return sorted(found, key=lambda one: (one.group, one.row.label))


def write_memory_conventions(records: Sequence[Record], results: Path) -> dict[str, Path]:
    """Write the tables; returns the name -> Markdown file, or nothing where no pair shares a seed.

    Raises StudyError if a file cannot be written.
    """
    effects = memory_conventions(records)
    if not effects:
        return {}
    groups = dict.fromkeys(one.group for one in effects)
    tables = {"summary": _summary(effects)}
    for number, group in enumerate(groups, 1):
        tables[f"group-{number}"] = _group_table(group, [one for one in effects if one.group == group])
    frame = csv_frame(((one.row, line) for one in effects for line in _numbers(one)), _NAMED, ("group", "setting"))
    frame.insert(0, "group", frame.pop("group"))
    title = "Memory's effect under every scoring convention"
    return {f"{_STEM}.md": write_view(results, _STEM, tables, frame, title=title, digits=5)["md"]}


def _made_alike(record: Record) -> tuple[Any, ...]:
    return record.content.get("mode"), record.content.get("data", {}).get("test_checksum")


def _difference(
    pairs: Sequence[tuple[Record, Record]], scores: tuple[str, str], metric: str, normalisation: str
) -> PairedDifference | None:
    sides: tuple[dict[int, float], dict[int, float]] = ({}, {})
    for pair in pairs:
        for record, score, values in zip(pair, scores, sides, strict=True):
            name = score_name(record, None, score)
            value = None if name is None else record.metric(metric, score=name, normalisation=normalisation)
            if value is not None:
                values[record.seed] = value
    return paired(*sides)


def _summary(effects: Sequence[PairEffects]) -> Table:
    """A row per pair: the published effect, and the least and greatest of all conventions."""
    rows = []
    for one in effects:
        alike = [difference for (score, _), difference in one.of.items() if score != _DISTANCE]
        means = [100 * difference.mean for difference in alike]
        ends = [(each.low, each.high) for each in alike if each.low is not None and each.high is not None]
        rows.append(
            (
                one.group,
                one.row.label,
                _seeds(one),
                "" if one.published is None else interval_of(one.published),
                f"{signed(min(means))} to {signed(max(means))}",
                f"{sum(low > 0 for low, _ in ends)} of {len(ends)}" if ends else "",
                f"{sum(high < 0 for _, high in ends)} of {len(ends)}" if ends else "",
            )
        )
    columns = ("Group", "Setting", "Seeds", "Published", "All conventions", "Above 0", "Below 0")
    notes = (note("memory_conventions.summary"),)
    return Table("Published effect, and all conventions", columns, tuple(rows), frozenset(columns[2:]), notes)


def _group_table(group: str, effects: Sequence[PairEffects]) -> Table:
    rows = []
    for one in effects:
        for score in _SCORES:
            cells = [one.of.get((score, average)) for average in _AVERAGES]
            if any(cell is not None for cell in cells):
                written = ("" if cell is None else interval_of(cell) for cell in cells)
                rows.append((one.row.label, score, *written, _seeds(one)))
    columns = ("Setting", "Score", *_AVERAGES, "Seeds")
    notes = (
        note("memory_conventions.scores"),
        note("memory_conventions.averages"),
    )
    table = Table(f"Memory minus none, {group}", columns, tuple(rows), frozenset(columns[2:]), notes)
    return table.without_empty_columns()


def _seeds(one: PairEffects) -> str:
    return str(max(len(difference.seeds) for difference in one.of.values()))


def _numbers(one: PairEffects) -> list[dict[str, Any]]:
    return [
        {"group": one.group, "score": score, "average": average.lower(), "n": len(difference.seeds)}
        | {name.removeprefix("effect_"): value for name, value in with_bounds("effect", difference, 100).items()}
        for (score, average), difference in one.of.items()
    ]
