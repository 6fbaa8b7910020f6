"""AUC against the number of memory items."""

from collections import defaultdict
from collections.abc import Sequence

from matplotlib.figure import Figure

from benchmarks.report.figures.series import Panel, Series, draw_panels
from benchmarks.report.read.contrasts import memory_pairs
from benchmarks.report.read.format import SCORES
from benchmarks.report.read.rows import Row
from benchmarks.report.read.selection import subject, told_apart
from benchmarks.report.tables.study_tables import micro
from benchmarks.study.settings import Settings


def draw(rows: Sequence[Row]) -> Figure | None:
    """Draw a panel per method and task with a line for all rows that differ in their items alone; None without one.

    The twin without a memory is a dashed level, under the score of the others where it has that score. One
    item has no second nearest, so it is only joined to rows without separateness loss (STUDY trap 3).
    """
    groups: dict[Settings, list[Row]] = defaultdict(list)
    for row in rows:
        if row.settings.items is not None and row.by_seed(micro()):
            groups[row.settings.changed(items=0)].append(row)
    twins = {pair[0].settings: pair[1] for pair in memory_pairs(rows)}
    panels: dict[tuple[str, str], list[list[Row]]] = defaultdict(list)
    for group in groups.values():
        if len(group) > 1:
            panels[group[0].method, group[0].task].append(sorted(group, key=lambda row: row.settings.items or 0))
    if not panels:
        return None
    drawn = [_panel(f"{method}, {task}", lines, twins) for (method, task), lines in panels.items()]
    figure = draw_panels(
        drawn, title=f"AUC by number of items: {subject(rows)}", x_label="items in the memory", columns=3
    )
    ticks = sorted({x for panel in drawn for series in panel.series for x in series.values})
    for axes in figure.axes[: len(drawn)]:
        axes.set_xscale("log")
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    return figure


def _panel(title: str, lines: Sequence[Sequence[Row]], twins: dict[Settings, Row]) -> Panel:
    _, labels = told_apart([line[0] for line in lines], without={"items"})
    series = [
        Series(label, {row.settings.items or 0: [100 * v for v in row.by_seed(micro()).values()] for row in line})
        for label, line in zip(labels, lines, strict=True)
    ]
    levels = [_level(row, twins[row.settings]) for line in lines for row in line if row.settings in twins]
    return Panel(title, series, dict(levels[:1]))


def _level(row: Row, twin: Row) -> tuple[str, float]:
    """The twin's AUC: a squared error beside absolute ones would compare scores, not memories."""
    name = row.records[0].score
    shared = twin.summary(micro(score=name))
    summary = shared or twin.summary(micro())
    assert summary is not None, "a twin has records"
    return f"no memory, by {SCORES.get(name, name).lower()}" if shared else "no memory", 100 * summary.mean
