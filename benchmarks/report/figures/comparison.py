"""AUC per setting: every seed as a point, the mean with its interval, published figures beside it."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from benchmarks.report.figures.style import MUTED, PALETTE, limits
from benchmarks.report.read.rows import Row
from benchmarks.report.read.selection import labels, subject
from benchmarks.report.tables.study_tables import micro

# A grid has eighty rows: they stand closer.
_MANY = 20


def draw(rows: Sequence[Row]) -> Figure:
    """Draw one line per setting of one data set; x is the frame AUC in per cent.

    Filled: normalised per video (published way). Hollow: pooled, without normalisation within videos.
    """
    height, width = (0.45, 7.5) if len(rows) <= _MANY else (0.24, 10.0)
    figure = Figure(figsize=(width, 1.4 + height * len(rows)))
    axes = figure.subplots()
    for index, row in enumerate(rows):
        axes.scatter(*_points(row, "global", index + 0.16), s=16, facecolors="none", edgecolors=MUTED, zorder=3)
        axes.scatter(*_points(row, "per_video", index), s=16, color=PALETTE[0], alpha=0.7, zorder=3)
        auc = row.auc()
        if auc is not None:
            axes.plot(100 * auc.mean, index, "|", color="black", markersize=13, markeredgewidth=1.8, zorder=4)
        if auc is not None and auc.low is not None and auc.high is not None:
            bounds = (100 * auc.low, 100 * auc.high)
            axes.plot(bounds, [index] * 2, "-" if auc.basis == "seeds" else ":", color=PALETTE[0], linewidth=1.2)
        if (figure_ := row.published()) is not None:
            axes.plot(figure_.auc, index, "D", color=PALETTE[1], markersize=6, zorder=2)
        if (figure_ := row.rc2020()) is not None:
            axes.plot(figure_.auc, index, "^", color=PALETTE[2], markersize=6, zorder=2)
    axes.set_xlim(*limits(_shown(rows)))
    axes.set_yticks(range(len(rows)), labels(rows))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    figure.suptitle(subject(rows), fontsize="medium")
    axes.set_xlabel("frame AUC (%)")
    axes.scatter([], [], s=16, color=PALETTE[0], label="a seed, per video")
    axes.scatter([], [], s=16, facecolors="none", edgecolors=MUTED, label="a seed, pooled")
    axes.plot(
        [],
        [],
        "|",
        color="black",
        markeredgewidth=1.8,
        label="mean, 95 % interval (dotted: over videos; cut at the frame)",
    )
    if any(row.published() for row in rows):
        axes.plot([], [], "D", color=PALETTE[1], markersize=6, label="published")
    if any(row.rc2020() for row in rows):
        axes.plot([], [], "^", color=PALETTE[2], markersize=6, label="RC2020")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def _shown(rows: Sequence[Row]) -> list[float]:
    """All that the axis must reach: seeds under both normalisations, figures of others; 50, so that it is never empty."""
    seeds = [value for row in rows for how in ("per_video", "global") for value in _points(row, how, 0)[0]]
    figures = [figure.auc for row in rows for figure in (row.published(), row.rc2020()) if figure is not None]
    return [*seeds, *figures] or [50.0]


def _points(row: Row, normalisation: str, height: float) -> tuple[list[float], list[float]]:
    values = [100 * value for value in row.by_seed(micro(normalisation=normalisation)).values()]
    return values, [height] * len(values)
