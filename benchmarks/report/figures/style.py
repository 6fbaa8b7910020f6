"""One style for all figures: legible in print and to the colour-blind."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler
from PIL import Image

from benchmarks.report.figures.fitting import fit_width, keep_headings_inside
from benchmarks.writing import replaced_whole

# Okabe and Ito's palette, as seaborn names it.
PALETTE: Final = tuple(sns.color_palette("colorblind").as_hex())
ABNORMAL: Final = "#f2c4b3"
MUTED: Final = "#8a8a8a"
DOTS_PER_INCH: Final = 150
# Colours alone are lost in a grey print: lines differ in marker and dashes too, with another number of each.
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")
_DASHES: Final = ("-", "--", "-.", ":")
# A palette makes a file a quarter as large, and figures are committed; with half as many colours the grey grid turns green.
_COLOURS: Final = 128

_NO_DATE: Final[Mapping[str, dict[str, str | None]]] = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}


@dataclass(frozen=True)
class Medium:
    """What figures are drawn for: a format, and a width in inches or each figure's own.

    The page and MLflow show PNGs of their own width, in ``results/figures``; others are for papers and stand apart.
    """

    format: str = "png"
    width: float | None = None

    def folder(self, results: Path, study: str) -> Path:
        """Where a study's figures go."""
        return results / ("figures" if self == ON_SCREEN else "paper") / study


ON_SCREEN: Final = Medium()


_STYLE: Final = {
    **sns.axes_style("whitegrid"),
    **sns.plotting_context("paper"),
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "font.family": "DejaVu Sans",
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    # Fonts travel with the file: as TrueType, which publishers ask for, and as outlines, which need no font to be there.
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "figure",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the project's style, leaving matplotlib's own settings as they were."""
    with mpl.rc_context(_STYLE):
        yield


def line_style(index: int) -> dict[str, Any]:
    """Colour, marker and dashes of the index-th line of a panel; no two of the first 28 share marker and dashes."""
    return {
        "color": PALETTE[index % len(PALETTE)],
        "marker": MARKERS[index % len(MARKERS)],
        "linestyle": _DASHES[index % len(_DASHES)],
    }


def limits(values: Iterable[float], least: float = 2.0) -> tuple[float, float]:
    """Ends of an axis that shows all values with some air; the interval of two or three seeds may reach beyond.

    Such an interval can be many times as wide as all points together: an axis for it would hide them. least: the
    smallest range that is shown.
    """
    known = list(values)
    low, high = min(known), max(known)
    air = max(0.15 * (high - low), (least - (high - low)) / 2)
    return low - air, high + air


def save(figure: Figure, path: Path, *, width: float | None = None) -> Path:
    """Write a figure whose bytes hold no date, as the ending of its path says: PNG of few colours, PDF or SVG.

    width: in inches; the figure's own where None. Raises StudyError if the file cannot be written.
    """
    if width is not None:
        fit_width(figure, width)
    keep_headings_inside(figure)
    if path.suffix in _NO_DATE:
        with replaced_whole(path) as temporary:
            figure.savefig(temporary, format=path.suffix[1:], metadata=_NO_DATE[path.suffix], dpi=DOTS_PER_INCH)
        return path
    figure.set_dpi(DOTS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    # `savefig` would lay the figure out twice, and pack the pixels only to unpack them here.
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    drawn = Image.fromarray(pixels).convert("RGB")
    # Maximum coverage keeps the colour of a few small marks, which the median cut would merge with their neighbours.
    few = drawn.quantize(_COLOURS, method=Image.Quantize.MAXCOVERAGE)
    with replaced_whole(path) as temporary:
        few.save(temporary, format="PNG", optimize=True)
    return path
