"""Detected boxes against true ones: intersection over union, one-to-one matching, precision, recall and F1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray


def boxes_of_mask(mask: NDArray[np.bool_], smallest: int = 1) -> NDArray[np.float64]:
    """Boxes (n, 4) of a mask's connected pieces (pixels that touch at a corner are connected), left, top, right, bottom.

    mask: (height, width) bool. smallest: pixels of a piece that counts. In pixels, right and bottom exclusive.
    """
    pieces, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(pieces.ravel())
    boxes = [
        (columns.start, rows.start, columns.stop, rows.stop)
        for number, (rows, columns) in enumerate(ndimage.find_objects(pieces), start=1)
        if sizes[number] >= smallest
    ]
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)


def intersection_over_union(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """IoU of each box of (n, 4) with each of (m, 4): (n, m) in [0, 1]."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:4], second[None, :, 2:4])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None, :] - common
    return np.asarray(np.divide(common, union, out=np.zeros_like(common), where=union > 0), dtype=np.float64)


def match(found: NDArray[np.float64], true: NDArray[np.float64], threshold: float) -> list[tuple[int, int]]:
    """Pairs (index of a found box, index of a true one) with an IoU of at least the threshold, one to one.

    As many pairs as possible, and among those the ones of the largest summed IoU (assignment problem, not greedy).
    """
    overlap = intersection_over_union(found, true)
    # One more pair always weighs more than all the IoU that could be lost by it.
    worth = np.where(overlap >= threshold, overlap + min(overlap.shape, default=0) + 1, 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True) if worth[row, column] > 0]


@dataclass(frozen=True)
class BoxScores:
    """Counts over frames: pairs that match, boxes found, true boxes."""

    matched: int
    found: int
    true: int

    @property
    def precision(self) -> float | None:
        """Share of the found boxes that are true; None where none was found."""
        return self.matched / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of the true boxes that were found; None where there is none."""
        return self.matched / self.true if self.true else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both, 2 matched / (found + true); None where there is no box at all."""
        return 2 * self.matched / (self.found + self.true) if self.found + self.true else None

    def to_dict(self) -> dict[str, Any]:
        """Counts and rates, rounded; JSON can hold them."""
        rates = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        counts = {"matched": self.matched, "found": self.found, "true": self.true}
        return {**counts, **{name: None if rate is None else round(rate, 6) for name, rate in rates.items()}}


def score_boxes(found: list[NDArray[np.float64]], true: list[NDArray[np.float64]], threshold: float) -> BoxScores:
    """Score all frames of a set together; each list holds the boxes (n, 4 or more columns) of one frame."""
    matched = sum(len(match(ours, theirs, threshold)) for ours, theirs in zip(found, true, strict=True))
    return BoxScores(matched, sum(map(len, found)), sum(map(len, true)))
