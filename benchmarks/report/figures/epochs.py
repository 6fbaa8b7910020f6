"""AUC against epochs: after each epoch of one run, and of runs of different lengths."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from benchmarks.report.figures.series import Panel, Series, draw_panels
from benchmarks.report.read.rows import Row
from benchmarks.report.read.selection import subject, told_apart
from benchmarks.report.tables.study_tables import micro
from benchmarks.study.settings import Settings


def draw(rows: Sequence[Row]) -> Figure | None:
    """Draw a panel for each of the two that the rows have data for; None where they have none.

    A run of another length has another schedule of the learning rate, so the two never share a line.
    """
    panels = [panel for panel in (_within_runs(rows), _of_lengths(rows)) if panel.series]
    if not panels:
        return None
    figure = draw_panels(panels, title=f"AUC by epochs: {subject(rows)}", x_label="epochs")
    for axes in figure.axes[: len(panels)]:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _within_runs(rows: Sequence[Row]) -> Panel:
    """Rows that were scored after at least two of their epochs."""
    watched: list[tuple[Row, dict[float, list[float]]]] = []
    for row in rows:
        values: dict[float, list[float]] = defaultdict(list)
        for record in row.records:
            for epoch in record.content["epochs"]:
                if epoch.get("micro_auc") is not None:
                    values[float(epoch["epoch"])].append(100 * float(epoch["micro_auc"]))
        if len(values) > 1:
            watched.append((row, dict(values)))
    common, labels = told_apart([row for row, _ in watched])
    lines = [Series(label, values) for label, (_, values) in zip(labels, watched, strict=True)]
    return Panel(_heading("after each epoch of one run", common), lines)


def _of_lengths(rows: Sequence[Row]) -> Panel:
    """Rows that differ in the setting `epochs` alone."""
    groups: dict[Settings, list[Row]] = defaultdict(list)
    for row in rows:
        if row.settings.epochs and row.by_seed(micro()):
            groups[replace(row.settings, epochs=0)].append(row)
    swept = [group for group in groups.values() if len(group) > 1]
    common, labels = told_apart([group[0] for group in swept], without={"epochs"})
    lines = [
        Series(label, {row.settings.epochs: [100 * value for value in row.by_seed(micro()).values()] for row in group})
        for label, group in zip(labels, swept, strict=True)
    ]
    return Panel(_heading("runs of this many epochs, a schedule each", common), lines)


def _heading(what: str, common: str) -> str:
    return f"{what}\n{common}" if common else what
