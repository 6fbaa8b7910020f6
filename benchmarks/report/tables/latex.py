"""Tables for a paper: a LaTeX file each, which pdfLaTeX sets within 455 pt at 10 pt.

Files go to ``results/tables/latex/<views>/<name>.tex``, their labels are ``tab:<views>-<name>``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from pylatexenc.latexencode import (
    RULE_DICT,
    RULE_REGEX,
    UnicodeToLatexConversionRule,
    UnicodeToLatexEncoder,
)

from benchmarks.report.tables.latex_layout import LINE_WIDTH, NORMAL, NOTES, Column, Part, lay_out, pieces, text_width
from benchmarks.report.tables.render import Table
from benchmarks.writing import replace_text

# Points of a page that a floating table may fill; a taller one breaks over pages.
_FLOAT_HEIGHT: Final = 480.0
_PACKAGES: Final = r"\usepackage{array,booktabs,longtable}"
# Symbols of mathematics are in every font set; the library prefers those of text, which need further fonts.
_SIGNS: Final = {
    "×": r"\ensuremath{\times}",
    "·": r"\ensuremath{\cdot}",
    "→": r"\ensuremath{\rightarrow}",
    "†": r"\ensuremath{\dagger}",
    "‡": r"\ensuremath{\ddagger}",
    "|": r"\ensuremath{|}",
}
_ENCODER: Final = UnicodeToLatexEncoder(
    conversion_rules=[
        UnicodeToLatexConversionRule(RULE_DICT, {ord(sign): command for sign, command in _SIGNS.items()}),
        UnicodeToLatexConversionRule(RULE_REGEX, [(re.compile(r"-(?=-)"), r"-{}")]),  # no dash from two hyphens
        "defaults",
    ],
    replacement_latex_protection="braces-after-macro",
    unknown_char_policy="unihex",
    unknown_char_warning=False,
)
_MATHEMATICS: Final = re.compile(r"\\ensuremath\{([^{}]*)\}")
# Whatever ends a line for TeX, or means nothing in a text.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def write_latex(
    results: Path, views: str, tables: Mapping[str, Table], *, about: str = "", origin: Sequence[str] = ()
) -> Path:
    """Write each table that has rows as ``tables/latex/<views>/<name>.tex``; files of other names there are removed.

    tables: by name. about: what captions end with. origin: comments in each file on where the numbers come from.
    Returns the folder. Raises StudyError if a file cannot be written.
    """
    folder = results / "tables" / "latex" / views
    written = {
        folder / f"{name}.tex": to_latex(table, f"{views}-{name}", about=about, origin=origin)
        for name, table in tables.items()
        if table.rows
    }
    for path, text in written.items():
        replace_text(path, text)
    for path in set(folder.glob("*.tex")) - set(written):
        path.unlink()
    return folder


def to_latex(table: Table, label: str, *, about: str = "", origin: Sequence[str] = ()) -> str:
    r"""Render as LaTeX with booktabs rules: a table, or a longtable where it is high; several where it is too wide.

    label: ``\label{tab:<label>}``, with -2, -3, ... for further parts. about: what the caption says after the title.
    """
    parts = lay_out(table)
    head = [*origin, f"Needs {_PACKAGES}. At most {LINE_WIDTH:g} pt wide in a document of 10 pt."]
    if len(parts) > 1:
        head.append(
            f"Split into {len(parts)} tables with the same rows: its {len(table.columns)} columns are too wide for one."
        )
    lines = [_comment(line) for line in head]
    caption = table.title if about in ("", table.title) else f"{table.title}. {about}"
    for number, part in enumerate(parts, 1):
        name = label if number == 1 else f"{label}-{number}"
        of = f" (part {number} of {len(parts)})" if len(parts) > 1 else ""
        notes = table.notes if number == len(parts) else ()
        titled = rf"\caption{{{escape_latex(caption)}{of}}}\label{{tab:{name}}}"
        lines += ["", *_environment(table, part, titled, notes)]
    return "\n".join([*lines, ""])


@cache
def escape_latex(text: str) -> str:
    """Escape what LaTeX takes for commands, and write signs that pdfLaTeX has no letters for as commands; one line."""
    escaped = _MATHEMATICS.sub(r"$\1$", _ENCODER.unicode_to_latex(_one_line(text).replace("`", "")))
    # After a line break a bracket or an asterisk would be its argument.
    return f"{{}}{escaped}" if escaped.startswith(("[", "*")) else escaped


def _breakable(text: str) -> str:
    """Escape a text whose long words may break between lines."""
    words = (r"\allowbreak{}".join(map(escape_latex, pieces(word))) for word in _one_line(text).split())
    return " ".join(words)


def _environment(table: Table, part: Part, titled: str, notes: Sequence[str]) -> Iterator[str]:
    specification = f"@{{}}{''.join(map(_specification, part.columns))}@{{}}"
    heading = " & ".join(map(_heading, part.columns)) + r" \\"
    rows = [" & ".join(_cell(row[column.index], column) for column in part.columns) + r" \\" for row in table.rows]
    below = [rf"\noindent {_breakable(note)}\par" for note in notes]
    font = [] if part.size == NORMAL else [rf"\{part.size.command}"]
    gap = rf"\setlength{{\tabcolsep}}{{{part.size.gap:g}pt}}"
    if _height(part, notes) > _FLOAT_HEIGHT:
        yield from (r"\begingroup", *font, gap, r"\setlength{\LTcapwidth}{\linewidth}")
        yield from (rf"\begin{{longtable}}{{{specification}}}", titled + r"\\", r"\toprule", heading)
        yield from (r"\midrule", r"\endfirsthead", r"\toprule", heading, r"\midrule", r"\endhead", r"\bottomrule")
        yield from (r"\endfoot", *rows, r"\end{longtable}")
        yield from ([rf"\{NOTES.command}\sloppy", *below] if below else [])
        yield r"\endgroup"
        return
    yield from (r"\begin{table}", r"\centering", titled, *font, gap)
    yield from (rf"\begin{{tabular}}{{{specification}}}", r"\toprule", heading, r"\midrule", *rows)
    yield from (r"\bottomrule", r"\end{tabular}")
    if below:
        yield from (
            r"\par\medskip",
            r"\begin{minipage}{\linewidth}",
            rf"\{NOTES.command}\sloppy",
            *below,
            r"\end{minipage}",
        )
    yield r"\end{table}"


def _cell(text: str, column: Column) -> str:
    return escape_latex(text) if column.wrapped is None else _breakable(text)


def _specification(column: Column) -> str:
    if column.wrapped is None:
        return "r" if column.numeric else "l"
    ragged = "left" if column.numeric else "right"
    return rf">{{\ragged{ragged}\arraybackslash}}p{{{column.wrapped:.1f}pt}}"


def _heading(column: Column) -> str:
    lines = r"\\".join(escape_latex(line) for line in column.heading)
    side = "r" if column.numeric else "l"
    return lines if len(column.heading) == 1 else rf"\shortstack[{side}]{{{lines}}}"


def _height(part: Part, notes: Sequence[str]) -> float:
    above = 40 + part.size.line * max(len(column.heading) for column in part.columns)
    of_notes = sum(1 + NOTES.wide * text_width(note) // LINE_WIDTH for note in notes)
    return above + part.size.line * part.lines + NOTES.line * of_notes


def _comment(line: str) -> str:
    """A comment that ends where its line does, whatever the text holds: commits and processors come from records."""
    return f"% {_one_line(line)}"


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text)
