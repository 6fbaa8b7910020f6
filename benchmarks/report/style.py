"""One look for all figures: legible in print and to the colour-blind."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler
from PIL import Image

from benchmarks.errors import StudyError

# Okabe and Ito's palette, as seaborn names it.
PALETTE: Final = tuple(sns.color_palette("colorblind").as_hex())
ABNORMAL: Final = "#f2c4b3"
MUTED: Final = "#8a8a8a"
DOTS_PER_INCH: Final = 150
# Few colours are drawn: a palette a pixel makes a file a third as large, and figures are committed.
_COLOURS: Final = 64

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


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG whose bytes hold no date; raises StudyError if that cannot be done."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=DOTS_PER_INCH, format="png")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.open(drawn).convert("RGB").quantize(_COLOURS).save(path, format="PNG", optimize=True)
    except OSError as error:
        raise StudyError(
            f"Expected to write {path}, but {error.strerror or error}; free space or choose another folder."
        ) from error
    return path
