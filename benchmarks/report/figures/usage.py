"""How often each memory item was a query's nearest: by epoch, and at test."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from benchmarks.measure.usage import memory_usage
from benchmarks.report.records import Record
from benchmarks.report.style import MUTED, PALETTE

# Beyond this many items single bars cannot be told apart: items are sorted by use instead.
_MOST_BARS = 64


def draw(record: Record, label: str) -> Figure | None:
    """Draw the first, middle and last epoch and the published variant at test; None for a cell without a memory."""
    panels = _panels(record)
    if not panels:
        return None
    figure = Figure(figsize=(2.4 * len(panels) + 0.6, 2.7))
    row = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for index, (axes, (title, counts)) in enumerate(zip(row, panels, strict=True)):
        usage = memory_usage(counts)
        shares = 100 * np.asarray(counts) / max(sum(counts), 1)
        colour = PALETTE[1] if index == len(panels) - 1 and title.startswith("test") else PALETTE[0]
        if len(counts) <= _MOST_BARS:
            axes.bar(np.arange(1, len(counts) + 1), shares, color=colour, width=0.85)
            axes.set_xlabel("item")
        else:
            axes.fill_between(np.arange(1, len(counts) + 1), np.sort(shares)[::-1], color=colour, step="mid")
            axes.set_xscale("log")
            axes.set_xlabel("item, by use")
        axes.axhline(100 / len(counts), color=MUTED, linewidth=1, linestyle="--")
        axes.grid(visible=False, axis="x")
        axes.set_title(f"{title}\nperplexity {usage.perplexity:.1f} of {len(counts)}, dead {usage.dead}", fontsize=8)
    row[0].set_ylabel("share of queries (%)")
    settings = record.settings
    figure.suptitle(f"{label} ({settings.dataset}, {settings.profile}, seed {record.seed})")
    return figure


def _panels(record: Record) -> list[tuple[str, Sequence[int]]]:
    """Titles and counts: at most three epochs, then the test."""
    epochs = [epoch for epoch in record.content["epochs"] if epoch.get("usage") and sum(epoch["usage"])]
    chosen = sorted({0, len(epochs) // 2, len(epochs) - 1}) if epochs else []
    panels: list[tuple[str, Sequence[int]]] = [
        (f"epoch {epochs[index]['epoch']}", epochs[index]["usage"]) for index in chosen
    ]
    test = record.content.get("usage", {}).get(record.variant)
    if test and sum(test["counts"]):
        panels.append((f"test, {record.variant}", test["counts"]))
    return panels
