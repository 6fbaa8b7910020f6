"""Kinds of anomaly by task on one page: what goes in, what comes out and where the error is, cropped to the object."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.report.figures.overlay import grey
from benchmarks.report.figures.panels import GREY, head, show
from benchmarks.report.read.inspected import Inspected
from benchmarks.report.read.selection import native, subject

KINDS: Final[Mapping[str, str]] = {
    "spatial": "spatial:\na square",
    "temporal": "temporal:\na fast circle",
    "spatio_temporal": "spatio-temporal:\na fast square",
}
# By task: what goes in is the target itself, or the frames before it; then nobody has shown the network the target.
_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "reconstruction": ("input = target", "output", "error"),
    "prediction": ("last input", "target (not shown\nto the network)", "output", "error"),
}
# A crop's side: in sides of the object's box, and at least this share of the frame.
_AROUND: Final = 4.0
_LEAST: Final = 0.2
_SIDE: Final = 1.25
_HIGHEST: Final = 99.9


def draw(found: Sequence[Inspected]) -> Figure | None:
    """Draw a line for each kind of anomaly: MNAD's reconstruction with its memory, and its prediction.

    Both show the same frame of the same video as their target, cropped to the abnormal object; errors share one scale.
    None unless both tasks have inspections with masks of the same stills.
    """
    wanted = {row.settings for row in native([one.row for one in found])}
    by_task = {
        one.row.settings.task: one
        for one in found
        if one.row.settings in wanted
        and one.row.settings.method == "mnad"
        and one.row.settings.has_own_memory
        and one.inspection.still_mask is not None
    }
    if not by_task.keys() >= _HEADINGS.keys():
        return None
    shown = {task: by_task[task] for task in _HEADINGS}
    kinds = [kind for kind in KINDS if all(_places(one, kind) is not None for one in shown.values())]
    if not kinds:
        return None
    highest = float(np.percentile([one.inspection.still_error.astype(np.float64) for one in shown.values()], _HIGHEST))
    heat = {"cmap": "inferno", "vmin": 0, "vmax": highest}
    across = [len(headings) for headings in _HEADINGS.values()]
    figure = Figure(figsize=(_SIDE * sum(across) + 1.0, _SIDE * len(kinds) + 1.3))
    spec = figure.add_gridspec(1, 2, width_ratios=[across[0] + 0.6, across[1]])
    halves = [figure.add_subfigure(spec[0, place]) for place in range(2)]
    for part, (task, one), count in zip(halves, shown.items(), across, strict=True):
        grid = part.subplots(len(kinds), count, squeeze=False)
        for panels, kind in zip(grid, kinds, strict=True):
            index = _places(one, kind)
            assert index is not None, "kinds without a still have no line"
            crop, inspection = _crop(one, index), one.inspection
            frames = (inspection.still_target, inspection.still_output)
            pictures = [(grey(images[index])[crop], GREY) for images in frames]
            if task == "prediction":
                pictures.insert(0, (grey(inspection.still_input[index])[crop], GREY))
            show(panels, [*pictures, (inspection.still_error[index].astype(np.float64)[crop], heat)])
            if part is halves[0]:
                panels[0].set_ylabel(KINDS[kind], fontsize="small")
        head(grid[0], _HEADINGS[task])
        part.suptitle(task, fontsize="medium", fontweight="bold")
    record = shown["reconstruction"].record
    title = f"MNAD, trained on circles at one speed: {subject([one.row for one in shown.values()])}, seed {record.seed}"
    figure.suptitle(title, fontsize="medium")
    return figure


def _places(one: Inspected, kind: str) -> int | None:
    """Index of a kind's still with an anomaly in view; None where there is none."""
    kinds = list(one.inspection.still_kind)
    if kind not in kinds or one.inspection.still_mask is None or not one.inspection.still_mask[kinds.index(kind)].any():
        return None
    return kinds.index(kind)


def _crop(one: Inspected, index: int) -> tuple[slice, slice]:
    """Rows and columns of a square around the anomaly, within the frame."""
    assert one.inspection.still_mask is not None, "inspections without masks have no panel"
    mask = one.inspection.still_mask[index]
    spans = [np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0)]
    side = max(_AROUND * max(span[-1] + 1 - span[0] for span in spans), _LEAST * mask.shape[0])
    rows, columns = (_span(span, min(round(side), mask.shape[0]), mask.shape[0]) for span in spans)
    return rows, columns


def _span(inside: NDArray[np.intp], side: int, length: int) -> slice:
    start = int(np.clip(round((inside[0] + inside[-1] + 1 - side) / 2), 0, length - side))
    return slice(start, start + side)
