"""How often each memory item was a query's nearest: by epoch, and at test."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from benchmarks.measure.usage import memory_usage
from benchmarks.report.figures.style import MUTED, PALETTE
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.records import Record

_HISTOGRAMS = 3
# Beyond this many items single bars cannot be distinguished: items are sorted by use instead.
_MOST_BARS = 64


def draw(record: Record, label: str) -> Figure | None:
    """Draw the first, middle and last epoch and the published variant at test; None for a cell without a memory.

    Where there are more epochs than that, a map of all epochs and items comes first.
    """
    panels = _panels(record)
    if not panels:
        return None
    every = _every_epoch(record)
    maps = 0 if every is None else 1
    figure = Figure(figsize=(2.4 * (len(panels) + maps) + 0.6, 2.7))
    row = [figure.add_subplot(1, len(panels) + maps, 1 + maps)]
    row += [
        figure.add_subplot(1, len(panels) + maps, index + 1 + maps, sharey=row[0]) for index in range(1, len(panels))
    ]
    for axes in row[1:]:
        axes.tick_params(labelleft=False)
    if every is not None:
        _draw_map(figure, figure.add_subplot(1, len(panels) + maps, 1), *every)
    for index, (axes, (title, counts)) in enumerate(zip(row, panels, strict=True)):
        usage = memory_usage(counts)
        shares = 100 * np.asarray(counts) / max(sum(counts), 1)
        colour = PALETTE[1] if index == len(panels) - 1 and title.startswith("test") else PALETTE[0]
        if len(counts) <= _MOST_BARS:
            axes.bar(np.arange(1, len(counts) + 1), shares, color=colour, width=0.85)
            axes.set_xlabel("item")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        else:
            axes.fill_between(np.arange(1, len(counts) + 1), np.sort(shares)[::-1], color=colour, step="mid")
            axes.set_xscale("log")
            axes.set_xlabel("item, by use")
        axes.axhline(100 / len(counts), color=MUTED, linewidth=1, linestyle="--")
        axes.grid(visible=False, axis="x")
        axes.set_title(
            f"{title}\nentropy {usage.entropy:.2f}, perplexity {usage.perplexity:.1f}\nof {len(counts)}, dead "
            f"{usage.dead}",
            fontsize=8,
        )
    row[0].set_ylabel("share of queries (%)")
    settings = record.settings
    figure.suptitle(f"{label}\n{settings_label(settings)}, seed {record.seed}", fontsize="medium")
    return figure


def _every_epoch(record: Record) -> tuple[list[int], NDArray[np.float64]] | None:
    """Epochs and shares in per cent (epochs, items); None for few epochs, or a memory whose counts are not kept."""
    epochs = [epoch for epoch in record.content["epochs"] if epoch.get("usage") and sum(epoch["usage"])]
    if len(epochs) <= _HISTOGRAMS or len(epochs[0]["usage"]) > _MOST_BARS:
        return None
    counts = np.asarray([epoch["usage"] for epoch in epochs], dtype=np.float64)
    return [int(epoch["epoch"]) for epoch in epochs], 100 * counts / counts.sum(axis=1, keepdims=True)


def _draw_map(figure: Figure, axes: Axes, epochs: list[int], shares: NDArray[np.float64]) -> None:
    # Dark is much: a map of one hue reads in a grey print as it does in colour.
    extent = (0.5, shares.shape[1] + 0.5, epochs[-1] + 0.5, epochs[0] - 0.5)
    image = axes.imshow(shares, cmap="Blues", vmin=0, aspect="auto", extent=extent, interpolation="nearest")
    axes.set_title("share of queries (%)\nby epoch and item", fontsize=8)
    axes.set_xlabel("item")
    axes.set_ylabel("epoch")
    axes.grid(visible=False)
    figure.colorbar(image, ax=axes)


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
