"""Stills: what goes in, what comes out, and the error, by setting; and all systems on one page."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.data.facts import FACTS
from benchmarks.report.figures.overlay import THRESHOLD, error_map, grey, heated, marked
from benchmarks.report.figures.panels import GREY, Picture, bare, head, show
from benchmarks.report.read.inspected import Inspected
from benchmarks.report.read.rows import GEOMETRY, Row
from benchmarks.report.read.selection import native, parts, subject
from benchmarks.run.inspect.file import MISTAKES, InspectionFile
from benchmarks.study.settings import LEARNING_FREE

_MARKS: Final = f"4×4 sum > {THRESHOLD}"
_STILL: Final = ("input", "output", "error as scored", "error over frame", _MARKS)
_OF_A_SYSTEM: Final = ("input", "output", "error over frame", _MARKS)
# Inches of a still.
_SIDE: Final = 1.25
# Of all errors of a unit on a page: one scale for its panels that a single pixel does not decide.
_HIGHEST: Final = 99.8


def stills(found: Sequence[Inspected]) -> dict[str, list[Inspected]]:
    """What stands on each page of stills, by its name: settings as published, by method and task, memory on and off.

    Methods that learn nothing have none.
    """
    pages: dict[str, list[Inspected]] = defaultdict(list)
    for one in _as_published(found):
        pages[page_name(one.row)].append(one)
    return pages


def page_name(row: Row) -> str:
    """Name of the page that a row's stills are on."""
    return f"{row.settings.method}-{row.settings.task}"


def still_page(page: Sequence[Inspected]) -> Figure:
    """Draw a line of five pictures for each kind of frame and setting of a page.

    Where masks are known, what the 4×4 map marks inside and outside an anomaly stands below it, in pixels.
    """
    kinds = list(dict.fromkeys(str(kind) for one in page for kind in one.inspection.still_kind))
    lines = [(kind, one) for kind in kinds for one in page if kind in one.inspection.still_kind]
    errors: dict[str, list[NDArray[np.float16]]] = defaultdict(list)
    for one in page:  # MemAE's errors are absolute, those of its counterpart squared
        errors[one.row.settings.error].append(one.inspection.still_error.ravel())
    scales = {unit: float(np.percentile(np.concatenate(values), _HIGHEST)) for unit, values in errors.items()}
    figure = Figure(figsize=(_SIDE * len(_STILL) + 0.9, _SIDE * len(lines) + 0.7))
    grid = figure.subplots(len(lines), len(_STILL), squeeze=False)
    for panels, (kind, one) in zip(grid, lines, strict=True):
        inspection, highest = one.inspection, scales[one.row.settings.error]
        index = list(inspection.still_kind).index(kind)
        error: Picture = (
            inspection.still_error[index].astype(np.float64),
            {"cmap": "inferno", "vmin": 0, "vmax": highest},
        )
        entered, output, over, marks = _pictures(inspection, index, highest)
        show(panels, [entered, output, error, over, marks])
        panels[-1].set_xlabel(_counts(inspection, index), fontsize="x-small")
        memory, where = (
            parts(one.row).get("memory", ""),
            f"{inspection.still_video[index]}, frame {inspection.still_frame[index]}",
        )
        panels[0].set_ylabel(f"{kind.replace('_', ' ')}\n{memory}\n{where}", fontsize="x-small")
    head(grid[0], _STILL)
    named = parts(page[0].row, without={"memory", *GEOMETRY})
    title = f"{' · '.join(named.values())}: {subject([one.row for one in page])}, seed {page[0].record.seed}"
    figure.suptitle(title, fontsize="medium")
    return figure


def systems(found: Sequence[Inspected]) -> Figure | None:
    """Draw a line for each system as published, with the stills that its data set names (Ped2: a golf cart, a cyclist).

    Each system has an error scale of its own: they score in different units. A system that gives no image back shows its
    error alone. None where no inspection holds a named still.
    """
    names = list(dict.fromkeys(name for one in found for name in FACTS[one.row.settings.dataset].stills))
    lines = [one for one in _as_published(found) if any(name in one.inspection.still_kind for name in names)]
    if not lines:
        return None
    across = len(_OF_A_SYSTEM)
    figure = Figure(figsize=(_SIDE * across * len(names) + 1.2, (_SIDE + 0.1) * len(lines) + 0.8))
    grid = figure.subplots(len(lines), across * len(names), squeeze=False)
    for panels, one in zip(grid, lines, strict=True):
        highest = float(np.percentile(one.inspection.still_error.astype(np.float64), _HIGHEST))
        kinds = list(one.inspection.still_kind)
        for block, name in enumerate(names):
            own = panels[block * across : (block + 1) * across]
            for axes in own:
                bare(axes)
            if name in kinds:
                show(own, _pictures(one.inspection, kinds.index(name), highest))
                own[-1].set_xlabel(_counts(one.inspection, kinds.index(name)), fontsize="x-small")
        panels[0].set_ylabel("\n".join(parts(one.row, without=GEOMETRY).values()), fontsize="x-small")
    for block, name in enumerate(names):
        first, *others = _OF_A_SYSTEM
        head(list(grid[0, block * across : (block + 1) * across]), [f"{name.replace('_', ' ')}: {first}", *others])
    title = f"Systems on the same frames: {subject([one.row for one in lines])}"
    marks = (
        "orange: pixels whose 4×4 sum of grey-level differences exceeds the threshold; below: inside, outside the mask"
    )
    figure.suptitle(f"{title}\n{marks}", fontsize="medium")
    return figure


def mistakes(found: Sequence[Inspected]) -> Figure | None:
    """Draw a line for each setting as published: its error over the abnormal frames that score lowest and the normal ones that score highest.

    Two frames of each, from two videos. None where no inspection holds them.
    """
    lines = [one for one in _as_published(found) if set(MISTAKES) & set(map(str, one.inspection.still_kind))]
    if not lines:
        return None
    figure = Figure(figsize=(1.4 * _SIDE * len(MISTAKES) + 1.2, (1.2 * _SIDE + 0.2) * len(lines) + 0.7))
    grid = figure.subplots(len(lines), len(MISTAKES), squeeze=False)
    for panels, one in zip(grid, lines, strict=True):
        inspection, kinds = one.inspection, list(map(str, one.inspection.still_kind))
        highest = float(np.percentile(inspection.still_error.astype(np.float64), _HIGHEST))
        for axes, name in zip(panels, MISTAKES, strict=True):
            bare(axes)
            if name in kinds:
                index = kinds.index(name)
                error = inspection.still_error[index].astype(np.float64)
                show([axes], [(heated(inspection.still_target[index], error, highest), {})])
                where = f"video {inspection.still_video[index]}, frame {inspection.still_frame[index]}"
                axes.set_xlabel(where, fontsize="x-small")
        panels[0].set_ylabel("\n".join(parts(one.row, without=GEOMETRY).values()), fontsize="x-small")
    head(list(grid[0]), ["missed", "missed", "false alarm", "false alarm"])
    title = f"Worst mistakes: {subject([one.row for one in lines])}"
    figure.suptitle(f"{title}\nabnormal frames of the lowest score, normal ones of the highest", fontsize="medium")
    return figure


def _as_published(found: Sequence[Inspected]) -> list[Inspected]:
    wanted = {row.settings for row in native([one.row for one in found])}
    return [
        one
        for one in found
        if one.row.settings in wanted
        and one.row.settings.method not in LEARNING_FREE
        and len(one.inspection.still_kind)
    ]


def _pictures(inspection: InspectionFile, index: int, highest: float) -> list[Picture | None]:
    """Input, output, error over the frame and 4×4 map of a still; of a method that gives no image back only what it has."""
    target, output = inspection.still_target[index], inspection.still_output[index]
    drawn = not np.array_equal(target, output)
    return [
        (grey(inspection.still_input[index]), GREY),
        (grey(output), GREY) if drawn else None,
        (heated(target, inspection.still_error[index].astype(np.float64), highest), {}),
        (marked(target, output), {}) if drawn else None,
    ]


def _counts(inspection: InspectionFile, index: int) -> str:
    """How many pixels the 4×4 map marks inside and outside the anomaly; nothing without a mask or an image."""
    target, output = inspection.still_target[index], inspection.still_output[index]
    if inspection.still_mask is None or np.array_equal(target, output):
        return ""
    mask, found = inspection.still_mask[index], error_map(target, output) > THRESHOLD
    inside = f"{int((found & mask).sum())} of {int(mask.sum())} px, " if mask.any() else ""
    return f"{inside}{int((found & ~mask).sum())} outside"
