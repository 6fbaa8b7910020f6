"""Use of the memory in three settings side by side: free, forced to be uniform, collapsed."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.measure.usage import MemoryUsage, memory_usage
from benchmarks.report.figures.style import MUTED, PALETTE
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row
from benchmarks.report.read.selection import native, of_usual_geometry, parts, subject

COLLAPSED: Final = 1.5
"""With fewer items in effect all queries are nearest to about the same item."""
_MOST_BARS: Final = 20
# The document's own form first.
_FORCED: Final = ("uniform_rc2020", "uniform_balance")
# The setting with skips, as the document's collapsed memory.
_TASKS: Final = ("prediction", "reconstruction")
_ALIKE: Final = ("method", "task", "skip", "items", "memory", "noise")
_COLOURS: Final = {"free": PALETTE[0], "forced to be uniform": PALETTE[2], "collapsed": PALETTE[1]}


def draw(rows: Sequence[Row]) -> Figure | None:
    """Draw MNAD's memory as published, under supervision, and the study's worst collapse, on one axis of shares.

    The collapse is that of the run with the fewest items in effect, whatever its method, if fewer than `COLLAPSED`; without
    one the panel is left out. Counts are those of the published variant at test, of each setting's lowest seed. None
    unless a setting is supervised: then there is nothing to compare.
    """
    usual = of_usual_geometry([row for row in rows if row.records])
    pair = next((pair for task in _TASKS if (pair := _free_and_forced(usual, task)) is not None), None)
    if pair is None:
        return None
    panels = dict(zip(_COLOURS, [*pair, _most_collapsed(usual)], strict=True))
    shown = {what: row for what, row in panels.items() if row is not None}
    figure = Figure(figsize=(2.9 * len(shown) + 0.4, 3.2))
    grid = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
    for axes, (what, row) in zip(grid, shown.items(), strict=True):
        _histogram(axes, what, row)
    grid[0].set_ylabel("share of queries (%)")
    grid[0].set_ylim(0, 102)
    title = f"How often each memory item is nearest to a query: {subject(list(shown.values()))}"
    figure.suptitle(f"{title}\nall test frames; dashed: an even share", fontsize="medium")
    return figure


def _free_and_forced(rows: Sequence[Row], task: str) -> tuple[Row, Row] | None:
    """MNAD's memory as published for a task, and the same under supervision; None unless both are there."""
    published = (row for row in native(rows) if row.settings.method == "mnad" and row.settings.has_own_memory)
    free = next((row for row in published if row.settings.task == task and _used(row)), None)
    if free is None:
        return None
    values = [getattr(free.settings, name) for name in _ALIKE]
    alike = [row for row in rows if [getattr(row.settings, name) for name in _ALIKE] == values and _used(row)]
    forced = (row for how in _FORCED for row in alike if row.settings.supervision == how)
    return next(((free, row) for row in forced), None)


def _most_collapsed(rows: Sequence[Row]) -> Row | None:
    """The row with the fewest items in effect, if they are as good as one; of equals the first."""
    used = [(usage.perplexity, index) for index, row in enumerate(rows) if (usage := _used(row)) is not None]
    lowest = min(used, default=None)
    return rows[lowest[1]] if lowest is not None and lowest[0] < COLLAPSED else None


def _used(row: Row) -> MemoryUsage | None:
    """Use of the items at test; None without a memory of several items, or where no query has a nearest one."""
    counts = _counts(row.records[0])
    return memory_usage(counts) if len(counts) > 1 and sum(counts) > 0 else None


def _counts(record: Record) -> list[int]:
    usage: dict[str, Any] = record.content.get("usage", {}).get(record.variant, {})
    return list(usage.get("counts", []))


def _histogram(axes: Axes, what: str, row: Row) -> None:
    usage = _used(row)
    assert usage is not None, "rows without use have no panel"
    shares = 100 * np.asarray(usage.counts) / sum(usage.counts)
    count = len(shares)
    if count > _MOST_BARS:
        shares = np.sort(shares)[::-1][:_MOST_BARS]
    axes.bar(np.arange(1, len(shares) + 1), shares, color=_COLOURS[what], width=0.85)
    axes.axhline(100 / count, color=MUTED, linewidth=1, linestyle="--")
    axes.grid(visible=False, axis="x")
    axes.set_xlabel("item" if count <= _MOST_BARS else f"item, by use: the first {_MOST_BARS} of {count}")
    said = parts(row)
    setting = [text for name, text in said.items() if name in ("method", "task", "skip", "supervision")]
    effect = f"{usage.perplexity:.1f} of {count} items in effect"
    axes.set_title("\n".join([what, ", ".join([*setting, f"seed {row.records[0].seed}"]), effect]), fontsize="small")
