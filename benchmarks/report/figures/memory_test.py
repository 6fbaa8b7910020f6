"""What a trained memory is like at test: use, likeness of items and queries, weights and updates, by setting."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.report.figures.style import MUTED, PALETTE, limits
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row
from benchmarks.report.read.selection import labels, subject

Measure = Callable[[Record], float | None]


def _held(*path: str, scale: float = 1.0, per_item: bool = False) -> Measure:
    """Read a number at a path of the record; ``*`` stands for the published variant."""

    def read(record: Record) -> float | None:
        found: object = record.content
        for key in path:
            found = found.get(record.variant if key == "*" else key) if isinstance(found, Mapping) else None
        if not isinstance(found, int | float):
            return None
        return scale * float(found) / (record.settings.items or 1 if per_item else 1)

    return read


# Heading -> what is read from a record.
_PANELS: Final[Mapping[str, Measure]] = {
    "items in effect\n(% of all)": _held("usage", "*", "perplexity", scale=100, per_item=True),
    "dead items\n(% of all)": _held("usage", "*", "dead", scale=100, per_item=True),
    "cosine of two items\n(mean of pairs)": _held("items", "*", "mean_cosine"),
    "largest address\nweight (mean)": _held("queries", "*", "largest_weight"),
    "size of an update\n(relative to item)": _held("items", "*", "update_size"),
    "silhouette of queries\nby nearest item": _held("queries", "*", "silhouette"),
    "place decides item\n(0 not, 1 alone)": _held("queries", "*", "location_information"),
}


def draw(rows: Sequence[Row]) -> Figure | None:
    """Draw a panel per quantity and a line per setting with a memory; None without a memory.

    Small points are seeds, the large one their mean, the bar its 95 % interval. A quantity that no record holds has no
    panel; one that is undefined for a setting (one item has no pairs) leaves its place empty.
    """
    with_memory = [row for row in rows if row.settings.memory != "none" and row.records]
    panels = {name: measure for name, measure in _PANELS.items() if any(row.by_seed(measure) for row in with_memory)}
    if not panels:
        return None
    figure = Figure(figsize=(4 + 1.4 * len(panels), 1.5 + 0.26 * len(with_memory)))
    grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (name, measure) in zip(grid, panels.items(), strict=True):
        for height, row in enumerate(with_memory):
            _mark(axes, row, measure, height)
        axes.set_title(name, fontsize="small")
        axes.set_xlim(*limits((v for row in with_memory for v in row.by_seed(measure).values()), least=0.02))
        axes.locator_params(axis="x", nbins=4)
        axes.tick_params(axis="x", labelsize="x-small")
    grid[0].set_yticks(range(len(with_memory)), labels(with_memory), fontsize="small")
    grid[0].set_ylim(len(with_memory) - 0.5, -0.5)
    figure.suptitle(f"Memory at test: {subject(rows)}", fontsize="medium")
    return figure


def _mark(axes: Axes, row: Row, measure: Measure, height: int) -> None:
    summary = row.summary(measure)
    if summary is None:
        return
    values = list(row.by_seed(measure).values())
    if len(values) > 1:
        axes.plot(values, [height] * len(values), ".", color=MUTED, markersize=3)
    if summary.low is not None and summary.high is not None:
        axes.plot([summary.low, summary.high], [height] * 2, color=PALETTE[0], linewidth=1)
    axes.plot(summary.mean, height, "o", color=PALETTE[0], markersize=4.5)
