"""``results/memorisation/table.md`` and ``figure.png``: the memorisation study's curves, read and drawn.

Views of ``curves.csv`` alone (`side_studies.memorisation.study` says what its columns are): they can be made again from it.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.report.figures.style import MARKERS, MUTED, PALETTE, house_style, line_style, save
from benchmarks.report.tables.render import Table, to_markdown
from benchmarks.report.tables.view import write_text

_FITTED = 0.95
# Styles of lines that are left for shares of noise when each remedy has taken one.
_AFTER_REMEDIES = 3
_HEAD = """# Patterns first, noise by heart?

Made by `make memorisation`: circles and squares cut from the synthetic set with sensor noise, two hidden layers, and
labels or targets of which none, half or all are noise. Arpit et al. 2017 (reference 5 of source document 004) report four things: networks
fit patterns before noise; the accuracy on clean validation data peaks before the noise is fitted, and then falls; the
critical sample ratio rises with training and is higher the more noise there is; dropout hinders fitting noise more than
it hurts fitting patterns, and does so better than weight decay. The tables show what holds here.
"""


def write_views(curves: pd.DataFrame, folder: Path) -> tuple[Path, Path]:
    """Write the table and the figure of the curves into a folder; raises StudyError if one cannot be written."""
    text = "\n".join([_HEAD, to_markdown(_classification(curves)), to_markdown(_reconstruction(curves))])
    with house_style():
        return write_text(folder / "table.md", text), save(draw(curves), folder / "figure.png")


def _classification(curves: pd.DataFrame) -> Table:
    rows = []
    for (noise, regulariser), curve in _conditions(curves, "classification"):
        mean = curve.groupby("epoch").mean(numeric_only=True)
        best = mean["validation_accuracy"].idxmax()
        rows.append(
            (
                f"{100 * noise:.0f}",
                regulariser,
                str(curve["seed"].nunique()),
                _percent(mean["accuracy_clean"].iloc[-1]),
                _percent(mean["accuracy_noisy"].iloc[-1]),
                _reached(mean["accuracy_clean"]),
                _reached(mean["accuracy_noisy"]),
                f"{_percent(mean['validation_accuracy'].max())} ({best})",
                _percent(mean["validation_accuracy"].iloc[-1]),
                _percent(mean["critical_sample_ratio"].iloc[0]),
                _percent(mean["critical_sample_ratio"].iloc[-1]),
            )
        )
    numbers = (
        "Noise",
        "Seeds",
        "Clean fitted",
        "Noise fitted",
        "Clean by epoch",
        "Noise by epoch",
        "Validation, best (epoch)",
        "Validation, last",
        "CSR, first",
        "CSR, last",
    )
    notes = (
        (
            "Means over seeds, in per cent. Noise: share of training labels drawn at random, half of which are right by "
            "chance."
        ),
        (
            "Fitted: training labels, as given, that the network gives back after the last epoch (epoch "
            f"{curves['epoch'].max()}); by epoch: the first epoch read at which {100 * _FITTED:.0f} % of them are, a "
            "dash if never."
        ),
        (
            "CSR: share of validation patches in whose neighbourhood the predicted class changes, after the first and "
            "the last epoch."
        ),
    )
    columns = (numbers[0], "Against it", *numbers[1:])
    return Table("Classification: circle or square", columns, tuple(rows), frozenset(numbers), notes)


def _reconstruction(curves: pd.DataFrame) -> Table:
    rows = []
    for (noise, regulariser), curve in _conditions(curves, "reconstruction"):
        mean = curve.groupby("epoch").mean(numeric_only=True)
        best = mean["validation_loss"].idxmin()
        rows.append(
            (
                f"{100 * noise:.0f}",
                regulariser,
                str(curve["seed"].nunique()),
                _share(mean["loss_clean"].iloc[0]),
                _share(mean["loss_clean"].iloc[-1]),
                _share(mean["loss_noisy"].iloc[0]),
                _share(mean["loss_noisy"].iloc[-1]),
                f"{_share(mean['validation_loss'].min())} ({best})",
                _share(mean["validation_loss"].iloc[-1]),
            )
        )
    numbers = (
        "Noise",
        "Seeds",
        "Clean, first",
        "Clean, last",
        "Noise, first",
        "Noise, last",
        "Validation, best (epoch)",
        "Validation, last",
    )
    notes = (
        "Means over seeds of the squared error as a share of the targets' variance: 1 is what their mean would reach.",
        "Noise: share, in per cent, of training targets replaced by noise that stays the same in every epoch.",
        "Clean, noise: the error on training targets of either kind; validation: on clean patches of other videos.",
    )
    columns = (numbers[0], "Against it", *numbers[1:])
    return Table("Reconstruction: patches to themselves", columns, tuple(rows), frozenset(numbers), notes)


def draw(curves: pd.DataFrame) -> Figure:
    """Draw classification above and reconstruction below: fitting noise, clean patches; complexity, and what remedies cost.

    curves: as `side_studies.memorisation.study.run_study` returns them, of at least the noise shares 0.5 and one other
    """
    figure = Figure(figsize=(9.6, 6.2))
    panels = figure.subplots(2, 3)
    classified = curves[curves["task"] == "classification"]
    rebuilt = curves[curves["task"] == "reconstruction"]
    _losses(panels[0, 0], classified, "labels, half of them noise", "training cross-entropy")
    _by_noise(panels[0, 1], classified, "validation_accuracy", "accuracy, clean patches")
    _by_noise(panels[0, 2], classified, "critical_sample_ratio", "critical sample ratio")
    _losses(panels[1, 0], rebuilt, "targets, half of them noise", "training error / variance")
    _by_noise(panels[1, 1], rebuilt, "validation_loss", "error / variance, clean patches")
    _trade_off(panels[1, 2], classified)
    # lines mean the same in both rows: one legend for each kind of panel, outside all of them
    remedies, shares = (axes.get_legend_handles_labels() for axes in (panels[0, 0], panels[0, 1]))
    figure.legend(*remedies, loc="outside lower left", ncols=3, fontsize="small")
    figure.legend(*shares, loc="outside lower right", ncols=3, fontsize="small")
    return figure


def _losses(axes: Axes, curves: pd.DataFrame, title: str, label: str) -> None:
    half = curves[curves["noise"] == 0.5]
    for index, (regulariser, curve) in enumerate(half.groupby("regulariser", sort=False)):
        mean = curve.groupby("epoch").mean(numeric_only=True)
        look = {"color": PALETTE[index], "marker": MARKERS[index], "markersize": 3}
        axes.plot(mean.index, mean["loss_noisy"], label=f"{regulariser}: noise", **look)
        axes.plot(mean.index, mean["loss_clean"], ":", label=f"{regulariser}: clean", **look)
    axes.set_title(title)
    _epochs(axes, label)


def _by_noise(axes: Axes, curves: pd.DataFrame, column: str, label: str) -> None:
    plain = curves[curves["regulariser"] == "none"]
    for index, (noise, curve) in enumerate(plain.groupby("noise")):
        seeds = curve.groupby("epoch")[column]
        look = line_style(_AFTER_REMEDIES + index)
        axes.plot(
            seeds.mean().index, seeds.mean(), label=f"{100 * float(str(noise)):.0f} % noise", markersize=3, **look
        )
        axes.fill_between(seeds.mean().index, seeds.min(), seeds.max(), color=look["color"], alpha=0.2, linewidth=0)
    axes.set_title("without regularisation")
    _epochs(axes, label)


def _epochs(axes: Axes, label: str) -> None:
    axes.set_xscale("log")
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)


def _trade_off(axes: Axes, curves: pd.DataFrame) -> None:
    """As the paper's figure 10: how much noise is fitted where all labels are noise, against what is learned from clean ones."""
    last = curves[curves["epoch"] == curves["epoch"].max()]
    for index, regulariser in enumerate(dict.fromkeys(curves["regulariser"])):
        of = last[last["regulariser"] == regulariser]
        noise = of[of["noise"] == of["noise"].max()]["accuracy_noisy"].mean()
        clean = of[of["noise"] == 0]["validation_accuracy"].mean()
        axes.plot(noise, clean, MARKERS[index], color=PALETTE[index])
        axes.annotate(
            regulariser, (noise, clean), (0, -10), textcoords="offset points", rotation=-60, va="top", fontsize="small"
        )
    axes.axvline(0.5, color=MUTED, linewidth=0.8, linestyle=":")
    axes.set_xlim(0.4, 1.02)
    axes.set_ylim(0.4, 1.05)
    axes.set_xlabel("labels fitted, all of them noise")
    axes.set_ylabel("accuracy, clean labels")
    axes.set_title("what a remedy costs")


def _conditions(curves: pd.DataFrame, task: str) -> Iterator[tuple[tuple[float, str], pd.DataFrame]]:
    """Yield the rows of each condition of a task, in the order in which the study ran them."""
    of = curves[curves["task"] == task]
    for noise in dict.fromkeys(of["noise"]):
        for name in dict.fromkeys(of["regulariser"]):
            yield (noise, name), of[(of["noise"] == noise) & (of["regulariser"] == name)]


def _reached(accuracy: "pd.Series[float]") -> str:
    """The first epoch at which enough is fitted."""
    if accuracy.isna().all():
        return ""
    there = accuracy.index[accuracy >= _FITTED]
    return str(there[0]) if len(there) else "–"


def _percent(value: float) -> str:
    return "" if math.isnan(value) else f"{100 * value:.1f}"


def _share(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"
