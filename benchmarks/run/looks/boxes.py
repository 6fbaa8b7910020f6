"""Boxes from error maps: what a detector finds in test frames, against the boxes of the pixel masks.

The error becomes heat, with a peak and a threshold that are chosen on held-out normal training frames and nowhere else:
full heat is twice the highest error there, and the threshold the lowest of a fixed series at which the detector finds at
most `FALSE_PER_FRAME` boxes a frame there. Boxes are shares of the frame's width and height.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baselines.box_detector import Detector
from baselines.heat_map import heat_map
from benchmarks.data.video import Video
from benchmarks.measure.boxes import boxes_of_mask, score_boxes
from benchmarks.run.contract import Method
from benchmarks.run.feed import Feed
from benchmarks.run.looks.sample import looks, spread
from benchmarks.run.looks.stills import choose_stills

FRAMES: Final = 400
"""Test frames that are looked at, evenly spread; and as many held-out ones at most."""
FALSE_PER_FRAME: Final = 0.05
EXPONENT: Final = 1.5
SHARES: Final = tuple(float(f"{1 - 10**-power:.7g}") for power in np.arange(5, 0.9, -0.25))
"""Shares of the held-out frames' pixels that lie below the thresholds tried, from the highest down."""
OVERLAPS: Final = (0.5, 0.25)
# Of the frame's side: the smoothing before the threshold, and gaps that are bridged; of its area: the smallest box.
_SMOOTHING, _GAP, _SMALLEST = 1 / 128, 5 / 128, 5e-4
_DECIMALS: Final = 6
Boxes = NDArray[np.float64]


def box_facts(method: Method, feed: Feed, held_out: Feed | None, videos: Sequence[Video]) -> dict[str, Any] | None:
    """Return a record's facts of boxes; None on a set without masks, without held-out frames, or if nothing is drawn.

    exponent, peak: of the heat; threshold, quantile: of the heat, and the share of held-out pixels below it;
    false_per_held_out_frame: boxes found there; frames: test frames looked at; overlap_0.5, overlap_0.25: `BoxScores` at
    these IoU; stills: by kind, the boxes ``found`` (with their heat) and ``true`` in the frames that figures show.
    """
    masked = [index for index, video in enumerate(videos) if video.masks is not None]
    if held_out is None or not masked:
        return None
    normal = [error for _, error in _errors(method, held_out, spread(len(held_out.clips), FRAMES))]
    if not normal:
        return None
    finder = BoxFinder.of(normal)
    candidates = np.flatnonzero(np.isin(feed.clips.video, masked)).astype(np.int64)
    looked_at = candidates[spread(len(candidates), FRAMES)]
    found = [finder.boxes(error) for _, error in _errors(method, feed, looked_at)]
    true = [true_boxes(videos, feed, method, index) for index in looked_at.tolist()]
    scores = {f"overlap_{overlap:g}": score_boxes(found, true, overlap).to_dict() for overlap in OVERLAPS}
    shown = [
        (kind, index)
        for kind, index in choose_stills(feed.clips, videos, method.scored_frame).items()
        if feed.clips.video[index] in masked
    ]
    errors = _errors(method, feed, np.array([index for _, index in shown], dtype=np.int64))
    stills = {
        kind: {
            "found": finder.boxes(error).round(_DECIMALS).tolist(),
            "true": true_boxes(videos, feed, method, index).round(_DECIMALS).tolist(),
        }
        for (kind, index), (_, error) in zip(shown, errors, strict=True)
    }
    return {**finder.facts(), "frames": len(found), **scores, "stills": stills}


@dataclass(frozen=True)
class BoxFinder:
    """The detector with what normal frames say about its threshold."""

    detector: Detector
    peak: float
    quantile: float
    false_per_frame: float

    @classmethod
    def of(cls, normal: Sequence[NDArray[np.float32]]) -> "BoxFinder":
        """Choose peak and threshold by smoothed error maps (height, width) of normal frames.

        Thresholds are tried from the highest down, up to the first at which too many boxes are found.
        """
        height, width = normal[0].shape
        gap, smallest = 2 * int(_GAP * height / 2) + 1, max(round(_SMALLEST * height * width), 1)
        peak = 2 * max(*(float(error.max()) for error in normal), float(np.finfo(np.float32).tiny))
        heats = [heat_map(error, EXPONENT, peak=peak) for error in normal]
        highest = float(max(heat.max() for heat in heats))
        chosen = cls(Detector(highest, gap, smallest), peak, 1.0, 0.0)
        for share, threshold in zip(SHARES, np.quantile(np.stack(heats), SHARES), strict=True):
            detector = Detector(float(threshold), gap, smallest)
            rate = sum(len(detector.boxes(heat)) for heat in heats) / len(heats)
            if rate > FALSE_PER_FRAME:
                break
            chosen = cls(detector, peak, share, rate)
        return chosen

    def boxes(self, error: NDArray[np.float32]) -> Boxes:
        """Return the boxes (n, 5) of a smoothed error map, as shares of the frame, with their heat."""
        return _unit(self.detector.boxes(heat_map(error, EXPONENT, peak=self.peak)), error.shape)

    def facts(self) -> dict[str, float]:
        """Return what was chosen, and how."""
        return {
            "exponent": EXPONENT,
            "peak": float(f"{self.peak:.7g}"),
            "threshold": float(f"{self.detector.threshold:.7g}"),
            "quantile": self.quantile,
            "false_per_held_out_frame": round(self.false_per_frame, _DECIMALS),
        }


def true_boxes(videos: Sequence[Video], feed: Feed, method: Method, index: int) -> Boxes:
    """Return the boxes (n, 4) of the mask of a clip's scored frame, as shares of the frame; specks are left out."""
    masks = videos[int(feed.clips.video[index])].masks
    assert masks is not None, "only videos with masks are looked at"
    mask = masks(int(feed.clips.first[index]) + method.scored_frame * int(feed.clips.steps[index]))
    return _unit(boxes_of_mask(mask, max(round(_SMALLEST * mask.size), 1)), mask.shape)


def _errors(method: Method, feed: Feed, indices: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield the smoothed error map of each clip."""
    for batch, look in looks(method, feed, indices):
        for index, error in zip(batch.index.tolist(), look.error.float().cpu().numpy(), strict=True):
            yield index, np.asarray(cv2.GaussianBlur(error, (0, 0), _SMOOTHING * error.shape[0]), dtype=np.float32)


def _unit(boxes: Boxes, shape: Sequence[int]) -> Boxes:
    height, width = shape
    scaled = boxes.copy()
    scaled[:, :4] /= [width, height, width, height]
    return scaled
