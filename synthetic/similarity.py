"""Does an output at a square's place look like a circle or like a square? (claim C7: squares come out as circles)."""

import numpy as np
import numpy.typing as npt

from synthetic.render import circle_coverage, square_coverage

Floats = npt.NDArray[np.float64]


def cut_patch(image: npt.NDArray[np.generic], x: float, y: float, reach: int) -> tuple[Floats, tuple[float, float]]:
    """Patch of an image around a place, and that place in the patch's own pixels.

    image: (height, width); x, y: place in frame pixels as in the object table; reach: pixels on each side of the pixel
    that holds the place, fewer at the image's edge. Returns ((h, w) float64, (x, y)).
    Raises ValueError for a place outside the image.
    """
    height, width = image.shape
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(f"The place must lie in the image of {width}x{height} pixels, got x={x:.2f}, y={y:.2f}.")
    left, top = max(int(x) - reach, 0), max(int(y) - reach, 0)
    patch = image[top : int(y) + reach + 1, left : int(x) + reach + 1]
    return patch.astype(np.float64), (x - left, y - top)


def shape_similarity(
    patch: npt.NDArray[np.floating], radius: float, half_side: float, centre: tuple[float, float]
) -> tuple[float, float]:
    """Similarity (to a circle, to a square): normalised cross-correlation with each shape drawn ideally at the place.

    patch: (height, width) float; radius of the circle, half the side of the square, centre (x, y): patch pixels.
    In [-1, 1], 1 for the ideal shape of any brightness and contrast; a flat patch is like neither and gives 0 and 0.
    Raises ValueError for a patch which is not finite, not two-dimensional, or in which a shape leaves no contrast.
    """
    if patch.ndim != 2 or not np.isfinite(patch).all():
        raise ValueError(f"The patch must be a finite array (height, width), got shape {patch.shape}.")
    height, width = patch.shape
    x, y = (np.array([place], dtype=np.float64) for place in centre)
    circle = circle_coverage(x, y, radius, max(height, width))[0, :height, :width]
    square = square_coverage(x, y, half_side, max(height, width))[0, :height, :width]
    return _correlation(patch, circle), _correlation(patch, square)


def _correlation(patch: npt.NDArray[np.floating], ideal: Floats) -> float:
    """Pearson's correlation over pixels, 0 for a flat patch."""
    ours, theirs = (values - values.mean() for values in (patch.astype(np.float64), ideal))
    if not theirs.any():
        raise ValueError("The ideal shape must lie partly in the patch and not fill it: choose a patch around it.")
    norms = np.linalg.norm(ours) * np.linalg.norm(theirs)
    # Rounding leaves a flat patch with a norm that is not exactly 0.
    if np.linalg.norm(ours) <= 1e-9 * max(1.0, float(np.abs(patch).max())):
        return 0.0
    return float(np.clip((ours * theirs).sum() / norms, -1, 1))
