"""Training losses by epoch, a panel per term and a line per seed."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from benchmarks.report.figures.style import line_style
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.rows import Row


def draw(row: Row) -> Figure | None:
    """Draw the loss terms of all seeds of a setting; None for a setting without epochs."""
    terms = list(dict.fromkeys(name for r in row.records for epoch in r.content["epochs"] for name in epoch["losses"]))
    if not terms:
        return None
    figure = Figure(figsize=(2.6 * len(terms) + 0.6, 2.6))
    panels = figure.subplots(1, len(terms), squeeze=False)[0]
    for axes, term in zip(panels, terms, strict=True):
        for index, record in enumerate(row.records):
            epochs = [epoch for epoch in record.content["epochs"] if term in epoch["losses"]]
            axes.plot(
                [epoch["epoch"] for epoch in epochs],
                [epoch["losses"][term] for epoch in epochs],
                markersize=3,
                label=f"seed {record.seed}",
                **line_style(index),
            )
        axes.set_title(term.replace("_", " "))
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_ylabel("mean loss")
    panels[-1].legend()
    figure.suptitle(f"{row.label}\n{settings_label(row.settings)}")
    return figure
