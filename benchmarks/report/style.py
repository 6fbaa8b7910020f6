"""One look for all figures: legible in print and to the colour-blind."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler
from PIL import Image

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


def save(figure: Figure, path: Path, colours: int = _COLOURS) -> Path:
    """Write a PNG of few colours whose bytes hold no date; raises StudyError if that cannot be done."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=DOTS_PER_INCH, format="png")
    # Maximum coverage keeps the colour of a few small marks, which the median cut would merge with their neighbours.
    few = Image.open(drawn).convert("RGB").quantize(colours, method=Image.Quantize.MAXCOVERAGE)
    with replaced_whole(path) as temporary:
        few.save(temporary, format="PNG", optimize=True)
    return path
