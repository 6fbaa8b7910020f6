"""From a reconstruction's error to a heat map, and what seed 004 does to a test frame before that."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_WEIGHTS = np.array([0.114, 0.587, 0.299], dtype=np.float32)  # of B, G and R in luminance (ITU-R BT.601)


def heat_map(
    error: Floats, exponent: float = 1.0, *, region: NDArray[np.bool_] | None = None, peak: float | None = None
) -> Floats:
    """Return heat (height, width) in [0, 1]: the error as a share of its peak, raised to an exponent.

    error: (height, width), at least 0. exponent: above 1 darkens what is far below the peak ("elevated to a coefficient
    and normalised"). region: heat is 0 outside. peak: the error that is full heat; None takes the frame's own, as the
    document does, which makes an empty frame glow as much as any: to detect, give one peak for all frames.
    A frame without any error has no heat. Raises ValueError for a negative error and for an exponent or peak not above 0.
    """
    if exponent <= 0 or (peak is not None and peak <= 0):
        raise ValueError(f"Expected exponent and peak above 0, got {exponent} and {peak}.")
    if error.size and error.min() < 0:
        raise ValueError(f"Expected an error of at least 0, got {error.min()}.")
    inside = error if region is None else np.where(region, error, 0)
    top = float(inside.max()) if peak is None else peak
    if top == 0:
        return np.zeros(error.shape, dtype=np.float32)
    return np.asarray(np.power(np.minimum(inside / top, 1), exponent), dtype=np.float32)


def suppress_bright_spots(frame: Floats, region: NDArray[np.bool_] | None = None, deviations: float = 2.0) -> Floats:
    """Return the frame with its bright spots set to the mean colour: reflections, but also whatever else is bright.

    frame: (height, width, channels) float32 in [0, 1], 1 channel or B, G, R. A pixel is bright whose luminance exceeds
    the mean by so many standard deviations, both over the region; the document gives no threshold.
    Pixels outside the region stay as they are.
    """
    inside = np.ones(frame.shape[:2], dtype=np.bool_) if region is None else region
    if not inside.any():
        return frame
    luminance = frame @ _WEIGHTS if frame.shape[2] == 3 else frame[..., 0]
    seen = luminance[inside]
    bright = inside & (luminance > seen.mean() + deviations * seen.std())
    return np.where(bright[..., None], frame[inside].mean(axis=0), frame).astype(np.float32)


def shrink_luminosity(frame: Floats, top: float) -> Floats:
    """Return the frame with its range [0, 1] shrunk to [0, top]; raises ValueError for a top outside (0, 1]."""
    if not 0 < top <= 1:
        raise ValueError(f"Expected a top of the range above 0 and at most 1, got {top}.")
    return (frame * np.float32(top)).astype(np.float32)
