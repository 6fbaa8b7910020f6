"""A table as text, and its form for a terminal and Markdown; `latex` has the one for a paper."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Table:
    """A titled table of strings; an empty cell is "".

    columns: headings. rows: one string per column. numeric: headings that are aligned to the right.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def without_empty_columns(self) -> "Table":
        """The same table without columns that say nothing in any row."""
        kept = [index for index in range(len(self.columns)) if any(row[index] for row in self.rows)]
        return Table(
            self.title,
            tuple(self.columns[index] for index in kept),
            tuple(tuple(row[index] for index in kept) for row in self.rows),
            self.numeric,
            self.notes,
        )

    def to_frame(self) -> pd.DataFrame:
        """The cells as a data frame of strings."""
        return pd.DataFrame(list(self.rows), columns=list(self.columns), dtype=str)


def to_markdown(table: Table) -> str:
    """Render as a Markdown table whose columns line up on a terminal, the title as a heading, notes below."""
    cells = [[cell.replace("|", r"\|") for cell in row] for row in (table.columns, *table.rows)]
    widths = [max(3, *(len(row[index]) for row in cells)) for index in range(len(table.columns))]
    right = [column in table.numeric for column in table.columns]

    def line(row: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(row, widths, right, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rule = [("-" * (width - 1) + ":") if numeric else "-" * width for width, numeric in zip(widths, right, strict=True)]
    lines = [f"## {table.title}", "", line(cells[0]), line(rule), *(line(row) for row in cells[1:]), ""]
    return "\n".join([*lines, *_bullets(table.notes)])


def _bullets(notes: Sequence[str]) -> list[str]:
    return [*(f"- {note}" for note in notes), ""] if notes else []
