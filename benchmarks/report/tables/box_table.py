"""``results/tables/boxes_<set>.{md,csv}`` and LaTeX: boxes that a detector finds in error maps, on sets with masks.

All numbers are the records' own section ``boxes`` (benchmarks/run/looks/boxes.py); a record without it has no row.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from benchmarks.report.read.format import percent, span
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row, seeds_note
from benchmarks.report.tables.latex import write_latex
from benchmarks.report.tables.render import Table, to_markdown
from benchmarks.report.tables.write import write_text
from benchmarks.study.settings import UNTOLD

OVERLAPS: Final = ("0.5", "0.25")
_RATES: Final = {"precision": "precision", "recall": "recall", "f1": "F1"}


def write_box_tables(records: Sequence[Record], results: Path) -> dict[str, Path]:
    """Write one table per data set that has records with boxes; returns ``boxes_<set>`` -> Markdown file.

    Raises StudyError if a file cannot be written.
    """
    told = [record for record in records if record.settings.profile != UNTOLD and box_facts(record)]
    paths = {}
    for dataset in sorted({record.settings.dataset for record in told}):
        rows = _rows([record for record in told if record.settings.dataset == dataset])
        table = _table(dataset, rows)
        csv = pd.DataFrame([_csv_row(row) for row in rows])
        texts = {
            "md": f"# Boxes from error maps: {dataset}\n\n{to_markdown(table)}",
            "csv": csv.to_csv(index=False, float_format="%.5f", lineterminator="\n"),
        }
        stem = f"boxes_{dataset}"
        write_latex(results, stem, {"main": table})
        written = {form: write_text(results / "tables" / f"{stem}.{form}", text) for form, text in texts.items()}
        paths[stem] = written["md"]
    return paths


def box_facts(record: Record) -> Mapping[str, Any]:
    """Return the section of a record's published variant; empty where it has none."""
    found: Mapping[str, Any] = record.content.get("boxes", {}).get(record.variant, {})
    return found


def _rate(overlap: str, name: str) -> Callable[[Record], float | None]:
    def read(record: Record) -> float | None:
        value = box_facts(record)[f"overlap_{overlap}"][name]
        return None if value is None else float(value)

    return read


def _rows(records: Sequence[Record]) -> list[Row]:
    """A row per setting, the profiles one after the other, within each the best F1 at the looser overlap first."""
    settings = dict.fromkeys(record.settings for record in records)
    rows = [
        Row(one, tuple(sorted((r for r in records if r.settings == one), key=lambda r: r.seed))) for one in settings
    ]

    def rank(row: Row) -> tuple[str, float]:
        summary = row.summary(_rate(OVERLAPS[-1], "f1"))
        return row.settings.profile, 1.0 if summary is None else -summary.mean

    return sorted(rows, key=rank)


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
    facts = [box_facts(record) for row in rows for record in row.records]
    frames = span(one["frames"] for one in facts)
    true = span(one["overlap_0.5"]["true"] for one in facts)
    notes = (
        (
            "In per cent, mean over seeds; ± is the half-width of a 95 % t interval over seeds. A box found matches a "
            "true one at an IoU of at least 0.5 or 0.25; boxes are matched one to one, as many as can be."
            f"{seeds_note(list(rows))}"
        ),
        (
            f"{frames} test frames were looked at, with {true} boxes of the masks' connected pieces; objects that touch "
            "are one."
        ),
        (
            "The detector's threshold is the lowest of a fixed series that leaves at most one false box in twenty "
            "held-out normal training frames; no test frame had a part in it."
        ),
    )
    return Table(f"Boxes, {dataset}", ("Runs", "Setting", *numeric), cells, frozenset(numeric), notes)


def _csv_row(row: Row) -> dict[str, object]:
    settings = row.settings
    named: dict[str, object] = {name: getattr(settings, name) for name in ("dataset", "profile", "method")}
    values = named | {
        "group": settings_label(row.settings),
        "name": settings.name,
        "setting": row.label,
        "seeds": len(row.records),
    }
    first = box_facts(row.records[0])
    values |= {name: first[name] for name in ("frames", "threshold", "peak", "quantile", "false_per_held_out_frame")}
    for overlap in OVERLAPS:
        for name in _RATES:
            summary = row.summary(_rate(overlap, name))
            values[f"{name}_{overlap}"] = None if summary is None else summary.mean
    return values
