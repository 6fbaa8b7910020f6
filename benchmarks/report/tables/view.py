"""A view as files: its tables as Markdown and LaTeX, the frame of its numbers as CSV."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from benchmarks.measure.statistics import PairedDifference
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.records import Record, by_cell, reported
from benchmarks.report.read.rows import Row, Summary, make_rows
from benchmarks.report.tables.latex import write_latex
from benchmarks.report.tables.render import Table, to_markdown
from benchmarks.writing import replace_text

# Settings that tell rows apart, in the order of a CSV's first columns.
SETTINGS: Final = ("dataset", "profile", "method", "task", "noise", "skip", "memory")
_NAMES: Final[Mapping[str, Callable[[Row], object]]] = {
    "group": lambda row: settings_label(row.settings),
    "name": lambda row: row.settings.name,
    "setting": lambda row: row.label,
    "extra": lambda row: row.extra,
    "seeds": lambda row: len(row.records),
}


def write_view(
    results: Path,
    stem: str,
    tables: Mapping[str, Table],
    frame: pd.DataFrame,
    *,
    title: str = "",
    digits: int | None = None,
) -> dict[str, Path]:
    """Write ``results/tables/<stem>.md`` and ``.csv`` and ``latex/<stem>/``; returns format -> file, of LaTeX the folder.

    tables: by the name of their LaTeX file. title: heading of the Markdown page. digits: decimals of floats in the CSV.
    Raises StudyError if a file cannot be written.
    """
    page = "\n".join(map(to_markdown, tables.values()))
    texts = {"md": f"# {title}\n\n{page}" if title else page, "csv": to_csv(frame, digits)}
    paths = {form: write_text(results / "tables" / f"{stem}.{form}", text) for form, text in texts.items()}
    return paths | {"tex": write_latex(results, stem, tables)}


def section_number(section: str, name: str) -> Callable[[Record], float | None]:
    """Read a number of a section of a record, of its published variant."""
    return lambda record: record.number(f"{section}.{name}", record.variant)


@dataclass(frozen=True, kw_only=True)
class SectionView:
    """A table per data set of what inspections left in one section of the records, which names its files.

    title, caption: headings of the page and of the table, each before the name of the set. columns: headings, by the
    number of the section that stands there. cell: writes it. numbers, settings: columns of the CSV. notes: of the rows.
    rank: their order. digits: decimals of the CSV.
    """

    section: str
    title: str
    caption: str
    columns: Mapping[str, str]
    cell: Callable[[Row, str], str]
    numbers: Callable[[Row], Mapping[str, Any]]
    notes: Callable[[Sequence[Row]], tuple[str, ...]]
    rank: Callable[[Row], Any]
    digits: int
    settings: Sequence[str] = SETTINGS

    def write(self, records: Sequence[Record], results: Path) -> dict[str, Path]:
        """Write the table of each data set that has records with the section; returns ``section_set`` -> Markdown file.

        Raises StudyError if a file cannot be written.
        """
        inspected = [one for one in reported(records) if section_number(self.section, "frames")(one)]
        paths = {}
        for dataset in sorted({one.settings.dataset for one in inspected}):
            own = [one for one in inspected if one.settings.dataset == dataset]
            rows = sorted(make_rows([one.cell for one in own], by_cell(own)), key=self.rank)
            numeric = ("Seeds", *self.columns.values())
            cells = tuple(
                (settings_label(row.settings), row.label, row.seeds, *(self.cell(row, name) for name in self.columns))
                for row in rows
            )
            heading, stem = f"{self.caption}, {dataset}", f"{self.section}_{dataset}"
            table = Table(heading, ("Runs", "Setting", *numeric), cells, frozenset(numeric), self.notes(rows))
            frame = csv_frame(((row, self.numbers(row)) for row in rows), self.settings)
            title = f"{self.title}: {dataset}"
            paths[stem] = write_view(results, stem, {"main": table}, frame, title=title, digits=self.digits)["md"]
        return paths


def csv_frame(
    lines: Iterable[tuple[Row, Mapping[str, Any]]],
    settings: Sequence[str] = SETTINGS,
    names: Sequence[str] = ("group", "name", "setting", "seeds"),
) -> pd.DataFrame:
    """Return a row per line: settings of its row, what the row is called, and the line's own values."""
    return pd.DataFrame(
        [
            {
                **{name: getattr(row.settings, name) for name in settings},
                **{name: _NAMES[name](row) for name in names},
                **values,
            }
            for row, values in lines
        ]
    )


def with_bounds(
    name: str, estimate: Summary | PairedDifference | None, scale: float = 1.0, digits: int | None = None
) -> dict[str, float | None]:
    """Return an estimate as three columns, ``name``, ``name_low`` and ``name_high``; None where it is not known."""
    parts = {name: "mean", f"{name}_low": "low", f"{name}_high": "high"}
    values = {column: None if estimate is None else getattr(estimate, part) for column, part in parts.items()}
    return {column: None if value is None else _rounded(scale * value, digits) for column, value in values.items()}


def to_csv(frame: pd.DataFrame, digits: int | None = None) -> str:
    """Return a frame as the text of a CSV, floats with so many decimals."""
    return frame.to_csv(index=False, float_format=None if digits is None else f"%.{digits}f", lineterminator="\n")


def write_text(path: Path, text: str) -> Path:
    """Write a generated text, making its folder; raises StudyError if that cannot be done."""
    replace_text(path, text)
    return path


def _rounded(value: float, digits: int | None) -> float:
    return value if digits is None else round(value, digits)
