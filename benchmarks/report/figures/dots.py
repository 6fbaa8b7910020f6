"""Dots with bars, a line per setting: the form of all figures that compare settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.report.figures.style import PALETTE, limits
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row


@dataclass(frozen=True)
class Symbol:
    """A kind of mark: its name in the legend and how it is drawn, hollow ones with a white face."""

    label: str
    marker: str = "o"
    colour: str = PALETTE[0]
    hollow: bool = False
    size: float = 5.0
    alpha: float = 1.0

    def line(self) -> Line2D:
        """The entry of a legend."""
        face = "white" if self.hollow else self.colour
        return Line2D([], [], label=self.label, color=self.colour, marker=self.marker, linestyle="", markersize=self.size,
                      markerfacecolor=face, alpha=self.alpha, markeredgewidth=1.8 if self.marker == "|" else 1.0)  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """A mark at a height, counted in lines from the top. low, high: ends of its bar; seeds: small points around it."""

    height: float
    symbol: Symbol
    value: float
    low: float | None = None
    high: float | None = None
    seeds: Sequence[float] = ()
    bar: str = "-"


@dataclass(frozen=True)
class Panel:
    """Marks on one x axis. reference: of a dashed vertical; least: the smallest range that the axis shows."""

    marks: Sequence[Mark]
    title: str = ""
    x_label: str = ""
    reference: float | None = None
    least: float = 2.0

    @property
    def shown(self) -> list[float]:
        """What the axis must reach; bars are cut at the frame, since those of two seeds would hide all else."""
        values = [value for mark in self.marks for value in (mark.value, *mark.seeds)]
        return [*values, *([] if self.reference is None else [self.reference])]


def mark_of(
    row: Row, measure: Callable[[Record], float | None], height: float, symbol: Symbol, scale: float = 1.0
) -> list[Mark]:
    """A row's mean over seeds with its interval and seeds; empty where no record has the quantity."""
    if (summary := row.summary(measure)) is None:
        return []
    low, high = (None if bound is None else scale * bound for bound in (summary.low, summary.high))
    seeds = [scale * value for value in row.by_seed(measure).values()]
    return [Mark(height, symbol, scale * summary.mean, low, high, seeds if len(seeds) > 1 else ())]


def draw_dots(
    names: Sequence[str],
    panels: Sequence[Panel],
    *,
    title: str,
    size: tuple[float, float],
    symbols: Sequence[Symbol] = (),
    columns: int = 3,
    shared: bool = False,
) -> Figure:
    """Draw the panels side by side, their lines named on the left.

    size: inches. symbols: the legend, in this order, without those that no mark has. shared: one x axis for all panels.
    """
    figure = Figure(figsize=size)
    grid = figure.subplots(1, len(panels), squeeze=False, sharey=True, sharex=shared)[0]
    everything = [value for panel in panels for value in panel.shown]
    for axes, panel in zip(grid, panels, strict=True):
        if panel.reference is not None:
            axes.axvline(panel.reference, color="black", linestyle="--", linewidth=0.9, zorder=1)
        for mark in panel.marks:
            _draw(axes, mark)
        axes.set_xlim(*limits(everything if shared else panel.shown, least=panel.least))
        axes.set_title(panel.title)
        axes.set_xlabel(panel.x_label)
    grid[0].set_yticks(range(len(names)), names)
    grid[0].set_ylim(len(names) - 0.5, -0.5)
    drawn = {mark.symbol for panel in panels for mark in panel.marks}
    if handles := [symbol.line() for symbol in symbols if symbol in drawn]:
        figure.legend(handles=handles, loc="outside lower center", ncols=columns)
    figure.suptitle(title, fontsize="medium")
    return figure


def _draw(axes: Axes, mark: Mark) -> None:
    at = mark.height
    axes.plot(mark.seeds, [at] * len(mark.seeds), ".", color=mark.symbol.colour, alpha=0.5, markersize=3, zorder=2)
    if mark.low is not None and mark.high is not None:
        axes.plot([mark.low, mark.high], [at, at], mark.bar, color=mark.symbol.colour, linewidth=1.2, zorder=2)
    point = mark.symbol.line()
    point.set_data([mark.value], [at])
    point.set(label="_mark", zorder=3)
    axes.add_line(point)
