"""The capacity sweep as a table, a CSV and a figure."""

from pathlib import Path
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.report.figures.style import house_style, line_style, save
from benchmarks.report.tables.render import Table, to_markdown
from benchmarks.report.tables.view import write_text
from side_studies.memorisation.capacity import FITTED, KINDS

_HEAD: Final = """# How much capacity does noise need?

Made by `make memorisation`: a classifier of circles and squares with two hidden layers, without regularisation, trained until
it gives back 95 % of its training labels. Arpit et al. 2017 (reference 5 of source document 004) report that noise needs a wider
network and more epochs than patterns, noise labels more than noise inputs.
"""


def write_capacity(found: pd.DataFrame, folder: Path) -> tuple[Path, Path, Path]:
    """Write ``capacity.md``, ``.csv`` and ``.png``; raises StudyError if one cannot be written.

    found: as `side_studies.memorisation.capacity.run_capacity` returns it
    """
    with house_style():
        return (
            write_text(folder / "capacity.md", f"{_HEAD}\n{to_markdown(_table(found))}"),
            write_text(folder / "capacity.csv", found.to_csv(index=False, float_format="%.6g")),
            save(draw(found), folder / "capacity.png"),
        )


def _table(found: pd.DataFrame) -> Table:
    rows = []
    for kind in KINDS:
        for width, of in found[found["kind"] == kind].groupby("width"):
            there = of["epochs"].notna()
            rows.append(
                (
                    kind,
                    str(width),
                    f"{int(there.sum())} of {len(of)}",
                    f"{of['epochs'].mean():.0f}" if there.all() else "–",
                    f"{100 * of['fitted'].mean():.1f}",
                    f"{100 * of['validation_accuracy'].mean():.1f}",
                    f"{100 * of['critical_sample_ratio'].mean():.1f}",
                )
            )
    columns = ("What is fitted", "Units", "Seeds fitted", "Epochs needed", "Fitted", "Clean patches", "CSR")
    notes = (
        (
            "Units: in each hidden layer. Fitted: per cent of the training labels given back, the best epoch; seeds fitted: how "
            f"many reached {100 * FITTED:.0f} %; epochs needed: their mean, a dash unless all did."
        ),
        (
            "Noise inputs: every training patch is Gaussian noise with the patches' mean and deviation, the labels are kept; noise "
            "labels: every label is drawn at random, the patches are kept. Both stay the same in every epoch."
        ),
        (
            "Clean patches: accuracy on patches of other videos, per cent. CSR: share of the training patches in whose "
            "neighbourhood the predicted class changes. Both at the end of training."
        ),
    )
    return Table("Width, and epochs until the labels are fitted", columns, tuple(rows), frozenset(columns[1:]), notes)


def draw(found: pd.DataFrame) -> Figure:
    """Draw how much is fitted and how long that takes, against the width; bands from lowest to highest seed."""
    figure = Figure(figsize=(7.2, 3.2))
    fitted, needed = figure.subplots(1, 2)
    for index, kind in enumerate(KINDS):
        of = found[found["kind"] == kind]
        _line(fitted, of.assign(fitted=100 * of["fitted"]), "fitted", kind, index)
        complete = of.groupby("width")["epochs"].transform(lambda epochs: epochs.notna().all())
        _line(needed, of[complete], "epochs", kind, index)
    fitted.set_ylabel("training labels fitted (%)")
    needed.set_ylabel(f"epochs until {100 * FITTED:.0f} % are fitted (all seeds)")
    needed.set_yscale("log")
    for axes in (fitted, needed):
        axes.set_xscale("log", base=2)
        axes.set_xlabel("units in each hidden layer")
    figure.legend(*fitted.get_legend_handles_labels(), loc="outside lower center", ncols=len(KINDS), fontsize="small")
    return figure


def _line(axes: Axes, found: pd.DataFrame, column: str, kind: str, index: int) -> None:
    by_width = found.groupby("width")[column]
    mean, look = by_width.mean(), line_style(index)
    axes.plot(mean.index, mean, label=kind, markersize=4, **look)
    axes.fill_between(mean.index, by_width.min(), by_width.max(), color=look["color"], alpha=0.2, linewidth=0)
