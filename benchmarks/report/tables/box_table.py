"""``results/tables/boxes_<set>.{md,csv}`` and LaTeX: boxes that a detector finds in error maps, on sets with masks.

All numbers are the records' own section ``boxes`` (benchmarks/run/inspect/boxes.py); a record without it has no row.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.report.read.format import percent, span
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.records import Record, by_cell
from benchmarks.report.read.rows import Row, make_rows, seeds_note
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.view import SETTINGS, csv_frame, write_view
from benchmarks.study.settings import UNTOLD

OVERLAPS: Final = ("0.5", "0.25")
_RATES: Final = {"precision": "precision", "recall": "recall", "f1": "F1"}


def write_box_tables(records: Sequence[Record], results: Path) -> dict[str, Path]:
    """Write one table per data set that has records with boxes; returns ``boxes_<set>`` -> Markdown file.

    Raises StudyError if a file cannot be written.
    """
    told = [record for record in records if record.settings.profile != UNTOLD and box_number("frames")(record)]
    paths = {}
    for dataset in sorted({record.settings.dataset for record in told}):
        rows = _rows([record for record in told if record.settings.dataset == dataset])
        stem, title = f"boxes_{dataset}", f"Boxes from error maps: {dataset}"
        frame = csv_frame(((row, _numbers(row)) for row in rows), SETTINGS[:3])
        paths[stem] = write_view(results, stem, {"main": _table(dataset, rows)}, frame, title=title, digits=5)["md"]
    return paths


def box_number(name: str) -> Callable[[Record], float | None]:
    """Read a number of a record's section of boxes, of its published variant."""
    return lambda record: record.number(f"boxes.{name}", record.variant)


def _rate(overlap: str, name: str) -> Callable[[Record], float | None]:
    return box_number(f"overlap_{overlap}.{name}")


def _rows(records: Sequence[Record]) -> list[Row]:
    """A row per setting, the profiles one after the other, within each the best F1 at the looser overlap first."""

    def rank(row: Row) -> tuple[str, float]:
        summary = row.summary(_rate(OVERLAPS[-1], "f1"))
        return row.settings.profile, 1.0 if summary is None else -summary.mean

    return sorted(make_rows([record.cell for record in records], by_cell(records)), key=rank)


def _table(dataset: str, rows: Sequence[Row]) -> Table:
    headings = [f"{shown} at {overlap}" for overlap in OVERLAPS for shown in _RATES.values()]
    cells = tuple(
        (
            settings_label(row.settings),
            row.label,
            row.seeds,
            *(percent(row.summary(_rate(overlap, name))) for overlap in OVERLAPS for name in _RATES),
        )
        for row in rows
    )
    numeric = ("Seeds", *headings)
    records = [record for row in rows for record in row.records]
    frames, true = (span(filter(None, map(box_number(name), records))) for name in ("frames", "overlap_0.5.true"))
    notes = (
        note("box_table.match", seeds=seeds_note(list(rows))),
        note("box_table.frames", frames=frames, true=true),
        note("box_table.threshold"),
    )
    return Table(f"Boxes, {dataset}", ("Runs", "Setting", *numeric), cells, frozenset(numeric), notes)


def _numbers(row: Row) -> dict[str, float | None]:
    names = ("frames", "threshold", "peak", "quantile", "false_per_held_out_frame")
    values = {name: box_number(name)(row.records[0]) for name in names}
    summaries = {f"{name}_{overlap}": row.summary(_rate(overlap, name)) for overlap in OVERLAPS for name in _RATES}
    return values | {name: None if summary is None else summary.mean for name, summary in summaries.items()}
