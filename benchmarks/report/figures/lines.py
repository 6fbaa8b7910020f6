"""AUC along an axis: seeds as points, their mean as a line with its 95 % interval."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from benchmarks.measure.statistics import t_interval
from benchmarks.report.figures.style import MUTED, limits, line_style

_LONG = 6
# Labels in a row below a panel have so many letters; more lines than these find no place in one column.
_HALF = 30
_MOST = 12


@dataclass(frozen=True)
class Series:
    """One line. values: x -> a value for each seed, in the unit of the axis."""

    label: str
    values: Mapping[float, Sequence[float]]


@dataclass(frozen=True)
class Panel:
    """One panel. levels: label -> a height that is drawn as a dashed line, for what has no place on the x axis."""

    title: str
    series: Sequence[Series]
    levels: Mapping[str, float] = field(default_factory=dict)


def draw_lines(
    panels: Sequence[Panel], *, title: str, x_label: str, y_label: str = "frame AUC (%)", columns: int = 2
) -> Figure:
    """Draw the panels side by side with one scale of AUC, each with its legend below."""
    columns = min(columns, len(panels))
    lines = math.ceil(len(panels) / columns)
    longest = max(len(panel.series) + len(panel.levels) for panel in panels)
    figure = Figure(figsize=(4.2 * columns + 0.4, lines * (2.7 + 0.17 * min(longest, _MOST)) + 0.4))
    grid = figure.subplots(lines, columns, squeeze=False, sharey=True)
    for axes, panel in zip(grid.ravel(), panels, strict=False):
        _draw(axes, panel)
        axes.set_title(panel.title)
        axes.set_xlabel(x_label)
    for axes in grid[:, 0]:
        axes.set_ylabel(y_label)
    shown = [value for panel in panels for one in panel.series for values in one.values.values() for value in values]
    grid[0, 0].set_ylim(*limits([*shown, *(level for panel in panels for level in panel.levels.values())]))
    # short labels: the layout is made before the last ticks are known, and longer ones would push the heading out
    grid[0, 0].yaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    for axes in grid.ravel()[len(panels) :]:
        axes.set_axis_off()
    figure.suptitle(f"{title}\n{_what_is_drawn(panels)}", fontsize="medium")
    return figure


def draw_series(axes: Axes, series: Sequence[Series]) -> None:
    """Draw lines into a panel: every value as a small point, the mean as a marker, the interval as a bar.

    Where the lines are many, means alone: points and bars of ten lines would overlap.
    """
    for index, one in enumerate(series):
        style = line_style(index)
        xs = sorted(one.values)
        estimates = [t_interval(one.values[x]) for x in xs]
        for x in xs if len(series) <= _LONG else ():
            if len(one.values[x]) > 1:
                axes.plot([x] * len(one.values[x]), one.values[x], ".", color=style["color"], alpha=0.5, markersize=4)
        for x, estimate in zip(xs, estimates, strict=True) if len(series) <= _LONG else ():
            if estimate.low is not None and estimate.high is not None:
                axes.plot([x, x], [estimate.low, estimate.high], color=style["color"], linewidth=1, alpha=0.8)
        axes.plot(xs, [estimate.mean for estimate in estimates], label=one.label, markersize=5, linewidth=1.2, **style)


def _what_is_drawn(panels: Sequence[Panel]) -> str:
    """Whether seeds are seen as points: not where there is one, nor where lines are too many."""
    with_spread = [
        panel for panel in panels if any(len(values) > 1 for one in panel.series for values in one.values.values())
    ]
    if not with_spread:
        return "one seed"
    if all(len(panel.series) > _LONG for panel in with_spread):
        return "means over seeds"
    return "seeds as points, mean with 95 % interval, cut at the frame"


def _draw(axes: Axes, panel: Panel) -> None:
    draw_series(axes, panel.series)
    for index, (label, height) in enumerate(panel.levels.items()):
        axes.axhline(height, color=MUTED, linestyle=((0, (6 - 2 * (index % 3), 2))), linewidth=1, label=label)
    labels = [*(one.label for one in panel.series), *panel.levels]
    entries = len(labels)
    fit = max(map(len, labels)) <= _HALF or entries > _MOST
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.2),
        ncols=2 if entries > _LONG and fit else 1,
        fontsize="small" if entries <= _LONG else "x-small",
    )
