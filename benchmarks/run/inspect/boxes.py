"""Boxes from error maps: what a detector finds in test frames, against the boxes of the pixel masks.

The error becomes heat, with a peak and a threshold that are chosen on held-out normal training frames and nowhere else:
full heat is twice the highest error there, and the threshold the lowest of a fixed series at which the detector finds at
most `FALSE_PER_FRAME` boxes a frame there. Boxes are shares of the frame's width and height.
"""

from collections.abc import Mapping, Sequence
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
from benchmarks.run.inspect.sample import Seen, observe, spread

FRAMES: Final = 400
"""Test frames that are sampled, evenly spread; and as many held-out ones at most."""
FALSE_PER_FRAME: Final = 0.05
EXPONENT: Final = 1.5
SHARES: Final = tuple(float(f"{1 - 10**-power:.7g}") for power in np.arange(5, 0.9, -0.25))
"""Shares of the held-out frames' pixels that lie below the thresholds tried, from the highest down."""
OVERLAPS: Final = (0.5, 0.25)
# Of the frame's side: the smoothing before the threshold, and gaps that are bridged; of its area: the smallest box.
_SMOOTHING, _GAP, _SMALLEST = 1 / 128, 5 / 128, 5e-4
_DECIMALS: Final = 6
Found = NDArray[np.float64]


class Boxes:
    """Observes `FRAMES` test frames with masks, and the stills.

    finder: with the threshold that held-out frames chose; stills: the clip of each still by its kind
    """

    def __init__(
        self, method: Method, feed: Feed, finder: "BoxFinder", videos: Sequence[Video], stills: Mapping[str, int]
    ) -> None:
        masked = [index for index, video in enumerate(videos) if video.masks is not None]
        candidates = np.flatnonzero(np.isin(feed.clips.video, masked)).astype(np.int64)
        self._sampled = candidates[spread(len(candidates), FRAMES)]
        self._stills = {kind: index for kind, index in stills.items() if feed.clips.video[index] in masked}
        self.indices = np.array([*self._sampled.tolist(), *self._stills.values()], dtype=np.int64)
        self._finder = finder
        self._found: dict[int, Found] = {}
        self._true = {index: true_boxes(videos, feed, method, index) for index in self.indices.tolist()}

    def see(self, clip: Seen) -> None:
        """Find the boxes of a frame."""
        self._found[clip.index] = self._finder.boxes(smoothed(clip))

    def facts(self) -> dict[str, Any]:
        """Return a record's facts of boxes.

        exponent, peak: of the heat; threshold, quantile: of the heat, and the share of held-out pixels below it;
        false_per_held_out_frame: boxes found there; frames: test frames that were sampled; overlap_0.5, overlap_0.25:
        `BoxScores` at these IoU; stills: by kind, the boxes ``found`` (with their heat) and ``true`` in the frames that
        figures show.
        """
        found, true = ([by[index] for index in self._sampled.tolist()] for by in (self._found, self._true))
        scores = {f"overlap_{overlap:g}": score_boxes(found, true, overlap).to_dict() for overlap in OVERLAPS}
        stills = {
            kind: {
                "found": self._found[index].round(_DECIMALS).tolist(),
                "true": self._true[index].round(_DECIMALS).tolist(),
            }
            for kind, index in self._stills.items()
        }
        return {**self._finder.facts(), "frames": len(found), **scores, "stills": stills}


class _HeldOut:
    """Observes held-out normal frames, for the threshold."""

    def __init__(self, clips: int) -> None:
        self.indices = spread(clips, FRAMES)
        self.errors: list[NDArray[np.float32]] = []

    def see(self, clip: Seen) -> None:
        """Keep the error map."""
        self.errors.append(smoothed(clip))


def box_observer(
    method: Method, feed: Feed, held_out: Feed | None, videos: Sequence[Video], stills: Mapping[str, int]
) -> Boxes | None:
    """Return who looks for boxes; None on a set without masks, without held-out frames, or if nothing is drawn."""
    if held_out is None or all(video.masks is None for video in videos):
        return None
    normal = _HeldOut(len(held_out.clips))
    if not observe(method, held_out, [normal]):
        return None
    return Boxes(method, feed, BoxFinder.of(normal.errors), videos, stills)


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

    def boxes(self, error: NDArray[np.float32]) -> Found:
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


def true_boxes(videos: Sequence[Video], feed: Feed, method: Method, index: int) -> Found:
    """Return the boxes (n, 4) of the mask of a clip's scored frame, as shares of the frame; specks are left out."""
    masks = videos[int(feed.clips.video[index])].masks
    assert masks is not None, "only videos with masks are sampled"
    mask = masks(int(feed.clips.first[index]) + method.scored_frame * int(feed.clips.steps[index]))
    return _unit(boxes_of_mask(mask, max(round(_SMALLEST * mask.size), 1)), mask.shape)


def smoothed(clip: Seen) -> NDArray[np.float32]:
    """Return a clip's error map (height, width), smoothed as it is before the threshold."""
    error = clip.inspection.error[0].float().cpu().numpy()
    return np.asarray(cv2.GaussianBlur(error, (0, 0), _SMOOTHING * error.shape[0]), dtype=np.float32)


def _unit(boxes: Found, shape: Sequence[int]) -> Found:
    height, width = shape
    scaled = boxes.copy()
    scaled[:, :4] /= [width, height, width, height]
    return scaled
