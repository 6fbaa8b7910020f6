"""The figures with a number on their x axis: epochs, noise, items."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from benchmarks.report.figures.lines import Panel, Series, draw_lines, draw_series
from benchmarks.report.figures.style import line_style
from benchmarks.report.read.contrasts import memory_pairs
from benchmarks.report.read.format import SCORES
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row, native_skip
from benchmarks.report.read.selection import of_usual_geometry, parts, plain, subject, told_apart
from benchmarks.report.tables.study_tables import Measure, micro
from benchmarks.study.settings import Settings

Values = dict[float, list[float]]
_TASKS: Final = ("reconstruction", "denoising")


def epochs(rows: Sequence[Row]) -> Figure | None:
    """Draw the AUC after each epoch of one run, and of runs of different lengths; None where rows have neither.

    A run of another length has another schedule of the learning rate, so the two never share a line.
    """
    watched = [(row, values) for row in rows if len(values := _by_epoch(row, "micro_auc", 100)) > 1]
    common, labels = told_apart([row for row, _ in watched])
    within = [Series(label, values) for label, (_, values) in zip(labels, watched, strict=True)]
    panels = [Panel(_heading("after each epoch of one run", common), within)] if within else []
    lengths = _swept(rows, "epochs")
    common, labels = told_apart([line[0] for line in lengths], without={"epochs"})
    by_length = [Series(label, _aucs(line, "epochs")) for label, line in zip(labels, lengths, strict=True)]
    panels += [Panel(_heading("runs of this many epochs, a schedule each", common), by_length)] if by_length else []
    if not panels:
        return None
    figure = draw_lines(panels, title=f"AUC by epochs: {subject(rows)}", x_label="epochs")
    for axes in figure.axes[: len(panels)]:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def items(rows: Sequence[Row]) -> Figure | None:
    """Draw the AUC by number of memory items, a panel per method and task; None without rows that differ in it alone.

    The no-memory counterpart is a dashed level, under the score of the others where it has that score. One item has no
    second nearest, so it is only joined to rows without separateness loss.
    """
    counterparts = {pair[0].settings: pair[1] for pair in memory_pairs(rows)}
    panels: dict[tuple[str, str], list[list[Row]]] = defaultdict(list)
    for line in _swept(rows, "items"):
        panels[line[0].method, line[0].task].append(sorted(line, key=lambda row: row.settings.items or 0))
    if not panels:
        return None
    drawn = []
    for (method, task), lines in panels.items():
        _, labels = told_apart([line[0] for line in lines], without={"items"})
        series = [Series(label, _aucs(line, "items")) for label, line in zip(labels, lines, strict=True)]
        pairs = [(row, counterparts[row.settings]) for line in lines for row in line if row.settings in counterparts]
        drawn.append(Panel(f"{method}, {task}", series, dict([_level(*pair) for pair in pairs[:1]])))
    figure = draw_lines(
        drawn, title=f"AUC by number of items: {subject(rows)}", x_label="items in the memory", columns=3
    )
    ticks = sorted({x for panel in drawn for series in panel.series for x in series.values})
    for axes in figure.axes[: len(drawn)]:
        axes.set_xscale("log")
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    return figure


def bottleneck_width(rows: Sequence[Row]) -> Figure | None:
    """Draw the AUC of baselines by the width of their bottleneck; None without rows that differ in it alone.

    A network without a dense bottleneck is a dashed level.
    """
    lines = [[row for row in line if row.settings.bottleneck] for line in _swept(rows, "bottleneck")]
    lines = [line for line in lines if len(line) > 1]
    if not lines:
        return None
    _, labels = told_apart([line[0] for line in lines], without={"bottleneck"})
    series = [Series(label, _aucs(line, "bottleneck")) for label, line in zip(labels, lines, strict=True)]
    levels: dict[str, float] = {}
    for row in rows:
        same = row.settings.method == lines[0][0].settings.method
        if same and row.settings.bottleneck == 0 and (found := row.summary(micro())) is not None:
            levels.setdefault("no dense bottleneck", 100 * found.mean)
    figure = draw_lines(
        [Panel(lines[0][0].method, series, levels)],
        title=f"AUC by width of the bottleneck: {subject(rows)}",
        x_label="units of the bottleneck",
    )
    ticks = sorted({x for one in series for x in one.values})
    figure.axes[0].set_xscale("log")
    figure.axes[0].set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    figure.axes[0].minorticks_off()
    return figure


def noise(rows: Sequence[Row]) -> Figure | None:
    """Draw the AUC by noise of the denoising task, a panel per method and skip setting; None without two levels of it.

    Reconstruction is denoising at 0 %. A line per memory, supervision and test input; the AUC of prediction with the
    method's own memory, at the same skip setting, is a dashed level.
    """
    grouped: dict[tuple[str, bool], dict[frozenset[tuple[str, str]], dict[float, Row]]] = defaultdict(dict)
    for row in of_usual_geometry(rows):
        if row.settings.task in _TASKS and row.by_seed(micro()):
            # Without its task a row says the same as its counterparts at other levels of noise.
            alike = frozenset(parts(row, without={"task", "skip"}).items())
            lines = grouped[row.method, row.settings.skip]
            lines.setdefault(alike, {})[100 * (row.settings.noise or 0.0)] = row
    predictions = [row for row in plain(rows) if (row.settings.task, row.memory) == ("prediction", "own")]
    panels = []
    for (method, skip), lines in grouped.items():
        if series := _noisy_and_clean([line for line in lines.values() if len(line) > 1]):
            level_rows = [
                row.summary(micro()) for row in predictions if (row.method, row.settings.skip) == (method, skip)
            ]
            level = level_rows[0] if level_rows else None
            levels = {} if level is None else {"prediction, with memory": 100 * level.mean}
            panels.append(Panel(f"{method}, {'with' if skip else 'without'} skips", series, levels))
    if not panels:
        return None
    return draw_lines(panels, title=f"AUC by noise: {subject(rows)}", x_label="noisy pixels (%); 0: reconstruction")


def memory_by_epoch(rows: Sequence[Row]) -> Figure | None:
    """Draw how a memory comes to be used, a column per method and task, a line per setting; None without a memory.

    Settings with native skips at the study's usual geometry.
    """
    columns: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in of_usual_geometry(rows):
        if row.settings.skip == native_skip(row.settings) and row.settings.items and _by_epoch(row, "perplexity"):
            columns[row.method, row.task].append(row)
    if not columns:
        return None
    measures = {
        "items in effect (%)\nperplexity of use / items": "perplexity",
        "dead items (%)\nnearest to no query": "dead",
    }
    longest = max(len(column) for column in columns.values())
    figure = Figure(figsize=(3.6 * len(columns) + 0.6, 2.3 * len(measures) + 0.6 + 0.17 * longest))
    grid = figure.subplots(len(measures), len(columns), squeeze=False, sharey="row", sharex="col")
    for index, ((method, task), column) in enumerate(columns.items()):
        _, labels = told_apart(column, without={"method", "task"})
        for axes, (name, quantity) in zip(grid[:, index], measures.items(), strict=True):
            shares = [_by_epoch(row, quantity, 100 / (row.settings.items or 1)) for row in column]
            draw_series(axes, [Series(label, values) for label, values in zip(labels, shares, strict=True)])
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_ylim(-4, 104)
            if index == 0:
                axes.set_ylabel(name)
        grid[0, index].set_title(f"{method}, {task}")
        grid[-1, index].set_xlabel("epoch")
        grid[-1, index].legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), fontsize="small")
    figure.suptitle(f"Use of the memory while training: {subject(rows)}", fontsize="medium")
    return figure


def losses(row: Row) -> Figure | None:
    """Draw a panel per loss term of a setting and a line per seed; None for a setting without epochs."""
    terms = list(dict.fromkeys(name for r in row.records for epoch in r.content["epochs"] for name in epoch["losses"]))
    if not terms:
        return None
    figure = Figure(figsize=(2.6 * len(terms) + 0.6, 2.6))
    panels = figure.subplots(1, len(terms), squeeze=False)[0]
    for axes, term in zip(panels, terms, strict=True):
        for index, record in enumerate(row.records):
            known = {one["epoch"]: one["losses"][term] for one in record.content["epochs"] if term in one["losses"]}
            label = f"seed {record.seed}"
            axes.plot(list(known), list(known.values()), markersize=3, label=label, **line_style(index))
        axes.set_title(term.replace("_", " "))
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_ylabel("mean loss")
    panels[-1].legend()
    figure.suptitle(f"{row.label}\n{settings_label(row.settings)}")
    return figure


def _by_epoch(row: Row, quantity: str, scale: float = 1.0) -> Values:
    """A quantity of the epochs, a value for each seed that has it."""
    values: Values = defaultdict(list)
    for record in row.records:
        for epoch in record.content["epochs"]:
            if epoch.get(quantity) is not None:
                values[float(epoch["epoch"])].append(scale * float(epoch[quantity]))
    return dict(values)


def _swept(rows: Sequence[Row], name: str) -> list[list[Row]]:
    """Rows that differ in one setting, a number, alone: two at least."""
    groups: dict[Settings, list[Row]] = defaultdict(list)
    for row in rows:
        if getattr(row.settings, name) and row.by_seed(micro()):
            groups[row.settings.changed(**{name: 0})].append(row)
    return [group for group in groups.values() if len(group) > 1]


def _aucs(line: Sequence[Row], name: str) -> Values:
    """AUCs of the seeds by the setting in which rows differ."""
    return {getattr(row.settings, name): _percents(row, micro()) for row in line}


def _percents(row: Row, measure: Measure) -> list[float]:
    return [100 * value for value in row.by_seed(measure).values()]


def _heading(what: str, common: str) -> str:
    return f"{what}\n{common}" if common else what


def _level(row: Row, counterpart: Row) -> tuple[str, float]:
    """The counterpart's AUC: a squared error next to absolute ones would compare scores, not memories."""
    name = row.records[0].score
    shared = counterpart.summary(micro(score=name))
    summary = shared or counterpart.summary(micro())
    assert summary is not None, "a counterpart has records"
    return f"no memory, by {SCORES.get(name, name).lower()}" if shared else "no memory", 100 * summary.mean


def _noisy_and_clean(lines: Sequence[Mapping[float, Row]]) -> list[Series]:
    _, labels = told_apart([next(iter(line.values())) for line in lines], without={"method", "task", "skip"})
    series = []
    for label, line in zip(labels, lines, strict=True):
        series.append(Series(f"{label}, noisy input", {x: _percents(row, micro()) for x, row in line.items()}))
        clean = {x: _percents(row, _on_clean if x else micro()) for x, row in line.items()}
        if any(values for x, values in clean.items() if x):
            series.append(Series(f"{label}, clean input", {x: values for x, values in clean.items() if values}))
    return series


def _on_clean(record: Record) -> float | None:
    return record.metric("micro_auc", variant="clean_input", score=record.variant_score("clean_input"))
