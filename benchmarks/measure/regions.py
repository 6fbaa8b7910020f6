"""Abnormal regions of masks, frame by frame, and the tracks that they form over a video.

A region is an 8-connected component of a frame's mask. Where a set knows its objects, the track of a region is its
object's. Masks alone have no identities: there a region continues the track of a region of the frame before that it
overlaps (IoU above 0), one to one, pairs being chosen so that the sum of IoUs is largest; a region without such a
partner begins a track. So an object that is hidden for a frame, or moves by more than its own length, begins a second
track, and of two objects that merge only one track goes on.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from benchmarks.errors import StudyError

Ints = NDArray[np.int64]
# Bounds the memory that labels need, whatever the length of a video.
_FRAMES_AT_ONCE: Final = 64


@dataclass(frozen=True, eq=False)
class Regions:
    """The abnormal regions of one video.

    shape: (frames, height, width). pixel: (p,) abnormal pixels as flat indices into that shape, ascending.
    region: (p,) region of each. frame, track, area: (r,) of each region: its frame's position in the shape, the number
    of its track from 0 on, its pixels.
    """

    shape: tuple[int, int, int]
    pixel: Ints
    region: Ints
    frame: Ints
    track: Ints
    area: Ints

    @property
    def tracks(self) -> int:
        """Number of tracks."""
        return int(self.track.max()) + 1 if self.track.size else 0

    def within(self, positions: Ints) -> tuple[Ints, Ints]:
        """Abnormal pixels of some frames, as flat indices into these frames alone, and their regions.

        positions: of the frames, ascending.
        """
        size = self.shape[1] * self.shape[2]
        low, high = np.searchsorted(self.pixel, [positions * size, (positions + 1) * size])
        lengths = high - low
        # 0, 1, 2, ... within each frame
        inside = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        rows = np.repeat(low, lengths) + inside
        return self.pixel[rows] + np.repeat((np.arange(positions.size) - positions) * size, lengths), self.region[rows]

    def resized(self, height: int, width: int) -> "Regions":
        """The same regions and tracks on frames of another size; what is too small for a pixel there is gone.

        A pixel belongs to the region at its centre, as in resizing by nearest neighbour.
        """
        frames, high, wide = self.shape
        rows = (2 * np.arange(height) + 1) * high // (2 * height)
        columns = (2 * np.arange(width) + 1) * wide // (2 * width)
        source = (rows[:, None] * wide + columns).reshape(-1)
        pixels, regions = [], []
        drawn = np.full(high * wide, -1, dtype=np.int64)
        for position in np.unique(self.frame):
            pixel, region = self.within(np.array([position]))
            drawn[pixel] = region
            found = drawn[source]
            drawn[pixel] = -1
            inside = np.flatnonzero(found >= 0)
            pixels.append(inside + position * height * width)
            regions.append(found[inside])
        every = np.concatenate([np.empty(0, dtype=np.int64), *regions])
        kept, number, area = np.unique(every, return_inverse=True, return_counts=True)
        return Regions(
            (frames, height, width),
            np.concatenate([np.empty(0, dtype=np.int64), *pixels]),
            number,
            self.frame[kept],
            np.asarray(np.unique(self.track[kept], return_inverse=True)[1], dtype=np.int64),
            area.astype(np.int64),
        )


@dataclass(frozen=True, eq=False)
class Components:
    """The 8-connected components of a stack of binary frames.

    label: (frames * (height + 1), width) int32, 0 outside; below each frame lies an empty row.
    area: (c,) pixels of component 1, 2, ...
    """

    label: NDArray[np.int32]
    area: Ints
    _size: int

    def at(self, pixel: Ints) -> NDArray[np.int32]:
        """Return the components at pixels given as flat indices into (frames, height, width)."""
        found: NDArray[np.int32] = self.label.reshape(-1)[pixel + pixel // self._size * self.label.shape[1]]
        return found


def components(binary: NDArray[np.bool_]) -> Components:
    """Label all frames in one call. binary: (frames, height, width) bool."""
    frames, height, width = binary.shape
    # the empty row keeps components of neighbouring frames apart
    stack = np.zeros((frames, height + 1, width), dtype=np.uint8)
    stack[:, :height] = binary
    _, label, statistics, _ = cv2.connectedComponentsWithStats(stack.reshape(-1, width), connectivity=8)
    area = statistics[1:, cv2.CC_STAT_AREA].astype(np.int64)
    return Components(np.asarray(label, dtype=np.int32), area, height * width)


def find_regions(masks: NDArray[np.bool_], frame: ArrayLike, centres: NDArray[np.float64] | None = None) -> Regions:
    """Return the regions of one video's masks with their tracks.

    masks: (n, height, width) bool. frame: (n,) numbers of these frames in the video, ascending; tracks are linked over
    neighbouring numbers only. centres: (k, 4) of frame number, track, and the object's centre x and y as fractions of
    width and height: a region then belongs to the track whose centre is nearest in its frame. None links by overlap.
    Raises StudyError where a region has no centre in its frame, or frames do not match masks.
    """
    number = np.asarray(frame, dtype=np.int64)
    # none at all would crash OpenCV
    if masks.ndim != 3 or not masks.size or number.shape != masks.shape[:1]:
        raise StudyError(
            f"Expected n > 0 masks (n, height, width) with n frame numbers, but got {masks.shape} and {number.shape}; "
            "give one number a mask."
        )
    size = masks.shape[1] * masks.shape[2]
    pixel = np.flatnonzero(masks)
    label = np.empty(pixel.size, dtype=np.int64)
    area = np.empty(0, dtype=np.int64)
    for start in range(0, len(masks), _FRAMES_AT_ONCE):
        found = components(masks[start : start + _FRAMES_AT_ONCE])
        part = slice(*np.searchsorted(pixel, [start * size, (start + _FRAMES_AT_ONCE) * size]))
        label[part] = found.at(pixel[part] - start * size) + area.size
        area = np.concatenate([area, found.area])
    first = np.full(area.size, -1, dtype=np.int64)
    # pixels in reverse, so that the first of each component is written last
    first[label[::-1] - 1] = pixel[::-1]
    # regions in the order of their first pixels, whatever order the labelling has
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    region, position, area = rank[label - 1], first[order] // size, area[order]
    bare = Regions((masks.shape[0], masks.shape[1], masks.shape[2]), pixel, region, position, np.zeros_like(area), area)
    track = _linked(bare, number) if centres is None else _nearest(bare, number, centres)
    return Regions(bare.shape, pixel, region, position, track, area)


def _linked(regions: Regions, number: Ints) -> Ints:
    """Tracks by overlap with the frame before, numbered in the order in which they begin."""
    track = np.full(regions.area.size, -1, dtype=np.int64)
    count, before = 0, (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    for position in range(regions.shape[0]):
        pixel, region = regions.within(np.array([position]))
        if position and number[position] == number[position - 1] + 1 and pixel.size and before[0].size:
            for old, new in _partners(regions.area, before, (pixel, region)):
                track[new] = track[old]
        own = np.unique(region)
        fresh = own[track[own] < 0]
        track[fresh] = count + np.arange(fresh.size)
        count += fresh.size
        before = pixel, region
    return track


def _partners(area: Ints, before: tuple[Ints, Ints], now: tuple[Ints, Ints]) -> list[tuple[int, int]]:
    """Pairs of a region of the frame before and one of this frame that overlap, with the largest sum of IoUs."""
    _, at_before, at_now = np.intersect1d(before[0], now[0], assume_unique=True, return_indices=True)
    old, row = np.unique(before[1][at_before], return_inverse=True)
    new, column = np.unique(now[1][at_now], return_inverse=True)
    shared = np.zeros((old.size, new.size))
    np.add.at(shared, (row, column), 1)
    iou = shared / (area[old][:, None] + area[new] - shared)
    pairs = zip(*linear_sum_assignment(iou, maximize=True), strict=True)
    return [(int(old[i]), int(new[j])) for i, j in pairs if iou[i, j] > 0]


def _nearest(regions: Regions, number: Ints, centres: NDArray[np.float64]) -> Ints:
    """Tracks by the nearest known centre; numbered from 0, since objects that are never seen have no region."""
    _, height, width = regions.shape
    inside = regions.pixel % (height * width)
    count = np.maximum(regions.area, 1)
    x = np.bincount(regions.region, inside % width + 0.5, regions.area.size) / count / width
    y = np.bincount(regions.region, inside // width + 0.5, regions.area.size) / count / height
    named = np.empty(regions.area.size, dtype=np.int64)
    for index, position in enumerate(regions.frame):
        own = centres[centres[:, 0] == number[position]]
        if not own.size:
            raise StudyError(
                f"Expected the centre of an abnormal object in frame {number[position]}, whose mask has a region, but "
                "the object table has none there; mend the table."
            )
        distance = np.hypot((own[:, 2] - x[index]) * width, (own[:, 3] - y[index]) * height)
        named[index] = own[np.argmin(distance), 1]
    return np.asarray(np.unique(named, return_inverse=True)[1], dtype=np.int64)
