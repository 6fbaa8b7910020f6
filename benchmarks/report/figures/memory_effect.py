"""Memory's effect in one picture: each pair of settings that differ in the memory alone, with its interval."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.report.figures.style import MARKERS, PALETTE, limits
from benchmarks.report.read.contrasts import Contrast, memory_contrasts
from benchmarks.report.read.format import SCORES
from benchmarks.report.read.rows import Row
from benchmarks.report.read.selection import labels, subject

_PUBLISHED: Final = "published"
_SHOWN: Final = (_PUBLISHED, *SCORES)
_APART: Final = 0.2
# A memory that collapses loses tens of points: the axis is compressed then, or it would hide effects of a few.
_LINEAR: Final = 10.0
_FAR: Final = 25.0
_TICKS: Final = (-100, -50, -20, -10, -5, 0, 5, 10, 20, 50, 100)


def draw(rows: Sequence[Row]) -> Figure | None:
    """Draw a line per setting with memory: AUC minus that of its twin without, in points; None without a pair of runs.

    Filled: each side under its published score. Hollow: both under one score. Bars: 95 % t intervals over shared seeds,
    cut at the frame, since those of two seeds would hide the means. Diamonds: the same difference in the papers.
    """
    found = [list(of_pair) for _, of_pair in groupby(memory_contrasts(rows), lambda one: one.with_memory.settings)]
    if not found:
        return None
    figure = Figure(figsize=(10, 1.5 + 0.4 * len(found)))
    axes = figure.subplots()
    axes.axvline(0, color="black", linewidth=0.9, zorder=1)
    for height, contrasts in enumerate(found):
        _draw_pair(axes, contrasts, height)
    _set_scale(axes, [*_means(found), 0.0])
    names = labels([contrasts[0].with_memory for contrasts in found], without={"memory"})
    axes.set_yticks(range(len(found)), names)
    axes.set_ylim(len(found) - 0.5, -0.5)
    how = "mean and 95 % interval over seeds, cut at the frame; one seed has no interval"
    figure.suptitle(f"{subject(rows)}\n{how}", fontsize="medium")
    figure.legend(handles=_legend(found), loc="outside lower center", ncols=3)
    return figure


def _set_scale(axes: Axes, shown: Sequence[float]) -> None:
    """Set the axis so that all shown values are on it and told apart."""
    unit = "points of AUC"
    low, high = limits(shown)
    if max(map(abs, shown)) > _FAR:
        axes.set_xscale("symlog", linthresh=_LINEAR, linscale=2)
        axes.set_xticks([tick for tick in _TICKS if low <= tick <= high], minor=False)
        axes.set_xticks([], minor=True)
        axes.xaxis.set_major_formatter("{x:g}")
        unit += f"; logarithmic beyond {_LINEAR:g}"
    axes.set_xlim(low, high)
    axes.set_xlabel(f"with memory minus without ({unit})")


def _draw_pair(axes: Axes, contrasts: Sequence[Contrast], height: int) -> None:
    for place, one in enumerate(contrasts):
        at = height + _APART * (place - (len(contrasts) - 1) / 2)
        if one.auc.low is not None and one.auc.high is not None:
            axes.plot(
                [100 * one.auc.low, 100 * one.auc.high],
                [at, at],
                color=_looks(one.score)["color"],
                linewidth=1.2,
                zorder=2,
            )
        axes.plot(100 * one.auc.mean, at, **_looks(one.score), linestyle="", zorder=3)
        if one.score == _PUBLISHED and one.in_paper is not None:
            axes.plot(100 * one.in_paper, at, "D", color=PALETTE[1], markersize=6, zorder=2)


def _looks(score: str) -> dict[str, Any]:
    """The published score is filled; what both sides share is hollow, so that it stands apart in a grey print."""
    colour, marker = PALETTE[_SHOWN.index(score)], MARKERS[_SHOWN.index(score)]
    return {
        "color": colour,
        "marker": marker,
        "markerfacecolor": colour if score == _PUBLISHED else "white",
        "markersize": 5,
    }


def _means(found: Sequence[Sequence[Contrast]]) -> list[float]:
    of_papers = [one.in_paper for contrasts in found for one in contrasts if one.in_paper is not None]
    return [100 * value for value in (*(one.auc.mean for contrasts in found for one in contrasts), *of_papers)]


def _legend(found: Sequence[Sequence[Contrast]]) -> list[Line2D]:
    """A handle for each score that is drawn, the published one first, and for the papers' differences."""
    drawn = {one.score for contrasts in found for one in contrasts}
    handles = []
    for score in _SHOWN:
        if score in drawn:
            name = "each side under its published score" if score == _PUBLISHED else f"{SCORES[score]} for both"
            handles.append(Line2D([], [], label=name, **_looks(score), linewidth=1.2))
    if any(one.in_paper is not None for contrasts in found for one in contrasts):
        name = "the papers' own difference"
        handles.append(Line2D([], [], color=PALETTE[1], marker="D", markersize=6, linestyle="", label=name))
    return handles
