"""``results/tables/pixel_<set>.{md,csv}`` and LaTeX: where methods see anomalies, on sets with masks.

All numbers are the records' own section ``pixel`` (benchmarks/run/looks/pixels.py); a record without it has no row.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from benchmarks.measure.score_levels import DECIMALS
from benchmarks.report.read.format import percent, span
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.quantities import PIXEL
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row, Summary, seeds_note
from benchmarks.report.tables.latex import write_latex
from benchmarks.report.tables.render import Table, to_markdown
from benchmarks.report.tables.write import write_text
from benchmarks.study.settings import UNTOLD

_HEADINGS: Final = {"pixel_auc": "Pixel AUC", "pro": "PRO", "rbdc": "RBDC", "tbdc": "TBDC"}
# Path below the record's section, and what is put before headings and in front of columns.
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {"": (), "smoothed": ("smoothed",)}
# Metrics that older records measured on a grid of thresholds, and what marks their values.
_BY_THRESHOLD: Final = ("rbdc", "tbdc")
_COARSE: Final = "‡"


def write_pixel_tables(records: Sequence[Record], results: Path) -> dict[str, Path]:
    """Write one table per data set that has records with masks; returns ``pixel_<set>`` -> Markdown file.

    Raises StudyError if a file cannot be written.
    """
    told = [record for record in records if record.settings.profile != UNTOLD and _section(record)]
    paths = {}
    for dataset in sorted({record.settings.dataset for record in told}):
        rows = _rows([record for record in told if record.settings.dataset == dataset])
        table = _table(dataset, rows)
        csv = pd.DataFrame([_csv_row(row) for row in rows])
        stem = f"pixel_{dataset}"
        write_latex(results, stem, {"main": table})
        texts = {
            "md": f"# Where methods see anomalies: {dataset}\n\n{to_markdown(table)}",
            "csv": csv.to_csv(index=False, float_format=f"%.{DECIMALS}f", lineterminator="\n"),
        }
        for form, text in texts.items():
            written = write_text(results / "tables" / f"{stem}.{form}", text)
            if form == "md":
                paths[stem] = written
    return paths


def _section(record: Record) -> Mapping[str, object]:
    found: Mapping[str, object] = record.content.get("pixel", {}).get(record.variant, {})
    return found


def _grid(row: Row) -> int | None:
    """How many thresholds RBDC and TBDC rest on in the coarsest record of a row; None where every level was one."""
    return min(
        (int(grid) for one in row.records if isinstance(grid := _section(one).get("thresholds"), int)), default=None
    )


def _cell(row: Row, name: str, path: Sequence[str]) -> str:
    text = percent(row.summary(_value(name, *path)), DECIMALS - 2)
    return f"{text}{_COARSE}" if text and name in _BY_THRESHOLD and _grid(row) is not None else text


def _value(name: str, *path: str) -> Callable[[Record], float | None]:
    """Read a metric (a fraction) of the section, or of a part of it."""

    def read(record: Record) -> float | None:
        found: object = _section(record)
        for key in (*path, name):
            found = found.get(key) if isinstance(found, Mapping) else None
        return float(found) if isinstance(found, int | float) else None

    return read


def _rows(records: Sequence[Record]) -> list[Row]:
    """A row per setting, the profiles one after the other."""
    settings = dict.fromkeys(record.settings for record in records)
    rows = [
        Row(one, tuple(sorted((r for r in records if r.settings == one), key=lambda r: r.seed))) for one in settings
    ]
    return sorted(rows, key=lambda row: row.settings.profile)


def _table(dataset: str, rows: Sequence[Row]) -> Table:
    headings = [heading if not kind else f"{heading} smoothed" for kind in _KINDS for heading in _HEADINGS.values()]
    cells = tuple(
        (
            settings_label(row.settings),
            row.label,
            row.seeds,
            *(_cell(row, name, path) for path in _KINDS.values() for name in PIXEL),
        )
        for row in rows
    )
    numeric = ("Seeds", *headings)
    title = f"Pixel level, {dataset}"
    return Table(title, ("Runs", "Setting", *numeric), cells, frozenset(numeric), _notes(list(rows)))


def _notes(rows: Sequence[Row]) -> tuple[str, ...]:
    sections = [_section(record) for row in rows for record in row.records]

    def of(name: str, *path: str) -> list[Any]:
        found: list[Any] = list(sections)
        for key in (*path, name):
            found = [one[key] for one in found if isinstance(one, Mapping) and key in one]
        return found

    def told(name: str, *path: str) -> str:
        return span(of(name, *path))

    linked = (
        "the set's own objects"
        if set(of("tracks_from")) == {"objects"}
        else "regions of neighbouring frames that overlap, since masks have no identities: not the tracks of papers that "
        "annotate them by hand"
    )
    squared = " MemAE's map is the squared error also where its score is the absolute one."
    return (
        (
            "In per cent, mean over seeds; ± is the half-width of a 95 % t interval over seeds. Error maps of the "
            "last epoch's model under the published variant, as they were "
            f"scored.{squared if any(row.settings.method == 'memae' for row in rows) else ''}{seeds_note(rows)}"
        ),
        (
            f"Measured on square maps of {told('size')} pixels a side and {told('frames')} scored frames with "
            f"{told('regions')} regions (8-connected components of the masks) in {told('tracks')} tracks. Tracks are "
            f"{linked}."
        ),
        (
            "Pixel AUC: ROC over all pixels of all frames; chance 50. PRO: mean overlap of true regions up to a false "
            "positive rate of 0.3; chance 15. RBDC, TBDC: regions found (IoU 0.1) and tracks found (a tenth of their "
            "regions) against false regions per frame, up to one; chance near 0. IoU counts pixels, not boxes: compare "
            "them within this study alone."
        ),
        (
            f"Smoothed: maps after a Gaussian of {told('sigma', 'smoothed')} pixels, fixed beforehand; the other "
            "columns are the maps as they are, where every single bright pixel is a false region."
        ),
        *_grid_notes(rows),
    )


def _grid_notes(rows: Sequence[Row]) -> tuple[str, ...]:
    """What marked values rest on, if there are any."""
    grids = [grid for row in rows if (grid := _grid(row)) is not None]
    if not grids:
        return ()
    return (
        (
            f"{_COARSE} RBDC and TBDC of a record that was made before every level of the maps was a threshold: measured "
            f"at {span(grids)} thresholds, which had not converged (on real maps off by up to 1.7 points, and by two "
            "thirds of a small value). Error maps are not kept: `make inspect-STUDY` measures them again where the cell's "
            "checkpoint is, elsewhere the cell has to be run again."
        ),
    )


def _csv_row(row: Row) -> dict[str, object]:
    settings = row.settings
    named = {
        name: getattr(settings, name) for name in ("dataset", "profile", "method", "task", "noise", "skip", "memory")
    }
    values: dict[str, object] = {
        **named,
        "group": settings_label(row.settings),
        "name": settings.name,
        "setting": row.label,
        "seeds": len(row.records),
    }
    grid = _grid(row)
    values["detection_thresholds"] = "every level" if grid is None else f"grid of {grid}"
    first = _section(row.records[0])
    for name in ("size", "frames", "regions", "tracks", "tracks_from"):
        values[name] = first.get(name)
    for kind, path in _KINDS.items():
        for name in PIXEL:
            values |= _columns(f"{kind}_{name}".lstrip("_"), row.summary(_value(name, *path)))
    return values


def _columns(name: str, summary: Summary | None) -> dict[str, object]:
    if summary is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: summary.mean, f"{name}_low": summary.low, f"{name}_high": summary.high}
