"""``results/tables/boxes_<set>.{md,csv}`` and LaTeX: boxes that a detector finds in error maps, on sets with masks.

All numbers are the records' own section ``boxes`` (benchmarks/run/inspect/boxes.py); a record without it has no row.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from benchmarks.report.read.format import percent, span
from benchmarks.report.read.rows import Row, seeds_note
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.view import SETTINGS, SectionView, section_number

_number = partial(section_number, "boxes")
OVERLAPS: Final = ("0.5", "0.25")
_RATES: Final = {"precision": "precision", "recall": "recall", "f1": "F1"}


def _rank(row: Row) -> tuple[str, float]:
    """The profiles one after the other, within each the best F1 at the looser overlap first."""
    summary = row.summary(_number(f"overlap_{OVERLAPS[-1]}.f1"))
    return row.settings.profile, 1.0 if summary is None else -summary.mean


def _notes(rows: Sequence[Row]) -> tuple[str, ...]:
    records = [record for row in rows for record in row.records]
    frames, true = (span(filter(None, map(_number(name), records))) for name in ("frames", "overlap_0.5.true"))
    return (
        note("box_table.match", seeds=seeds_note(rows)),
        note("box_table.frames", frames=frames, true=true),
        note("box_table.threshold"),
    )


def _numbers(row: Row) -> dict[str, float | None]:
    names = ("frames", "threshold", "peak", "quantile", "false_per_held_out_frame")
    values = {name: _number(name)(row.records[0]) for name in names}
    for overlap in OVERLAPS:
        for name in _RATES:
            summary = row.summary(_number(f"overlap_{overlap}.{name}"))
            values[f"{name}_{overlap}"] = None if summary is None else summary.mean
    return values


BOXES: Final = SectionView(
    section="boxes",
    title="Boxes from error maps",
    caption="Boxes",
    columns={
        f"overlap_{overlap}.{name}": f"{shown} at {overlap}" for overlap in OVERLAPS for name, shown in _RATES.items()
    },
    cell=lambda row, name: percent(row.summary(_number(name))),
    numbers=_numbers,
    notes=_notes,
    rank=_rank,
    digits=5,
    settings=SETTINGS[:3],
)
