"""Bottleneck test (C8): how much the output and the AUC change when memory or bottleneck are replaced."""

from collections.abc import Sequence
from typing import Final

from matplotlib.figure import Figure

from benchmarks.report.figures.style import MARKERS, MUTED, PALETTE, limits
from benchmarks.report.read.rows import Row
from benchmarks.report.read.selection import plain, subject
from benchmarks.report.tables.bottleneck import REPLACED, UNCHANGED_PSNR, Replaced, replaced

# The reads are hollow, so that they stand apart from the bottlenecks in a grey print.
_HOLLOW: Final = ("read_zeros", "read_mean")
_SPREAD: Final = 0.13


def draw(rows: Sequence[Row]) -> Figure | None:
    """Draw a line per setting, left the PSNR between the outputs, right the change of AUC; None without the test.

    A marker per replacement, mean over seeds; small points are seeds, bars 95 % intervals.
    """
    found = replaced(plain(rows))
    if not found:
        return None
    lines = {one.row.settings: _line(one.row) for one in found}
    heights = {settings: height for height, settings in enumerate(lines)}
    figure = Figure(figsize=(9, 1.6 + 0.42 * len(lines)))
    left, right = figure.subplots(1, 2, sharey=True)
    for one in found:
        index = list(REPLACED).index(one.variant)
        height = heights[one.row.settings] + _SPREAD * (index - (len(REPLACED) - 1) / 2)
        colour = PALETTE[index]
        face = "white" if one.variant in _HOLLOW else colour
        for axes, (mean, low, high, seeds) in zip((left, right), _quantities(one), strict=True):
            if mean is None:
                continue
            if len(seeds) > 1:
                axes.plot(seeds, [height] * len(seeds), ".", color=colour, alpha=0.5, markersize=3)
            if low is not None and high is not None:
                axes.plot([low, high], [height] * 2, color=colour, linewidth=1)
            axes.plot(mean, height, MARKERS[index], markeredgecolor=colour, markerfacecolor=face, markersize=5)
    left.set_xlim(*limits([*(value for one in found for value in one.psnr_by_seed), UNCHANGED_PSNR]))
    right.set_xlim(*limits([*(100 * value for one in found for value in one.change_by_seed), 0.0]))
    left.axvline(UNCHANGED_PSNR, color=MUTED, linestyle="--", linewidth=1)
    right.axvline(0, color=MUTED, linestyle="--", linewidth=1)
    left.set_title(f"output against output as trained\n(dashed: {UNCHANGED_PSNR:g} dB, optically unchanged)")
    right.set_title("frame AUC, replaced − as trained\n(dashed: no change)")
    left.set_xlabel("PSNR (dB)")
    right.set_xlabel("change of AUC (points)")
    left.set_yticks(range(len(lines)), list(lines.values()))
    left.set_ylim(len(lines) - 0.5, -0.5)
    for axes in (left, right):
        for height in range(len(lines) - 1):
            axes.axhline(height + 0.5, color=MUTED, linewidth=0.4)
        axes.grid(visible=False, axis="y")
    for index, (variant, label) in enumerate(REPLACED.items()):
        if any(one.variant == variant for one in found):
            face = "white" if variant in _HOLLOW else PALETTE[index]
            left.plot([], [], MARKERS[index], markeredgecolor=PALETTE[index], markerfacecolor=face, label=label)
    figure.legend(loc="outside lower center", ncols=len(REPLACED))
    figure.suptitle(
        f"Bottleneck test: {subject(rows)}\nmean of the seeds, 95 % interval, cut at the frame", fontsize="medium"
    )
    return figure


def _line(row: Row) -> str:
    memory = {"own": "memory", "none": "no memory"}.get(row.memory, f"{row.memory}'s memory")
    return f"{row.method} {row.task}\n{'skips' if row.settings.skip else 'no skips'}, {memory}"


Quantity = tuple[float | None, float | None, float | None, Sequence[float]]


def _quantities(one: Replaced) -> tuple[Quantity, Quantity]:
    psnr: Quantity = (one.psnr.mean, one.psnr.low, one.psnr.high, one.psnr_by_seed)
    change = one.change
    if change is None:
        return psnr, (None, None, None, ())
    low, high = (None if bound is None else 100 * bound for bound in (change.low, change.high))
    return psnr, (100 * change.mean, low, high, [100 * value for value in one.change_by_seed])
