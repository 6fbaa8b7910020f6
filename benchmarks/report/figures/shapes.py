"""Squares drawn as circles (claim C7): patches around squares, as they were to be and as they came out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.report.read.inspected import Looked
from benchmarks.report.read.rows import GEOMETRY, native_skip
from benchmarks.report.read.selection import parts, plain, subject

_KINDS: Final = {"spatial": "a square (spatial)", "spatio_temporal": "a fast square (spatio-temporal)"}
# A grid has forty settings: beyond so many lines those with native skips are shown alone.
_MOST_LINES: Final = 12
_SIDE: Final = 1.15
Line = Mapping[str, Looked]


def draw(found: Sequence[Looked]) -> Figure | None:
    """Draw a line per method, task and skip setting: for each kind of square the target, then the outputs by memory.

    Below an output stands how similar outputs are, on average over many squares of the kind, to an ideal circle and to
    an ideal square (1: equal), sharp and as blurred as suits them best, as the record holds it. None without patches.
    """
    wanted = {row.settings for row in plain([one.row for one in found])}
    chosen = [one for one in found if one.row.settings in wanted and one.look.patch_kind is not None]
    if len(_lines(chosen)) > _MOST_LINES:
        chosen = [one for one in chosen if one.row.settings.skip == native_skip(one.row.settings)]
    lines = _lines(chosen)
    memories = sorted({memory for line in lines.values() for memory in line})
    kinds = [kind for kind in _KINDS if any(kind in np.asarray(one.look.patch_kind) for one in chosen)]
    if not kinds:
        return None
    across = 1 + len(memories)
    figure = Figure(figsize=(1.2 + _SIDE * across * len(kinds), 0.25 + (_SIDE + 0.35) * len(lines) + 0.6))
    grid = figure.subplots(len(lines), across * len(kinds), squeeze=False)
    for axes in grid.ravel():
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    for panels, (label, line) in zip(grid, lines.items(), strict=True):
        panels[0].set_ylabel(label, fontsize="small")
        for block, kind in enumerate(kinds):
            _draw_line(panels[block * across : (block + 1) * across], line, kind, memories)
    for block, kind in enumerate(kinds):
        for axes, heading in zip(grid[0, block * across :], ["target", *memories], strict=False):
            first = _KINDS[kind] if heading == "target" else ""
            axes.set_title(f"{first}\n{heading}", fontsize="small", loc="left")
    rows = [one.row for one in chosen]
    figure.suptitle(
        f"Squares as they come out: {subject(rows)}\n○ □: similarity to a circle, to a square", fontsize="medium"
    )
    return figure


def _lines(chosen: Sequence[Looked]) -> dict[str, dict[str, Looked]]:
    """Settings by line, and in it by what they say of their memory."""
    lines: dict[str, dict[str, Looked]] = defaultdict(dict)
    for one in chosen:
        said = parts(one.row, without=GEOMETRY)
        memory = said.pop("memory", "output")
        lines["\n".join(said.values())][memory] = one
    return lines


def _draw_line(panels: NDArray[np.object_], line: Line, kind: str, memories: Sequence[str]) -> None:
    target: Axes = panels[0]
    for axes, memory in zip(panels[1:], memories, strict=True):
        one = line.get(memory)
        if one is None or one.look.patch_target is None or one.look.patch_output is None:
            continue
        places = np.flatnonzero(np.asarray(one.look.patch_kind) == kind)
        for place, patches in ((target, one.look.patch_target), (axes, one.look.patch_output)):
            if len(places):
                place.imshow(patches[places[0]], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        kinds = one.fact("shapes", "kinds")
        facts = kinds.get(kind, {}) if isinstance(kinds, Mapping) else {}
        told = [_similarity(facts)] if "to_circle" in facts else ["not measured"]
        if "matched" in facts:
            told.append(f"blurred {_similarity(facts['matched'])}")
        axes.set_xlabel("\n".join(told), fontsize="x-small")


def _similarity(facts: Mapping[str, float]) -> str:
    return f"○ {facts['to_circle']:.3f}  □ {facts['to_square']:.3f}"
