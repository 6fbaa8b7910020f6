"""Input, output, heat map and boxes of test frames, with the scores of the boxes, of all methods that have them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from benchmarks.report.figures.style import PALETTE
from benchmarks.report.read.inspected import Looked
from benchmarks.report.read.rows import GEOMETRY
from benchmarks.report.read.selection import parts, subject
from benchmarks.report.tables.box_table import OVERLAPS, box_facts

_COLUMNS: Final = ("input", "output", "heat map", "boxes (orange, dashed: found; green: true)")
_FOUND, _TRUE = PALETTE[1], PALETTE[2]
_STILLS: Final = ("abnormal", "other_abnormal")
# With more methods than these each shows one still.
_FEW: Final = 3


def draw(found: Sequence[Looked]) -> Figure | None:
    """Draw a line for each abnormal still of each method whose boxes were scored; None where there is none."""
    shown = [one for one in found if box_facts(one.record)]
    kinds = _STILLS if len(shown) <= _FEW else _STILLS[:1]
    lines = [(one, kind) for one in shown for kind in kinds if kind in box_facts(one.record)["stills"]]
    if not lines:
        return None
    figure = Figure(figsize=(1.9 * len(_COLUMNS) + 1.2, 1.75 * len(lines) + 0.7))
    grid = figure.subplots(len(lines), len(_COLUMNS), squeeze=False)
    for panels, (one, kind) in zip(grid, lines, strict=True):
        facts, look = box_facts(one.record), one.look
        index = list(look.still_kind).index(kind)
        heat = {"cmap": "inferno", "norm": PowerNorm(facts["exponent"], vmin=0, vmax=facts["peak"], clip=True)}
        shots: tuple[tuple[NDArray[Any], dict[str, Any]], ...] = (
            (_in_colour(look.still_input[index]), {}),
            (_in_colour(look.still_output[index]), {}),
            (look.still_error[index].astype(np.float64), heat),
            (_in_colour(look.still_target[index]), {}),
        )
        for axes, (picture, how) in zip(panels, shots, strict=True):
            axes.imshow(picture, interpolation="nearest", **how)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        side = look.still_target[index].shape[:2]
        drawn = ((facts["stills"][kind]["true"], _TRUE, "-"), (facts["stills"][kind]["found"], _FOUND, "--"))
        for boxes, colour, dashes in drawn:
            for left, top, right, bottom, *_ in boxes:
                # Pixel centres lie at whole numbers, so the frame begins half a pixel before.
                corner = (left * side[1] - 0.5, top * side[0] - 0.5)
                size = ((right - left) * side[1], (bottom - top) * side[0])
                frame = Rectangle(corner, *size, fill=False, edgecolor=colour, linewidth=1.2, linestyle=dashes)
                panels[-1].add_patch(frame)
        where = f"video {look.still_video[index]}, {look.still_frame[index]}"
        said = [text for name, text in parts(one.row).items() if name not in GEOMETRY]
        panels[0].set_ylabel("\n".join([*said, where]), fontsize="small")
        panels[-1].set_xlabel("\n".join(_rates(facts, overlap) for overlap in OVERLAPS), fontsize="x-small")
    for axes, heading in zip(grid[0], _COLUMNS, strict=True):
        axes.set_title(heading, fontsize="small")
    figure.suptitle(f"Boxes: {subject([one.row for one in shown])}", fontsize="medium")
    return figure


def _rates(facts: Mapping[str, Any], overlap: str) -> str:
    scores = facts[f"overlap_{overlap}"]
    said = [
        f"{name} {'–' if scores[key] is None else f'{100 * scores[key]:.0f} %'}"
        for name, key in (("P", "precision"), ("R", "recall"), ("F1", "f1"))
    ]
    return f"IoU {overlap}: {', '.join(said)}"


def _in_colour(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """R, G, B of an image (height, width, channels) in B, G, R order or grey."""
    return np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image[..., ::-1]
