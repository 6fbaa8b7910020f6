"""AUC per setting: every seed as a point, the mean with its interval, published figures beside it."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from benchmarks.report.contents import micro
from benchmarks.report.rows import Row
from benchmarks.report.style import MUTED, PALETTE


def draw(rows: Sequence[Row]) -> Figure:
    """Draw one line per setting of one data set; x is the frame AUC in per cent.

    Filled: normalised per video (published way). Hollow: pooled, without normalisation within videos.
    """
    figure = Figure(figsize=(7.5, 1.4 + 0.45 * len(rows)))
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
    left, right = axes.get_xlim()
    axes.set_xlim(max(left, 0), min(right, 100.5))
    axes.set_yticks(range(len(rows)), [row.label for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    settings = rows[0].settings
    profiles = ", ".join(sorted({row.settings.profile for row in rows}))
    axes.set_title(f"{settings.dataset}, profile {profiles}")
    axes.set_xlabel("frame AUC (%)")
    axes.scatter([], [], s=16, color=PALETTE[0], label="a seed, per video")
    axes.scatter([], [], s=16, facecolors="none", edgecolors=MUTED, label="a seed, pooled")
    axes.plot([], [], "|", color="black", markeredgewidth=1.8, label="mean, 95 % interval (dotted: over videos)")
    if any(row.published() for row in rows):
        axes.plot([], [], "D", color=PALETTE[1], markersize=6, label="published")
    if any(row.rc2020() for row in rows):
        axes.plot([], [], "^", color=PALETTE[2], markersize=6, label="RC2020")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def _points(row: Row, normalisation: str, height: float) -> tuple[list[float], list[float]]:
    values = [100 * value for value in row.by_seed(micro(normalisation=normalisation)).values()]
    return values, [height] * len(values)
