"""Drawing of circles and squares at sub-pixel places, each pixel by the share of it that the object covers.

Squares are exact. Circles are supersampled over 16 lines a pixel, each line's span being exact: error of the area below
0.1 %, so neither shape nor sub-pixel place (and with it speed) leaves an aliasing cue. Only the patch around an object
is drawn.
"""

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
LINES_PER_PIXEL = 16
TEXTURE_WAVELENGTH = 1 / 32  # width of the blur that makes the texture, as a share of the frame's side


def _spans(start: Floats, stop: Floats, pixels: int) -> Floats:
    """Share of each of ``pixels`` unit cells that the interval [start, stop) covers: (..., pixels)."""
    cells = np.arange(pixels, dtype=np.float64)
    share: Floats = np.minimum(stop[..., None], cells + 1) - np.maximum(start[..., None], cells)
    return share.clip(0, 1)


def circle_coverage(x: Floats, y: Floats, radius: float, pixels: int) -> Floats:
    """Coverage of a patch by a circle; x, y: (n,) centres in patch pixels -> (n, pixels, pixels) in [0, 1]."""
    lines = (np.arange(pixels * LINES_PER_PIXEL) + 0.5) / LINES_PER_PIXEL
    half_chord = np.sqrt(np.maximum(radius**2 - (lines - y[:, None]) ** 2, 0))
    spans = _spans(x[:, None] - half_chord, x[:, None] + half_chord, pixels)
    coverage: Floats = spans.reshape(len(x), pixels, LINES_PER_PIXEL, pixels).mean(axis=2)
    return coverage


def square_coverage(x: Floats, y: Floats, half_side: float, pixels: int) -> Floats:
    """Coverage of a patch by an upright square; x, y: (n,) centres in patch pixels -> (n, pixels, pixels) in [0, 1]."""
    rows, columns = (_spans(centre - half_side, centre + half_side, pixels) for centre in (y, x))
    return rows[:, :, None] * columns[:, None, :]


def draw(
    visible: npt.NDArray[np.float32],
    frame: npt.NDArray[np.int64],
    centre: tuple[Floats, Floats],
    half: float,
    *,
    square: bool,
    masks: npt.NDArray[np.bool_] | None = None,
) -> None:
    """Draw objects of one shape, in place.

    visible: (frames, height, width), share of the background that is still seen, multiplied by what each object leaves.
    frame: (n,) the frame of each object; centre: its (x, y), each (n,), frame pixels; half: radius or half side.
    masks: (frames, height, width), set where an object covers at least half of a pixel.
    """
    if len(frame) == 0:
        return
    height, width = visible.shape[1:]
    pixels = int(np.ceil(2 * half)) + 1
    left, top = (np.floor(place - half).astype(np.int64) for place in centre)
    cover = square_coverage if square else circle_coverage
    patches = cover(centre[0] - left, centre[1] - top, half, pixels).astype(np.float32)
    for index, patch, row, column in zip(frame, patches, top, left, strict=True):
        rows, columns = (
            slice(max(row, 0), min(row + pixels, height)),
            slice(max(column, 0), min(column + pixels, width)),
        )
        if rows.start >= rows.stop or columns.start >= columns.stop:
            continue
        part = patch[rows.start - row : rows.stop - row, columns.start - column : columns.stop - column]
        visible[index, rows, columns] *= 1 - part
        if masks is not None:
            masks[index, rows, columns] |= part >= 0.5


def background(size: int, level: float, texture: float, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Background (size, size) in grey levels: flat, or with a smooth texture of standard deviation ``texture``."""
    flat = np.full((size, size), level, dtype=np.float32)
    if texture == 0:
        return flat
    blurred = cv2.GaussianBlur(rng.standard_normal((size, size)), (0, 0), size * TEXTURE_WAVELENGTH)
    return np.asarray(flat + texture * (blurred - blurred.mean()) / blurred.std(), dtype=np.float32)


def to_grey(levels: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Round grey levels to uint8, clipped to 0..255."""
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)
