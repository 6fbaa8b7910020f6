"""A figure made to fit: its headings into its width, and itself into the width of a paper's column."""

import textwrap
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator

# Share of its design to which letters, markers and height shrink at most: smaller ones are not read in print.
_SMALLEST: Final = 0.75
# Letters of a row's name that stand on a line, for each inch of the figure.
_LETTERS: Final = 8
# Inches of each further line of such a name.
_LINE: Final = 0.11
# The same of a legend's entry, and inches of each further line of a legend or a heading.
_LEGEND_LETTERS: Final = 14
_TEXT_LINE: Final = 0.15
_AIR: Final = 0.97
# Share of its place from which a title is measured against its panel, which labels of the axis make narrower.
_CLOSE: Final = 0.6
# Panels in a row that a column has room for, and inches between two columns of a page.
_BESIDE: Final = 3
_BETWEEN: Final = 0.25


def fit_width(figure: Figure, width: float) -> None:
    """Lay a figure out in another width, in inches: letters shrink by a quarter at most, long names and legends wrap.

    A figure with more than three panels in a row takes two columns of that width.
    """
    if max(map(_columns, figure.axes), default=1) > _BESIDE:
        width = 2 * width + _BETWEEN
    share = width / figure.get_figwidth()
    scale = min(1.0, max(share, _SMALLEST))
    figure.set_size_inches(width, figure.get_figheight() * scale)
    of_ticks = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            labels = [label for tick in axis.get_major_ticks() for label in (tick.label1, tick.label2)]
            if labels:
                axis.set_tick_params(labelsize=_points(labels[0]) * scale)
            of_ticks |= {id(label) for label in labels}
        # Two panels leave names four fifths of the letters that one does, three two thirds.
        _wrap_names(figure, axes, max(10, round(4 * _LETTERS * width / (3 + _columns(axes)))))
    for text in figure.findobj(Text):
        if id(text) not in of_ticks:
            text.set_fontsize(_points(text) * scale)
    for line in figure.findobj(Line2D):
        if isinstance(line, Line2D):
            line.set_markersize(line.get_markersize() * scale)
    _stack_legends(figure, max(20, round(_LEGEND_LETTERS * width / scale)))


def keep_headings_inside(figure: Figure) -> None:
    """Wrap a heading that is wider than the figure, and titles of panels that are wider than their share of it."""
    canvas = FigureCanvasAgg(figure)
    width = _AIR * figure.get_figwidth() * figure.dpi
    for text in figure.texts:
        if text.get_text() == figure.get_suptitle():
            _grow(figure, _wrap(text, width, canvas))
    # A panel that stands alone may have a title that is wider than it.
    titles = [
        (text, axes, width / _columns(axes))
        for axes in figure.axes
        for text in axes.get_children()
        if isinstance(text, Text) and text not in axes.texts and text.get_text()
    ]
    if any(_needed(text, canvas) > _CLOSE * room for text, _, room in titles):
        _grow(
            figure,
            max(_wrap(text, _CLOSE * room if _columns(axes) > 1 else room, canvas) for text, axes, room in titles),
        )
        figure.draw_without_rendering()  # the layout says how wide panels are
        rooms = [axes.get_window_extent().width if _columns(axes) > 1 else room for _, axes, room in titles]
        _grow(figure, max(_wrap(text, room, canvas) for (text, _, _), room in zip(titles, rooms, strict=True)))


def _columns(axes: Axes) -> int:
    place = axes.get_subplotspec()
    return place.get_gridspec().ncols if place is not None else 1


def _needed(text: Text, canvas: FigureCanvasAgg) -> float:
    return text.get_window_extent(canvas.get_renderer()).width  # type: ignore[no-untyped-call]


def _points(text: Text) -> float:
    return float(text.get_fontsize())


def _grow(figure: Figure, lines: int) -> None:
    figure.set_figheight(figure.get_figheight() + _TEXT_LINE * lines)


def _wrap(text: Text, room: float, canvas: FigureCanvasAgg) -> int:
    """Break a text into lines that have room; returns how many more there are."""
    needed = _needed(text, canvas)
    if not text.get_text() or needed <= room:
        return 0
    lines = text.get_text().split("\n")
    letters = max(10, int(max(map(len, lines)) * room / needed))
    text.set_text("\n".join(textwrap.fill(line, letters, break_long_words=False) for line in lines))
    return text.get_text().count("\n") + 1 - len(lines)


def _wrap_names(figure: Figure, axes: Axes, letters: int) -> None:
    """Wrap the names of rows, which stand left of the axis and take the width from it; the figure grows by their lines."""
    if isinstance(axes.yaxis.get_major_locator(), FixedLocator):
        names = [text.get_text() for text in axes.get_yticklabels()]
        wrapped = [textwrap.fill(name, letters, break_long_words=False) for name in names]
        if wrapped != names:
            axes.set_yticks(axes.get_yticks(), wrapped)
            more = max(name.count("\n") for name in wrapped)
            figure.set_figheight(figure.get_figheight() + _LINE * more * len(wrapped))


def _stack_legends(figure: Figure, letters: int) -> None:
    """Give legends of the figure as many columns as their longest entry leaves room for; the figure grows by their lines."""
    for legend in list(figure.legends):
        names = [textwrap.fill(text.get_text(), letters) for text in legend.get_texts()]
        longest = max((len(line) for name in names for line in name.split("\n")), default=1)
        size = _points(legend.get_texts()[0]) if names else None
        handles = [handle for handle in legend.legend_handles if handle is not None]
        columns = max(1, letters // (longest + 5))
        legend.remove()
        figure.legend(handles, names, loc="outside lower center", ncols=columns, fontsize=size)
        lines = sum(1 + name.count("\n") for name in names) / columns
        figure.set_figheight(figure.get_figheight() + _TEXT_LINE * max(0.0, lines - 1))
