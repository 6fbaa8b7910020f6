"""``results/tables/pixel_<set>.{md,csv}`` and LaTeX: where methods see anomalies, on sets with masks.

All numbers are the records' own section ``pixel`` (benchmarks/run/inspect/pixels.py); a record without it has no row.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from benchmarks.measure.score_levels import DECIMALS
from benchmarks.report.read.format import percent, span
from benchmarks.report.read.quantities import PIXEL
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row, seeds_note
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.view import SectionView, section_number, with_bounds

_number = partial(section_number, "pixel")
_HEADINGS: Final = {"pixel_auc": "Pixel AUC", "pro": "PRO", "rbdc": "RBDC", "tbdc": "TBDC"}
# Parts of the record's section: the maps as they are, and smoothed.
_KINDS: Final = ("", "smoothed.")
# Metrics that older records measured on a grid of thresholds, and what marks their values.
_BY_THRESHOLD: Final = ("rbdc", "tbdc")
_COARSE: Final = "‡"


def _tracks_from(record: Record) -> object:
    return record.section("pixel").get("tracks_from")


def _grid(row: Row) -> int | None:
    """How many thresholds RBDC and TBDC rest on in the coarsest record of a row; None where every level was one."""
    return min((int(grid) for one in row.records if (grid := _number("thresholds")(one)) is not None), default=None)


def _cell(row: Row, name: str) -> str:
    text = percent(row.summary(_number(name)), DECIMALS - 2)
    return f"{text}{_COARSE}" if text and name.endswith(_BY_THRESHOLD) and _grid(row) is not None else text


def _notes(rows: Sequence[Row]) -> tuple[str, ...]:
    records = [record for row in rows for record in row.records]

    def shown(name: str) -> str:
        return span(value for record in records if (value := _number(name)(record)) is not None)

    linked = (
        "the set's own objects"
        if set(map(_tracks_from, records)) - {None} == {"objects"}
        else note("pixel_table.overlapping")
    )
    squared = " MemAE's map is the squared error also where its score is the absolute one."
    return (
        note(
            "pixel_table.maps",
            squared=squared if any(row.settings.method == "memae" for row in rows) else "",
            seeds=seeds_note(rows),
        ),
        note(
            "pixel_table.measured",
            size=shown("size"),
            frames=shown("frames"),
            regions=shown("regions"),
            tracks=shown("tracks"),
            linked=linked,
        ),
        note("pixel_table.metrics"),
        note("pixel_table.smoothed", sigma=shown("smoothed.sigma")),
        *_grid_notes(rows),
    )


def _grid_notes(rows: Sequence[Row]) -> tuple[str, ...]:
    """What marked values rest on, if there are any."""
    grids = [grid for row in rows if (grid := _grid(row)) is not None]
    if not grids:
        return ()
    return (note("pixel_table.grid", mark=_COARSE, grids=span(grids)),)


def _numbers(row: Row) -> dict[str, object]:
    grid, first = _grid(row), row.records[0]
    values: dict[str, object] = {"detection_thresholds": "every level" if grid is None else f"grid of {grid}"}
    values |= {name: _number(name)(first) for name in ("size", "frames", "regions", "tracks")}
    values["tracks_from"] = _tracks_from(first)
    for kind in _KINDS:
        for name in PIXEL:
            values |= with_bounds(f"{kind}{name}".replace(".", "_"), row.summary(_number(f"{kind}{name}")))
    return values


PIXELS: Final = SectionView(
    section="pixel",
    title="Where methods see anomalies",
    caption="Pixel level",
    columns={
        f"{kind}{name}": f"{heading} smoothed" if kind else heading
        for kind in _KINDS
        for name, heading in _HEADINGS.items()
    },
    cell=_cell,
    numbers=_numbers,
    notes=_notes,
    rank=lambda row: row.settings.profile,
    digits=DECIMALS,
)
