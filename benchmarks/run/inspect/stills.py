"""Frames to show: a few stills chosen by label alone, so that all cells of a set show the same, and whole videos."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.clips import Clips
from benchmarks.data.video import Video
from benchmarks.errors import StudyError
from benchmarks.run.contract import Method
from benchmarks.run.feed import Feed
from benchmarks.run.inspect.file import VideoFile
from benchmarks.run.inspect.sample import Frames, observe

_SHOWN = ("input", "target", "output")
# A pixel belongs to an anomaly if half of it does.
_HALF = 0.5
_KINDS = ("normal", "spatial", "temporal", "spatio_temporal")


def choose_stills(
    clips: Clips,
    videos: Sequence[Video],
    scored_frame: int,
    named: Mapping[str, tuple[int, int]] = MappingProxyType({}),
) -> dict[str, int]:
    """Return the clip of each still by its kind: the middle of the longest stretch of such frames in a video.

    On the synthetic set one of each kind of anomaly, elsewhere a normal one and those that are named, or else abnormal
    ones of two videos, as far as there are any. The frame does not depend on the clips, unless no clip is scored on it:
    then the nearest of its kind.

    named: stills as `benchmarks.data.facts.SetFacts.stills` has them; those of a video that is not there are left out
    """
    values = [_values(video) for video in videos]
    if all(video.kinds is not None for video in videos):
        found = {name: _longest(values, kind) for kind, name in enumerate(_KINDS)}
    elif places := _named(videos, named):
        found = {"normal": _longest(values, 0), **places}
    else:
        abnormal = _longest(values, 1)
        other = None if abnormal is None else _longest(values, 1, left_out=abnormal[0])
        found = {"normal": _longest(values, 0), "abnormal": abnormal, "other_abnormal": other}
    chosen: dict[str, int] = {}
    for name, place in found.items():
        if place is None:
            continue
        video, frame = place
        own = np.flatnonzero(clips.video == video)
        scored = clips.first[own] + scored_frame
        alike = values[video][scored] == values[video][frame]
        if alike.any():
            chosen[name] = int(own[alike][np.abs(scored[alike] - frame).argmin()])
    return chosen


class Stills:
    """Observes the stills."""

    def __init__(self, feed: Feed, videos: Sequence[Video], scored_frame: int, chosen: Mapping[str, int]) -> None:
        self.chosen = chosen
        self.indices = np.array(list(self.chosen.values()), dtype=np.int64)
        self._frames = Frames(self.indices, *_SHOWN, "error")
        self.see = self._frames.see
        self._clips, self._videos, self._scored_frame = feed.clips, videos, scored_frame

    def arrays(self) -> dict[str, Any]:
        """Return the arrays of an `InspectionFile` that hold the stills."""
        frames, clips = self._frames, self._clips
        return {
            "still_kind": np.array(list(self.chosen), dtype=np.str_),
            "still_video": np.array([self._videos[index].name for index in clips.video[self.indices]], dtype=np.str_),
            "still_frame": clips.first[self.indices] + self._scored_frame,
            "still_error": frames.array("error").astype(np.float16),
            "still_mask": self._masks(frames.array("error").shape[1:]),
            **{f"still_{name}": _bytes(frames.array(name)) for name in _SHOWN},
        }

    def _masks(self, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
        """Return where the anomalies are; None where a video has no masks."""
        found = []
        for index in self.indices.tolist():
            masks = self._videos[self._clips.video[index]].masks
            if masks is None:
                return None
            mask = masks(int(self._clips.first[index]) + self._scored_frame).astype(np.float32)
            found.append(cv2.resize(mask, (shape[1], shape[0]), interpolation=cv2.INTER_AREA) >= _HALF)
        return np.stack(found)


def require_video(videos: Sequence[Video], name: str) -> int:
    """Return the index of the video of this name; raises StudyError listing the names if there is none."""
    names = [video.name for video in videos]
    if name not in names:
        raise StudyError(f"Expected --video to name one of the test videos {', '.join(names)}, but got {name!r}.")
    return names.index(name)


def whole_video(method: Method, feed: Feed, videos: Sequence[Video], name: str) -> VideoFile | None:
    """Return all scored frames of a test video; None if the method draws nothing. Raises StudyError for another name."""
    number = require_video(videos, name)
    indices = np.flatnonzero(feed.clips.video == number).astype(np.int64)
    frames = Frames(indices, *_SHOWN, "error")
    if not observe(method, feed, [frames]):
        return None
    frame = feed.clips.first[indices] + method.scored_frame
    labels = videos[number].labels
    error = frames.array("error").astype(np.float64)
    unit = max(float(error.max()) / 255, np.finfo(np.float64).tiny)
    return VideoFile(
        frame=frame,
        label=np.zeros(len(frame), np.uint8) if labels is None else labels[frame].astype(np.uint8),
        error=np.rint(error / unit).astype(np.uint8),
        error_unit=np.array(unit),
        **{part: _bytes(frames.array(part)) for part in _SHOWN},
    )


def _named(videos: Sequence[Video], named: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Return (video, frame) of each named still whose video is there; a video's number ends its name."""
    numbers = {int(found[0]): index for index, video in enumerate(videos) if (found := re.search(r"\d+$", video.name))}
    return {
        name: (numbers[video], frame)
        for name, (video, frame) in named.items()
        if video in numbers and frame < videos[numbers[video]].length
    }


def _values(video: Video) -> NDArray[np.int64]:
    """Return the kind, or else the label, of each frame of a video."""
    values = video.labels if video.kinds is None else video.kinds
    return np.zeros(video.length, np.int64) if values is None else values.astype(np.int64)


def _longest(values: Sequence[NDArray[np.int64]], value: int, *, left_out: int | None = None) -> tuple[int, int] | None:
    """Return (video, frame) in the middle of the longest stretch of a value within a video, the first of equals."""
    best, place = 0, None
    for index, own in enumerate(values):
        if index == left_out:
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[0], own == value, [0]])))
        for start, stop in edges.reshape(-1, 2).tolist():
            if stop - start > best:
                best, place = stop - start, (index, (start + stop) // 2)
    return place


def _bytes(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(255 * images).astype(np.uint8)
