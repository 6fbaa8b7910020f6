"""AUC against the noise that is to be removed; reconstruction is denoising at 0 %."""

from collections import defaultdict
from collections.abc import Sequence

from matplotlib.figure import Figure

from benchmarks.report.figures.series import Panel, Series, draw_panels
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row
from benchmarks.report.read.selection import of_usual_geometry, parts, plain, subject, told_apart
from benchmarks.report.tables.study_tables import Measure, micro

_TASKS = ("reconstruction", "denoising")


def draw(rows: Sequence[Row]) -> Figure | None:
    """Draw a panel per method and skip setting, a line per memory, supervision and test input (STUDY section 5: both).

    None without two levels of noise.

    The AUC of prediction with the method's own memory, at the same skip setting, is a dashed level.
    """
    chosen = of_usual_geometry(rows)
    predictions = [row for row in plain(rows) if (row.settings.task, row.memory) == ("prediction", "own")]
    grouped: dict[tuple[str, bool], dict[frozenset[tuple[str, str]], dict[float, Row]]] = defaultdict(dict)
    for row in chosen:
        if row.settings.task in _TASKS and row.by_seed(micro()):
            # Without its task a row says the same as its twins at other levels of noise.
            alike = frozenset(parts(row, without={"task", "skip"}).items())
            lines = grouped[row.method, row.settings.skip]
            lines.setdefault(alike, {})[100 * (row.settings.noise or 0.0)] = row
    panels = [
        panel
        for (method, skip), lines in grouped.items()
        if (panel := _panel(method, skip, [one for one in lines.values() if len(one) > 1], predictions)).series
    ]
    if not panels:
        return None
    return draw_panels(panels, title=f"AUC by noise: {subject(rows)}", x_label="noisy pixels (%); 0: reconstruction")


def _on_clean(record: Record) -> float | None:
    return record.metric("micro_auc", variant="clean_input", score=record.variant_score("clean_input"))


def _percents(row: Row, measure: Measure) -> list[float]:
    return [100 * value for value in row.by_seed(measure).values()]


def _panel(method: str, skip: bool, lines: Sequence[dict[float, Row]], predictions: Sequence[Row]) -> Panel:
    _, labels = told_apart([next(iter(line.values())) for line in lines], without={"method", "task", "skip"})
    series = []
    for label, line in zip(labels, lines, strict=True):
        series.append(Series(f"{label}, noisy input", {x: _percents(row, micro()) for x, row in line.items()}))
        clean = {x: _percents(row, _on_clean if x else micro()) for x, row in line.items()}
        if any(values for x, values in clean.items() if x):
            series.append(Series(f"{label}, clean input", {x: values for x, values in clean.items() if values}))
    beside = [row.summary(micro()) for row in predictions if (row.method, row.settings.skip) == (method, skip)]
    levels = {"prediction, with memory": 100 * beside[0].mean} if beside and beside[0] is not None else {}
    return Panel(f"{method}, {'with' if skip else 'without'} skips", series, levels)
