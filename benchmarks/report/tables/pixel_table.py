"""``results/tables/pixel_<set>.{md,csv}`` and LaTeX: where methods see anomalies, on sets with masks.

All numbers are the records' own section ``pixel`` (benchmarks/run/inspect/pixels.py); a record without it has no row.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.measure.score_levels import DECIMALS
from benchmarks.report.read.format import percent, span
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.quantities import PIXEL
from benchmarks.report.read.records import Record, by_cell
from benchmarks.report.read.rows import Row, make_rows, seeds_note
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.view import csv_frame, with_bounds, write_view
from benchmarks.study.settings import UNTOLD

_HEADINGS: Final = {"pixel_auc": "Pixel AUC", "pro": "PRO", "rbdc": "RBDC", "tbdc": "TBDC"}
# Parts of the record's section: the maps as they are, and smoothed.
_KINDS: Final = ("", "smoothed.")
# Metrics that older records measured on a grid of thresholds, and what marks their values.
_BY_THRESHOLD: Final = ("rbdc", "tbdc")
_COARSE: Final = "‡"


def write_pixel_tables(records: Sequence[Record], results: Path) -> dict[str, Path]:
    """Write one table per data set that has records with masks; returns ``pixel_<set>`` -> Markdown file.

    Raises StudyError if a file cannot be written.
    """
    told = [record for record in records if record.settings.profile != UNTOLD and _number("frames")(record)]
    paths = {}
    for dataset in sorted({record.settings.dataset for record in told}):
        rows = _rows([record for record in told if record.settings.dataset == dataset])
        stem, title = f"pixel_{dataset}", f"Where methods see anomalies: {dataset}"
        frame = csv_frame((row, _numbers(row)) for row in rows)
        paths[stem] = write_view(results, stem, {"main": _table(dataset, rows)}, frame, title=title, digits=DECIMALS)[
            "md"
        ]
    return paths


def _number(name: str) -> Callable[[Record], float | None]:
    """Read a number of a record's section of pixels, of its published variant."""
    return lambda record: record.number(f"pixel.{name}", record.variant)


def _tracks_from(record: Record) -> object:
    return record.section("pixel").get("tracks_from")


def _grid(row: Row) -> int | None:
    """How many thresholds RBDC and TBDC rest on in the coarsest record of a row; None where every level was one."""
    return min((int(grid) for one in row.records if (grid := _number("thresholds")(one)) is not None), default=None)


def _cell(row: Row, name: str, kind: str) -> str:
    text = percent(row.summary(_number(f"{kind}{name}")), DECIMALS - 2)
    return f"{text}{_COARSE}" if text and name in _BY_THRESHOLD and _grid(row) is not None else text


def _rows(records: Sequence[Record]) -> list[Row]:
    """A row per setting, the profiles one after the other."""
    rows = make_rows([record.cell for record in records], by_cell(records))
    return sorted(rows, key=lambda row: row.settings.profile)


def _table(dataset: str, rows: Sequence[Row]) -> Table:
    headings = [heading if not kind else f"{heading} smoothed" for kind in _KINDS for heading in _HEADINGS.values()]
    cells = tuple(
        (
            settings_label(row.settings),
            row.label,
            row.seeds,
            *(_cell(row, name, kind) for kind in _KINDS for name in PIXEL),
        )
        for row in rows
    )
    numeric = ("Seeds", *headings)
    title = f"Pixel level, {dataset}"
    return Table(title, ("Runs", "Setting", *numeric), cells, frozenset(numeric), _notes(list(rows)))


def _notes(rows: Sequence[Row]) -> tuple[str, ...]:
    records = [record for row in rows for record in row.records]

    def told(name: str) -> str:
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
            size=told("size"),
            frames=told("frames"),
            regions=told("regions"),
            tracks=told("tracks"),
            linked=linked,
        ),
        note("pixel_table.metrics"),
        note("pixel_table.smoothed", sigma=told("smoothed.sigma")),
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
