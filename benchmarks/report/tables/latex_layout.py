"""How a LaTeX table fits the width of a page: font size, wrapped columns, or several parts.

Widths are measured in Computer Modern, which pdfLaTeX takes by itself; most text fonts are narrower.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.ft2font import FT2Font, LoadFlags

from benchmarks.errors import StudyError
from benchmarks.report.tables.render import Table

LINE_WIDTH: Final = 455.0
"""Points (1/72.27 inch) between the margins of an A4 page."""


@dataclass(frozen=True)
class Size:
    """A font size of a 10 pt document. wide: widths against those at 10 pt. line: distance of lines. gap: tabcolsep, in pt."""

    command: str
    wide: float
    line: float
    gap: float


# Smaller Computer Modern is wider than its size says.
NORMAL: Final = Size("normalsize", 1.0, 12.0, 6.0)
SMALL: Final = Size("small", 0.925, 11.0, 5.0)
NOTES: Final = Size("footnotesize", 0.85, 9.5, 4.0)
_TINY: Final = Size("scriptsize", 0.8, 8.0, 3.0)
_WHOLE: Final = (NORMAL, SMALL, NOTES)
_WRAPPED: Final = (SMALL, NOTES, _TINY)
# A column of text is wrapped no narrower than this, and one of numbers only where it is wider than that: in pt at 10 pt.
_NARROWEST: Final = 60.0
_WIDEST_NUMBER: Final = 110.0
_LONGEST_WORD: Final = 100.0
_PIECE: Final = re.compile(r"[^_=/,.:;-]{0,11}[_=/,.:;-]|.{1,12}?(?=[_=/,.:;-])|.{1,12}")
# Kerning, and digits of the font that are not in the table below.
_SLACK: Final = 1.02
# Signs that come from the mathematical fonts, in pt at 10 pt. Any other is taken for a quad wide.
_SIGNS: Final = {
    **dict.fromkeys("−±×≤≥<>+=", 7.78),
    **dict.fromkeys("†‡{}\\", 5.0),
    **dict.fromkeys("·|", 2.78),
    "_": 3.6,
    "–": 5.0,
    "Δ": 8.34,
    "α": 6.44,
}
_QUAD: Final = 10.0


@dataclass(frozen=True)
class Column:
    """A column of a part. index: in the table. heading: its lines. wrapped: width of its paragraphs in pt, or None."""

    index: int
    heading: tuple[str, ...]
    numeric: bool
    wrapped: float | None = None


@dataclass(frozen=True)
class Part:
    """Columns that fit on a line in a font size. lines: how many lines of that size the rows take."""

    size: Size
    columns: tuple[Column, ...]
    lines: int


def lay_out(table: Table) -> list[Part]:
    """Fit a table into `LINE_WIDTH`: whole, in a smaller font, with wrapped columns, or in parts that repeat its first columns."""
    part = _fit_any(table, range(len(table.columns)))
    return [part] if part else [_must_fit(table, columns) for columns in _split(table)]


@cache  # cells repeat: names of methods and tasks, and each part of a table is measured again for every font size
def text_width(text: str) -> float:
    """Width of a line of text at 10 pt, in pt."""
    return _SLACK * sum(map(_advance, text))


def pieces(word: str) -> list[str]:
    """Where a line may break within a word that is too long for one: after punctuation, else every twelve characters."""
    return [word] if text_width(word) <= _LONGEST_WORD else _PIECE.findall(word)


def _fit_any(table: Table, indices: Sequence[int]) -> Part | None:
    return _fit(table, indices, _WHOLE, wrap=False) or _fit(table, indices, _WRAPPED, wrap=True)


def _fit(table: Table, indices: Sequence[int], sizes: Sequence[Size], *, wrap: bool) -> Part | None:
    for size in sizes:
        measured = [_measure(table, index) for index in indices]
        room = (LINE_WIDTH - 2 * size.gap * (len(measured) - 1)) / size.wide
        if sum(one.natural for one in measured) <= room:
            columns = tuple(Column(one.index, one.heading, one.numeric) for one in measured)
            return Part(size, columns, len(table.rows))
        if wrap and sum(one.narrowest for one in measured) <= room:
            widths = _share(measured, room)
            columns = tuple(
                Column(one.index, one.heading, one.numeric, size.wide * width if width < one.natural else None)
                for one, width in zip(measured, widths, strict=True)
            )
            return Part(size, columns, _lines(table, measured, widths))
    return None


@dataclass(frozen=True)
class _Measured:
    """Widths of a column at 10 pt: of its longest cell, and the least to which its paragraphs can be wrapped."""

    index: int
    heading: tuple[str, ...]
    numeric: bool
    natural: float
    narrowest: float


def _measure(table: Table, index: int) -> _Measured:
    cells = [row[index] for row in table.rows]
    numeric = table.columns[index] in table.numeric
    body = max(map(text_width, cells), default=0.0)
    word = max((text_width(piece) for cell in cells for word in cell.split() for piece in pieces(word)), default=0.0)
    heading = _broken(table.columns[index], body)
    of_heading = max(map(text_width, heading))
    wrappable = not numeric or body > _WIDEST_NUMBER
    least = max(word, min(body, _NARROWEST)) if wrappable else body
    return _Measured(index, heading, numeric, max(body, of_heading), max(least, of_heading))


def _broken(heading: str, width: float) -> tuple[str, ...]:
    """The words of a heading on as few lines as the column's cells, or its longest word, are wide."""
    words = heading.split() or [""]
    limit = max(width, *map(text_width, words))
    lines = [words[0]]
    for word in words[1:]:
        longer = f"{lines[-1]} {word}"
        if text_width(longer) <= limit:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines)


def _share(measured: Sequence[_Measured], room: float) -> list[float]:
    """Give each column what it needs, and share what is missing among the widest."""
    low, high = 0.0, max(one.natural for one in measured)
    for _ in range(40):  # halving: a limit that no column exceeds, but for its narrowest width
        limit = (low + high) / 2
        if sum(_limited(one, limit) for one in measured) <= room:
            low = limit
        else:
            high = limit
    return [_limited(one, low) for one in measured]


def _limited(one: _Measured, limit: float) -> float:
    return max(one.narrowest, min(one.natural, limit))


def _lines(table: Table, measured: Sequence[_Measured], widths: Sequence[float]) -> int:
    # Ragged lines are not full: a fifth of each is taken to be empty.
    return sum(
        max(
            1 if width >= one.natural else math.ceil(1.2 * text_width(row[one.index]) / width)
            for one, width in zip(measured, widths, strict=True)
        )
        or 1
        for row in table.rows
    )


def _split(table: Table) -> Iterator[tuple[int, ...]]:
    """Columns of each part: those of text that the table begins with, then as many more as fit."""
    numeric = [column in table.numeric for column in table.columns]
    keys = tuple(range(numeric.index(True) if True in numeric else 1))
    while len(keys) > 1 and sum(_measure(table, index).narrowest for index in keys) > LINE_WIDTH / 2:
        keys = keys[:-1]
    part: tuple[int, ...] = ()
    for index in range(len(keys), len(table.columns)):
        if part and _fit(table, (*keys, *part, index), (NOTES,), wrap=True) is None:
            yield (*keys, *part)
            part = ()
        part = (*part, index)
    yield (*keys, *part)


def _must_fit(table: Table, indices: Sequence[int]) -> Part:
    part = _fit_any(table, indices)
    if part is None:
        names = ", ".join(table.columns[index] for index in indices)
        raise StudyError(
            f"Expected columns that fit {LINE_WIDTH:g} pt side by side, but {names} of the table {table.title!r} do not; "
            f"choose fewer (make table COLUMNS=...)."
        )
    return part


@cache
def _font() -> FT2Font:
    font = FT2Font(str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "cmr10.ttf"))
    font.set_size(10, 72)
    return font


@cache
def _advance(character: str) -> float:
    if character in _SIGNS or not (character.isascii() and character.isprintable()):
        return _SIGNS.get(character, _QUAD)
    return _font().load_char(ord(character), flags=LoadFlags.NO_HINTING).linearHoriAdvance / 65536
