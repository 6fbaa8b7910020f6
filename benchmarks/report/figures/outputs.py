"""Outputs with what the decoder sees below its skips replaced, next to the output as trained."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.report.figures.overlay import grey
from benchmarks.report.figures.panels import GREY, Picture, bare, head, show
from benchmarks.report.read.inspected import Inspected
from benchmarks.report.read.rows import GEOMETRY
from benchmarks.report.read.selection import parts, plain, subject
from benchmarks.report.tables.bottleneck import REPLACED

_SIDE: Final = 1.35
_PEAK: Final = 255.0


def draw(found: Sequence[Inspected]) -> Figure | None:
    """Draw a line per setting: the target, the output as trained, and outputs with the bottleneck replaced.

    Below each stands its PSNR against the output as trained, of this frame. Settings that differ in method, task, skips
    and memory alone. None where no inspection holds such outputs.
    """
    wanted = {row.settings for row in plain([one.row for one in found])}
    lines = [one for one in found if one.row.settings in wanted and one.inspection.replaced_output is not None]
    if not lines:
        return None
    names = list(dict.fromkeys(str(name) for one in lines for name in one.inspection.replaced_name))  # type: ignore[union-attr]
    figure = Figure(figsize=(_SIDE * (2 + len(names)) + 1.2, (_SIDE + 0.2) * len(lines) + 0.8))
    grid = figure.subplots(len(lines), 2 + len(names), squeeze=False)
    for panels, one in zip(grid, lines, strict=True):
        inspection = one.inspection
        assert inspection.replaced_output is not None
        assert inspection.replaced_name is not None
        assert inspection.replaced_still is not None
        still = int(inspection.replaced_still)
        trained = inspection.still_output[still]
        outputs = dict(zip(map(str, inspection.replaced_name), inspection.replaced_output, strict=True))
        pictures: list[Picture | None] = [(grey(inspection.still_target[still]), GREY), (grey(trained), GREY)]
        pictures += [(grey(outputs[name]), GREY) if name in outputs else None for name in names]
        show(panels, pictures)
        for axes, name in zip(panels[2:], names, strict=True):
            if name in outputs:
                axes.set_xlabel(_psnr(outputs[name], trained), fontsize="x-small")
        for axes in panels:
            bare(axes)
        where = f"{inspection.still_video[still]}, frame {inspection.still_frame[still]}"
        label = "\n".join([*parts(one.row, without=GEOMETRY).values(), where])
        panels[0].set_ylabel(label, fontsize="x-small")
    head(grid[0], ["target", "output as trained", *(REPLACED.get(name, name).replace(" ", "\n", 1) for name in names)])
    title = f"Output with the bottleneck replaced: {subject([one.row for one in lines])}"
    figure.suptitle(f"{title}\nbelow: PSNR against the output as trained, this frame", fontsize="medium")
    return figure


def _psnr(output: NDArray[np.uint8], trained: NDArray[np.uint8]) -> str:
    """In decibels, of grey levels of a byte: what is equal to the last of them has none."""
    error = float(np.square(output.astype(np.float64) - trained).mean())
    return "equal" if error == 0 else f"{10 * np.log10(_PEAK**2 / error):.1f} dB"
