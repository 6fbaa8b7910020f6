"""Cost curves, drawn from the JSON of `benchmarks.perf.scaling` alone."""

import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.errors import StudyError
from benchmarks.report.figures.style import MUTED, PALETTE, house_style, save

_COLUMNS = 4
_NARROW = 30
_KEYS = ("what", "x_label", "x", "seconds", "exponent", "expected")


def write_scaling_figure(source: Path) -> Path:
    """Draw the curves of a JSON file into a PNG of its name; raises StudyError where the file holds none."""
    try:
        curves = json.loads(source.read_text(encoding="utf-8"))["curves"]
        whole = bool(curves) and all(key in curve for curve in curves for key in _KEYS)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudyError(
            f"Expected cost curves in {source}, but {error!r}; run python -m benchmarks.perf.scaling again."
        ) from error
    if not whole:
        raise StudyError(
            f"Expected curves with {', '.join(_KEYS)} in {source}, but some lack them; run the benchmark again."
        )
    with house_style():
        return save(draw(curves), source.with_suffix(".png"))


def draw(curves: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw a panel per curve, log-log: medians with their range, and a line of the expected exponent through the last.

    curves: what, x_label, x, seconds (median, low, high at each x), exponent (fitted over the upper half), expected.
    """
    rows = math.ceil(len(curves) / _COLUMNS)
    figure = Figure(figsize=(2.5 * _COLUMNS, 2.5 * rows))
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axes, curve in zip(panels, curves, strict=False):
        x, seconds = curve["x"], curve["seconds"]
        medians = [point["median"] for point in seconds]
        expected = [medians[-1] * (value / x[-1]) ** curve["expected"] for value in x]
        axes.plot(x, expected, ":", color=MUTED, linewidth=1.2)
        spans = [[point[side] for point in seconds] for side in ("low", "high")]
        axes.fill_between(x, *spans, color=PALETTE[0], alpha=0.25, linewidth=0)
        axes.plot(x, medians, "o-", color=PALETTE[0], markersize=3.5)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_minor_formatter(NullFormatter())
        if max(medians) < _NARROW * min(medians):
            # Powers of ten alone would leave such a panel with one number or none.
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        name = "\n".join(textwrap.wrap(str(curve["what"]), 30))
        axes.set_title(f"{name}\nexponent {curve['exponent']:.2f} (expected {curve['expected']:g})")
        axes.set_xlabel(curve["x_label"])
        axes.set_xticks(x, [_short(value) for value in x])
    for axes in panels[::_COLUMNS]:
        axes.set_ylabel("seconds")
    for axes in panels[len(curves) :]:
        axes.set_axis_off()
    return figure


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
