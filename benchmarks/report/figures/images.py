"""The figures of images that inspection kept: boxes, squares, and the items that each place reads."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from benchmarks.data.facts import FACTS
from benchmarks.report.figures.panels import GREY, Picture, bare, head, show
from benchmarks.report.figures.style import MUTED, PALETTE
from benchmarks.report.read.inspected import Inspected
from benchmarks.report.read.rows import GEOMETRY, native_skip
from benchmarks.report.read.selection import labels, of_usual_geometry, parts, plain, subject
from benchmarks.report.tables.box_table import OVERLAPS

_BOXES: Final = ("input", "output", "heat map", "boxes (orange, dashed: found; green: true)")
# With more methods than these each shows one still.
_FEW: Final = 3
_BOX_STILLS: Final = 2
_ABNORMAL_STILLS: Final = ("abnormal", "other_abnormal", *(name for one in FACTS.values() for name in one.stills))
_SQUARES: Final = {"spatial": "a square (spatial)", "spatio_temporal": "a fast square (spatio-temporal)"}
# A grid has forty settings: beyond so many lines those with native skips are shown alone.
_MOST_LINES: Final = 12
_PATCH: Final = 1.15
_MOST_ITEMS: Final = 100
_ACROSS: Final = 3


def boxes(found: Sequence[Inspected]) -> Figure | None:
    """Draw a line for each abnormal still of each method whose boxes were scored; None where there is none."""
    shown = [one for one in found if one.record.section("boxes")]
    count = _BOX_STILLS if len(shown) <= _FEW else 1
    lines = [(one, kind) for one in shown for kind in _abnormal_stills(one)[:count]]
    if not lines:
        return None
    figure = Figure(figsize=(1.9 * len(_BOXES) + 1.2, 1.75 * len(lines) + 0.7))
    grid = figure.subplots(len(lines), len(_BOXES), squeeze=False)
    for panels, (one, kind) in zip(grid, lines, strict=True):
        facts, inspection = one.record.section("boxes"), one.inspection
        index = list(inspection.still_kind).index(kind)
        heat = {"cmap": "inferno", "norm": PowerNorm(facts["exponent"], vmin=0, vmax=facts["peak"], clip=True)}
        pictures: list[Picture] = [
            (_in_colour(inspection.still_input[index]), {}),
            (_in_colour(inspection.still_output[index]), {}),
            (inspection.still_error[index].astype(np.float64), heat),
            (_in_colour(inspection.still_target[index]), {}),
        ]
        show(panels, pictures)
        side = inspection.still_target[index].shape[:2]
        drawn = ((facts["stills"][kind]["true"], PALETTE[2], "-"), (facts["stills"][kind]["found"], PALETTE[1], "--"))
        for each, colour, dashes in drawn:
            for left, top, right, bottom, *_ in each:
                # Pixel centres lie at whole numbers, so the frame begins half a pixel before.
                corner = (left * side[1] - 0.5, top * side[0] - 0.5)
                size = ((right - left) * side[1], (bottom - top) * side[0])
                frame = Rectangle(corner, *size, fill=False, edgecolor=colour, linewidth=1.2, linestyle=dashes)
                panels[-1].add_patch(frame)
        where = f"video {inspection.still_video[index]}, {inspection.still_frame[index]}"
        panels[0].set_ylabel("\n".join([*parts(one.row, without=GEOMETRY).values(), where]), fontsize="small")
        panels[-1].set_xlabel("\n".join(_rates(facts, overlap) for overlap in OVERLAPS), fontsize="x-small")
    head(grid[0], _BOXES)
    figure.suptitle(f"Boxes: {subject([one.row for one in shown])}", fontsize="medium")
    return figure


def _abnormal_stills(one: Inspected) -> list[str]:
    """Abnormal stills that boxes were found in; a set whose stills are of kinds of anomaly has other figures."""
    return [kind for kind in one.record.section("boxes")["stills"] if kind in _ABNORMAL_STILLS]


def shapes(found: Sequence[Inspected]) -> Figure | None:
    """Draw squares as they come out (C7), a line per method, task and skip setting: the target, then outputs by memory.

    Below an output stands how similar outputs are, on average over many squares of the kind, to an ideal circle and to
    an ideal square (1: equal), sharp and as blurred as suits them best, as the record holds it. None without patches.
    """
    wanted = {row.settings for row in plain([one.row for one in found])}
    chosen = [one for one in found if one.row.settings in wanted and one.inspection.patch_kind is not None]
    if len(_lines(chosen)) > _MOST_LINES:
        chosen = [one for one in chosen if one.row.settings.skip == native_skip(one.row.settings)]
    lines = _lines(chosen)
    memories = sorted({memory for line in lines.values() for memory in line})
    kinds = [kind for kind in _SQUARES if any(kind in np.asarray(one.inspection.patch_kind) for one in chosen)]
    if not kinds:
        return None
    across = 1 + len(memories)
    figure = Figure(figsize=(1.2 + _PATCH * across * len(kinds), 0.25 + (_PATCH + 0.35) * len(lines) + 0.6))
    grid = figure.subplots(len(lines), across * len(kinds), squeeze=False)
    for axes in grid.ravel():
        bare(axes)
    for panels, (label, line) in zip(grid, lines.items(), strict=True):
        panels[0].set_ylabel(label, fontsize="small")
        for block, kind in enumerate(kinds):
            _squares(panels[block * across : (block + 1) * across], line, kind, memories)
    for block, kind in enumerate(kinds):
        headings = [f"{_SQUARES[kind]}\ntarget", *(f"\n{memory}" for memory in memories)]
        head(list(grid[0, block * across : (block + 1) * across]), headings, loc="left")
    title = f"Squares as they come out: {subject([one.row for one in chosen])}"
    figure.suptitle(f"{title}\n○ □: similarity to a circle, to a square", fontsize="medium")
    return figure


def _lines(chosen: Sequence[Inspected]) -> dict[str, dict[str, Inspected]]:
    """Settings by line, and in it by what they say of their memory."""
    lines: dict[str, dict[str, Inspected]] = defaultdict(dict)
    for one in chosen:
        said = parts(one.row, without=GEOMETRY)
        memory = said.pop("memory", "output")
        lines["\n".join(said.values())][memory] = one
    return lines


def _squares(panels: Sequence[Axes], line: Mapping[str, Inspected], kind: str, memories: Sequence[str]) -> None:
    for axes, memory in zip(panels[1:], memories, strict=True):
        one = line.get(memory)
        if one is None or one.inspection.patch_target is None or one.inspection.patch_output is None:
            continue
        places = np.flatnonzero(np.asarray(one.inspection.patch_kind) == kind)
        if len(places):
            for place, patches in ((panels[0], one.inspection.patch_target), (axes, one.inspection.patch_output)):
                place.imshow(patches[places[0]], interpolation="nearest", **GREY)
        kinds = one.fact("shapes", "kinds")
        facts = kinds.get(kind, {}) if isinstance(kinds, Mapping) else {}
        caption = [_similarity(facts)] if "to_circle" in facts else ["not measured"]
        caption += [f"blurred {_similarity(facts['matched'])}"] if "matched" in facts else []
        axes.set_xlabel("\n".join(caption), fontsize="x-small")


def locations(found: Sequence[Inspected]) -> Figure | None:
    """Draw, for each setting with at most 100 items, the most read item of each location and its share of the frames.

    Settings with native skips at the study's usual geometry. A location whose queries have an empty address in most frames
    is grey. None where no setting has such a memory.
    """
    usual = {row.settings for row in of_usual_geometry([one.row for one in found])}
    chosen = [
        one
        for one in found
        if one.inspection.usage is not None
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
        usage, numbers = one.inspection.usage, one.inspection.item_number
        assert usage is not None
        assert numbers is not None
        empty = np.zeros(usage.shape[1:]) if one.inspection.dead is None else one.inspection.dead
        most = np.ma.masked_array(numbers[usage.argmax(axis=0)] + 1, mask=empty > usage.max(axis=0))
        items = one.row.settings.items or 0
        # A map of rising lightness: in a grey print items keep their order, if not their colour.
        colours = mpl.colormaps["viridis"].with_extremes(bad=MUTED)
        image = left.imshow(most, cmap=colours, norm=BoundaryNorm(np.arange(0.5, items + 1), colours.N))
        ticks = np.unique(np.linspace(1, items, min(items, 10)).round())
        bars = [figure.colorbar(image, ax=left, ticks=ticks, fraction=0.05, pad=0.03)]
        image = right.imshow(100 * usage.max(axis=0) / int(one.inspection.frames), cmap="Greys", vmin=0, vmax=100)
        bars.append(figure.colorbar(image, ax=right, fraction=0.05, pad=0.03))
        for bar in bars:
            bar.ax.tick_params(labelsize="x-small")
            bar.ax.minorticks_off()
        method, task, *others = [*label.split(" · "), ""]
        left.set_title(f"{method} {task}\n{' · '.join(others[:-1])}\nitem read most", fontsize="small", loc="left")
        right.set_title("in % of frames", fontsize="small", loc="left")
    for axes in grid.ravel():
        axes.set_axis_off()
    figure.suptitle(f"Items by location: {subject([one.row for one in chosen])}", fontsize="medium")
    return figure


def _rates(facts: Mapping[str, Any], overlap: str) -> str:
    scores = facts[f"overlap_{overlap}"]
    rates = (("P", "precision"), ("R", "recall"), ("F1", "f1"))
    said = [f"{name} {'–' if scores[key] is None else f'{100 * scores[key]:.0f} %'}" for name, key in rates]
    return f"IoU {overlap}: {', '.join(said)}"


def _in_colour(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """R, G, B of an image (height, width, channels) in B, G, R order or grey."""
    return np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image[..., ::-1]


def _similarity(facts: Mapping[str, float]) -> str:
    return f"○ {facts['to_circle']:.3f}  □ {facts['to_square']:.3f}"
