"""Panels that show images: no axes, a heading over the first line."""

from collections.abc import Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from numpy.typing import NDArray

Picture = tuple[NDArray[Any], dict[str, Any]]
"""An image, and how it is shown."""
GREY: Final[dict[str, Any]] = {"cmap": "gray", "vmin": 0, "vmax": 255}


def show(panels: Sequence[Axes], pictures: Sequence[Picture | None]) -> None:
    """Draw a picture into each panel; a panel of None stays empty."""
    for axes, picture in zip(panels, pictures, strict=True):
        if picture is not None:
            axes.imshow(picture[0], interpolation="nearest", **picture[1])
        bare(axes)


def bare(axes: Axes) -> None:
    """Take ticks and frame away."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def head(panels: Sequence[Axes], headings: Sequence[str], **how: Any) -> None:
    """Write a heading over each panel."""
    for axes, heading in zip(panels, headings, strict=True):
        axes.set_title(heading, fontsize="small", **how)
