"""A table as text, and its forms for a terminal, a paper and a browser."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

# Characters that plain pdfLaTeX has no glyph for, after pandas has escaped its specials.
_LATEX = {
    "±": r"$\pm$",
    "−": "$-$",
    "Δ": r"$\Delta$",
    "α": r"$\alpha$",
    "†": r"\textdagger{}",
    "‡": r"\textdaggerdbl{}",
    "·": r"\textperiodcentered{}",
    "×": r"$\times$",
}
_STYLE = """
body { font-family: system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; text-align: left; border-bottom: 1px solid #ddd; vertical-align: top; }
thead th { border-bottom: 2px solid #222; }
p, li { max-width: 60rem; }
"""


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


def to_latex(table: Table) -> str:
    """Render as a LaTeX table with booktabs rules, specials escaped, notes as a comment-free paragraph below."""
    alignment = "".join("r" if column in table.numeric else "l" for column in table.columns)
    frame = table.to_frame().rename(columns={column: escape_latex(column) for column in table.columns})
    body = frame.map(escape_latex).to_latex(index=False, escape=False, column_format=alignment)
    notes = [rf"\par\noindent\footnotesize {escape_latex(note)}" for note in table.notes]
    caption = rf"\caption{{{escape_latex(table.title)}}}"
    return "\n".join([r"\begin{table}", r"\centering", caption, body.rstrip(), *notes, r"\end{table}", ""])


def escape_latex(text: str) -> str:
    """Escape what LaTeX takes for commands, and name the signs that it has no letters for."""
    specials = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    specials |= {character: f"\\{character}" for character in "&%$#_{}"}
    return "".join(specials.get(character, _LATEX.get(character, character)) for character in text.replace("`", ""))


def to_html(table: Table) -> str:
    """Render as an HTML table under its heading, everything escaped."""
    body = table.to_frame().to_html(index=False, border=0, escape=True, na_rep="")
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in table.notes)
    return f"<h2>{html.escape(table.title)}</h2>\n{body}\n" + (f"<ul>{notes}</ul>\n" if notes else "")


def html_page(title: str, body: str) -> str:
    """Wrap rendered tables in a page that needs nothing from elsewhere."""
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{html.escape(title)}</title>'
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>{head}<style>{_STYLE}</style></head>\n'
        f"<body>\n<h1>{html.escape(title)}</h1>\n{body}</body>\n</html>\n"
    )


def _bullets(notes: Sequence[str]) -> list[str]:
    return [*(f"- {note}" for note in notes), ""] if notes else []
