"""A normal training set from an annotated one: what the annotations mark is painted over with its surroundings.

Seed 004: "fill the removed rectangle with pixels similar to the neighbouring regions"; by OpenCV.
"""

import cv2
import numpy as np
import numpy.typing as npt

# Pixels around a box that go too: the shadow and the wave around a swimmer would otherwise be smeared into it.
MARGIN, RADIUS = 2, 5


def inpaint_boxes(
    frame: npt.NDArray[np.uint8], boxes: npt.NDArray[np.float64], *, margin: int = MARGIN, radius: int = RADIUS
) -> npt.NDArray[np.uint8]:
    """Return the frame with each box filled from what lies around it (Telea 2004); other pixels stay as they are.

    frame: (height, width) or (height, width, 3) uint8. boxes: (n, 4) left, top, right, bottom in pixels, the last two
    exclusive. margin: pixels added on each side. radius: how far the filling looks, in pixels.
    Raises ValueError for a box that is empty or wholly outside the frame.
    """
    height, width = frame.shape[:2]
    hole = np.zeros((height, width), dtype=np.uint8)
    for left, top, right, bottom in boxes:
        if not (left < right and top < bottom and right > 0 and bottom > 0 and left < width and top < height):
            raise ValueError(f"A box must lie in the frame of {width}x{height}, got {[left, top, right, bottom]}.")
        rows = slice(max(int(top) - margin, 0), int(np.ceil(bottom)) + margin)
        hole[rows, max(int(left) - margin, 0) : int(np.ceil(right)) + margin] = 255
    return np.asarray(cv2.inpaint(frame, hole, radius, cv2.INPAINT_TELEA), dtype=np.uint8)
