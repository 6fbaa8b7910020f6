"""Stills of test frames: input, output, error, error laid over the frame, and the 4×4 error map of source document 001."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.report.figures.overlay import THRESHOLD, grey, heated, marked
from benchmarks.report.read.inspected import Looked
from benchmarks.report.read.rows import GEOMETRY, Row
from benchmarks.report.read.selection import native, parts, subject
from benchmarks.study.settings import LEARNING_FREE

_COLUMNS: Final = ("input", "output", "error as scored", "error over frame", f"4×4 sum > {THRESHOLD}")
# Inches of a still.
_SIDE: Final = 1.25
# Of all errors of a unit on a page: one scale for its panels that a single pixel does not decide.
_HIGHEST: Final = 99.8


def draw(found: Sequence[Looked]) -> Iterator[tuple[str, Figure]]:
    """Draw a page per method and task of the settings as published, memory on and off below each other, with its name.

    Methods that learn nothing have none.
    """
    wanted = {row.settings for row in native([one.row for one in found])}
    pages: dict[str, list[Looked]] = defaultdict(list)
    for one in found:
        if one.row.settings in wanted and one.row.settings.method not in LEARNING_FREE and len(one.look.still_kind):
            pages[page_name(one.row)].append(one)
    for name, page in pages.items():
        yield name, _page(page)


def page_name(row: Row) -> str:
    """Name of the page that a row's stills are on."""
    return f"{row.settings.method}-{row.settings.task}"


def _scales(page: Sequence[Looked]) -> dict[str, float]:
    """The error that is drawn in full, for each unit of errors: MemAE's are absolute, those of its twin squared."""
    errors: dict[str, list[NDArray[np.float16]]] = defaultdict(list)
    for one in page:
        errors[one.row.settings.error].append(one.look.still_error.ravel())
    return {unit: float(np.percentile(np.concatenate(values), _HIGHEST)) for unit, values in errors.items()}


def _page(page: Sequence[Looked]) -> Figure:
    kinds = list(dict.fromkeys(str(kind) for one in page for kind in one.look.still_kind))
    lines = [(kind, one) for kind in kinds for one in page if kind in one.look.still_kind]
    highest = _scales(page)
    figure = Figure(figsize=(_SIDE * len(_COLUMNS) + 0.9, _SIDE * len(lines) + 0.7))
    grid = figure.subplots(len(lines), len(_COLUMNS), squeeze=False)
    for panels, (kind, one) in zip(grid, lines, strict=True):
        index = list(one.look.still_kind).index(kind)
        target, output = one.look.still_target[index], one.look.still_output[index]
        error = one.look.still_error[index].astype(np.float64)
        pictures: tuple[tuple[NDArray[Any], dict[str, Any]], ...] = (
            (grey(one.look.still_input[index]), {"cmap": "gray", "vmin": 0, "vmax": 255}),
            (grey(output), {"cmap": "gray", "vmin": 0, "vmax": 255}),
            (error, {"cmap": "inferno", "vmin": 0, "vmax": highest[one.row.settings.error]}),
            (heated(target, error, highest[one.row.settings.error]), {}),
            (marked(target, output), {}),
        )
        for axes, (picture, how) in zip(panels, pictures, strict=True):
            axes.imshow(picture, interpolation="nearest", **how)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        memory = parts(one.row).get("memory", "")
        where = f"{one.look.still_video[index]}, frame {one.look.still_frame[index]}"
        panels[0].set_ylabel(f"{kind.replace('_', ' ')}\n{memory}\n{where}", fontsize="x-small")
    for axes, heading in zip(grid[0], _COLUMNS, strict=True):
        axes.set_title(heading, fontsize="small")
    named = parts(page[0].row, without={"memory", *GEOMETRY})
    rows = [one.row for one in page]
    figure.suptitle(f"{' · '.join(named.values())}: {subject(rows)}, seed {page[0].record.seed}", fontsize="medium")
    return figure
