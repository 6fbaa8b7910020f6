"""Use of the memory by place in the image: which item each location reads most, and how often."""

import math
from collections.abc import Sequence
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure

from benchmarks.report.figures.style import MUTED
from benchmarks.report.read.inspected import Looked
from benchmarks.report.read.rows import native_skip
from benchmarks.report.read.selection import labels, of_usual_geometry, subject

_MOST_ITEMS: Final = 100
_ACROSS: Final = 3


def draw(found: Sequence[Looked]) -> Figure | None:
    """Draw for each setting with at most 100 items the most read item of each location, and its share of the frames.

    Settings with native skips at the study's usual geometry. A location whose queries are dead in most frames is grey.
    None where no setting has such a memory.
    """
    usual = {row.settings for row in of_usual_geometry([one.row for one in found])}
    chosen = [
        one
        for one in found
        if one.look.usage is not None
        and one.row.settings in usual
        and 1 < (one.row.settings.items or 0) <= _MOST_ITEMS
        and one.row.settings.skip == native_skip(one.row.settings)
    ]
    if not chosen:
        return None
    across = min(_ACROSS, len(chosen))
    lines = math.ceil(len(chosen) / across)
    figure = Figure(figsize=(4.4 * across, 2.2 * lines + 0.5))
    grid = figure.subplots(lines, 2 * across, squeeze=False).reshape(-1, 2)
    for (left, right), one, label in zip(grid, chosen, labels([one.row for one in chosen]), strict=False):
        usage, numbers = one.look.usage, one.look.item_number
        assert usage is not None
        assert numbers is not None
        dead = np.zeros(usage.shape[1:]) if one.look.dead is None else one.look.dead
        most = np.ma.masked_array(numbers[usage.argmax(axis=0)] + 1, mask=dead > usage.max(axis=0))
        share = 100 * usage.max(axis=0) / int(one.look.frames)
        items = one.row.settings.items or 0
        # A map of rising lightness: in a grey print items keep their order, if not their colour.
        colours = mpl.colormaps["viridis"].with_extremes(bad=MUTED)
        image = left.imshow(most, cmap=colours, norm=BoundaryNorm(np.arange(0.5, items + 1), colours.N))
        ticks = np.unique(np.linspace(1, items, min(items, 10)).round())
        figure.colorbar(image, ax=left, ticks=ticks, fraction=0.05, pad=0.03).ax.tick_params(labelsize="x-small")
        image = right.imshow(share, cmap="Greys", vmin=0, vmax=100)
        figure.colorbar(image, ax=right, fraction=0.05, pad=0.03).ax.tick_params(labelsize="x-small")
        for bar in figure.axes[-2:]:
            bar.minorticks_off()
        left.set_title(f"{_wrapped(label)}\nitem read most", fontsize="small", loc="left")
        right.set_title("in % of frames", fontsize="small", loc="left")
    for axes in grid.ravel():
        axes.set_axis_off()
    figure.suptitle(f"Items by location: {subject([one.row for one in chosen])}", fontsize="medium")
    return figure


def _wrapped(label: str) -> str:
    method, *others = label.split(" · ")
    return f"{method} {' · '.join(others[:1])}\n{' · '.join(others[1:])}"
