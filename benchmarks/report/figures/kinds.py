"""AUC by kind of anomaly and by task, with the memory on and off side by side."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.report.figures.style import MUTED, PALETTE, limits
from benchmarks.report.read.format import KINDS
from benchmarks.report.read.rows import Row, native_skip
from benchmarks.report.read.selection import plain, subject
from benchmarks.study.settings import AUTOENCODERS

# Filled, hollow and another shape: they differ in a grey print as well.
_MEMORIES: Final = {
    "own": ("with its memory", "o", PALETTE[0], PALETTE[0]),
    "none": ("without memory", "o", PALETTE[1], "white"),
    "other": ("with the other's memory", "D", PALETTE[2], PALETTE[2]),
    "": ("method without a memory to switch off", "s", MUTED, MUTED),
}
_APART: Final = 0.17


def draw(rows: Sequence[Row]) -> Figure | None:
    """Draw a panel per kind and in it a line per method, task and skip setting; None where no record tells kinds apart.

    Small points are seeds, the large marker their mean, the bar its 95 % interval, the dashed line chance.
    """
    lines: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in plain(rows):
        if any(row.by_seed(lambda record, name=name: record.kind(name)) for name in KINDS):  # type: ignore[misc]
            lines[_line(row)][_memory(row)] = row
    if not lines:
        return None
    figure = Figure(figsize=(9, 1.5 + 0.36 * len(lines)))
    panels = figure.subplots(1, len(KINDS), sharey=True, sharex=True)
    for axes, (name, heading) in zip(panels, KINDS.items(), strict=True):
        for height, by_memory in enumerate(lines.values()):
            for memory, row in by_memory.items():
                _mark(axes, row, name, height, memory)
        axes.axvline(50, color="black", linestyle="--", linewidth=0.9)
        axes.set_title(heading)
        axes.set_xlabel("frame AUC (%)")
    shown = [
        100 * value
        for by_memory in lines.values()
        for row in by_memory.values()
        for name in KINDS
        for value in row.by_seed(lambda record, name=name: record.kind(name)).values()  # type: ignore[misc]
    ]
    panels[0].set_xlim(*limits([*shown, 50.0]))
    panels[0].set_yticks(range(len(lines)), list(lines))
    panels[0].set_ylim(len(lines) - 0.5, -0.5)
    for memory in (key for key in _MEMORIES if any(key in by_memory for by_memory in lines.values())):
        label, marker, edge, face = _MEMORIES[memory]
        panels[0].plot([], [], marker, markeredgecolor=edge, markerfacecolor=face, label=label)
    panels[0].plot([], [], "--", color="black", linewidth=0.9, label="chance")
    figure.legend(loc="outside lower center", ncols=len(_MEMORIES) + 1)
    figure.suptitle(
        f"AUC by kind of anomaly: {subject(rows)}; mean of the seeds, 95 % interval, cut at the frame",
        fontsize="medium",
    )
    return figure


def _line(row: Row) -> str:
    if row.settings.method not in AUTOENCODERS:
        return row.method
    departs = row.settings.skip != native_skip(row.settings)
    skip = "" if not departs else ", skips" if row.settings.skip else ", no skips"
    return f"{row.method} {row.task}{skip}"


def _memory(row: Row) -> str:
    if row.settings.method not in AUTOENCODERS:
        return ""
    return row.memory if row.memory in ("own", "none") else "other"


def _mark(axes: Axes, row: Row, kind: str, height: float, memory: str) -> None:
    summary = row.summary(lambda record: record.kind(kind))
    if summary is None:
        return
    _, marker, edge, face = _MEMORIES[memory]
    place = height + {"own": -_APART, "none": _APART}.get(memory, 0.0)
    values = [100 * value for value in row.by_seed(lambda record: record.kind(kind)).values()]
    if len(values) > 1:
        axes.plot(values, [place] * len(values), ".", color=edge, alpha=0.5, markersize=3, zorder=2)
    if summary.low is not None and summary.high is not None:
        axes.plot([100 * summary.low, 100 * summary.high], [place] * 2, color=edge, linewidth=1, zorder=2)
    axes.plot(
        100 * summary.mean,
        place,
        marker,
        markeredgecolor=edge,
        markerfacecolor=face,
        markersize=5.5,
        zorder=3,
        label="_mean",
    )
