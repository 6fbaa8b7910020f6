"""How a memory comes to be used: entropy of use and dead items by epoch of training, beside each other by setting."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from benchmarks.report.figures.series import Series, draw_series
from benchmarks.report.read.rows import Row, native_skip
from benchmarks.report.read.selection import of_usual_geometry, subject, told_apart

Epoch = Mapping[str, Any]
_MEASURES: Final[Mapping[str, Callable[[Epoch, int], float]]] = {
    "items in effect (%)\nperplexity of use / items": lambda epoch, items: 100 * epoch["perplexity"] / items,
    "dead items (%)\nnearest to no query": lambda epoch, items: 100 * epoch["dead"] / items,
}


def draw(rows: Sequence[Row]) -> Figure | None:
    """Draw a column per method and task, with native skips, a line per setting of the memory; None without a memory.

    Lines are means over seeds; where they are few, seeds are points and 95 % intervals bars.
    """
    columns: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in of_usual_geometry(rows):
        if row.settings.skip == native_skip(row.settings) and _values(row, next(iter(_MEASURES.values()))):
            columns[row.method, row.task].append(row)
    if not columns:
        return None
    longest = max(len(column) for column in columns.values())
    figure = Figure(figsize=(3.6 * len(columns) + 0.6, 2.3 * len(_MEASURES) + 0.6 + 0.17 * longest))
    grid = figure.subplots(len(_MEASURES), len(columns), squeeze=False, sharey="row", sharex="col")
    for index, ((method, task), column) in enumerate(columns.items()):
        _, labels = told_apart(column, without={"method", "task"})
        for axes, (name, measure) in zip(grid[:, index], _MEASURES.items(), strict=True):
            draw_series(axes, [Series(label, _values(row, measure)) for label, row in zip(labels, column, strict=True)])
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_ylim(-4, 104)
            if index == 0:
                axes.set_ylabel(name)
        grid[0, index].set_title(f"{method}, {task}")
        grid[-1, index].set_xlabel("epoch")
        grid[-1, index].legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), fontsize="small")
    figure.suptitle(f"Use of the memory while training: {subject(rows)}", fontsize="medium")
    return figure


def _values(row: Row, measure: Callable[[Epoch, int], float]) -> dict[float, list[float]]:
    """The measure by epoch, a value for each seed."""
    values: dict[float, list[float]] = defaultdict(list)
    for record in row.records:
        for epoch in record.content["epochs"]:
            if epoch.get("perplexity") is not None and row.settings.items:
                values[float(epoch["epoch"])].append(measure(epoch, row.settings.items))
    return dict(values)
