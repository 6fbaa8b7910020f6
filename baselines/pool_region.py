"""The region of a swimming pool in a frame, by the colour of water and the lines of lanes and borders (seed 004).

The document names the two cues and no numbers. Here: water's hue, saturation and brightness in HSV; closing, so that
ropes and swimmers do not tear it apart; opening, so that blue things in the stands fall off; the largest piece; long
straight lines that lie mostly on it, which reach its ends where light has bleached the water; and the convex hull of
both, since a pool seen by a camera is convex.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

HUE, SATURATION, BRIGHTNESS = (80, 125), (70, 255), (40, 255)  # OpenCV's scales: 180 degrees, 256 levels
# Shares of the frame's shorter side.
_CLOSING, _OPENING, _SHORTEST_LINE, _GAP = 0.08, 0.05, 0.3, 0.06
_ON_WATER = 0.7


def detect_pool(frame: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the region (height, width) bool of the pool in a frame (height, width, 3) uint8 in B, G, R order.

    All False where no water is seen. Raises ValueError for a frame without colour.
    """
    if frame.ndim != 3 or frame.shape[2] != 3:
        raise ValueError(f"A pool is found by its colour: expected a frame (height, width, 3), got {frame.shape}.")
    side = min(frame.shape[:2])
    low, high = (np.array(ends) for ends in zip(HUE, SATURATION, BRIGHTNESS, strict=True))
    water = cv2.inRange(cv2.cvtColor(frame, cv2.COLOR_BGR2HSV), low, high)
    water = cv2.morphologyEx(water, cv2.MORPH_OPEN, _disc(0.5 * _OPENING * side))
    water = _closed(np.asarray(water, dtype=np.uint8), _disc(_CLOSING * side))
    water = cv2.morphologyEx(water, cv2.MORPH_OPEN, _disc(_OPENING * side))
    count, pieces, facts, _ = cv2.connectedComponentsWithStats(water, connectivity=8)
    region = np.zeros(frame.shape[:2], dtype=np.uint8)
    if count < 2:
        return region.astype(np.bool_)
    piece = (pieces == 1 + int(np.argmax(facts[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
    contours, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = [*(contour.reshape(-1, 2) for contour in contours), *_lines_on(frame, piece, side)]
    cv2.fillConvexPoly(region, cv2.convexHull(np.concatenate(points).astype(np.int32)), 1)
    return region.astype(np.bool_)


def _lines_on(frame: NDArray[np.uint8], piece: NDArray[np.uint8], side: int) -> list[NDArray[np.int32]]:
    """Ends (2, 2) of the long straight lines of a frame that lie mostly on a piece (height, width) uint8 of 0 and 1."""
    edges = cv2.Canny(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), 60, 150)
    lines = cv2.HoughLinesP(
        edges, 1, np.pi / 180, int(0.25 * side), minLineLength=_SHORTEST_LINE * side, maxLineGap=_GAP * side
    )
    kept = []
    for left, top, right, bottom in [] if lines is None else lines.reshape(-1, 4):
        steps = np.linspace(0, 1, max(abs(right - left), abs(bottom - top)) + 1)
        columns = np.rint(left + steps * (right - left)).astype(int)
        rows = np.rint(top + steps * (bottom - top)).astype(int)
        if piece[rows, columns].mean() >= _ON_WATER:
            kept.append(np.array([[left, top], [right, bottom]], dtype=np.int32))
    return kept


def _disc(diameter: float) -> NDArray[np.uint8]:
    size = 2 * int(diameter / 2) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), dtype=np.uint8)


def _closed(image: NDArray[np.uint8], disc: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Close beyond the frame's edge too: water that the frame cuts goes on there."""
    edge = disc.shape[0]
    wide = cv2.copyMakeBorder(image, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
    done = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, disc)
    return np.asarray(done[edge:-edge, edge:-edge], dtype=np.uint8)
