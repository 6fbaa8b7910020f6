"""From a heat map to bounding boxes, by OpenCV: threshold, morphology, connected components (seed 004).

The document's detector cleans "the error caused by pool lanes or light reflections" and gives no numbers: here lane-like
pieces, long and thin, are dropped, and so are specks.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Detector:
    """What makes a piece of heat a detection.

    threshold: heat above which a pixel counts. closing: diameter in pixels up to which gaps within a piece are bridged.
    smallest: area of a piece in pixels. longest, thinnest: a piece is a lane if its longer side is at least `longest` of
    the frame's longer side and at least `thinnest` times its shorter one; sides of the smallest turned rectangle.
    """

    threshold: float
    closing: int = 3
    smallest: int = 6
    longest: float = 0.25
    thinnest: float = 5.0

    def boxes(self, heat: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the boxes (n, 5) of a heat map (height, width): left, top, right, bottom, and the piece's highest heat.

        In pixels, right and bottom exclusive; the hottest first.
        """
        hot = (heat > self.threshold).astype(np.uint8)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (self.closing, self.closing))
        closed = cv2.morphologyEx(hot, cv2.MORPH_CLOSE, disc)
        count, pieces, facts, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
        found = []
        for label in range(1, count):
            left, top, width, height, area = (int(value) for value in facts[label])
            piece = pieces[top : top + height, left : left + width] == label
            if area >= self.smallest and not self._is_lane(piece, max(heat.shape)):
                peak = float(heat[top : top + height, left : left + width][piece].max())
                found.append((left, top, left + width, top + height, peak))
        found.sort(key=lambda box: -box[-1])
        return np.array(found, dtype=np.float64).reshape(-1, 5)

    def _is_lane(self, piece: NDArray[np.bool_], frame_side: int) -> bool:
        rows, columns = np.nonzero(piece)
        points = np.column_stack([columns, rows]).astype(np.float32)
        sides = sorted(side + 1 for side in cv2.minAreaRect(points)[1])  # between pixel centres: one more for the edges
        return sides[1] >= self.longest * frame_side and sides[1] >= self.thinnest * sides[0]
