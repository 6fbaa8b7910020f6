"""Frames of video files, decoded in order by OpenCV's FFmpeg."""

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.findings import Complain, noted
from benchmarks.data.images import collecting_stderr
from benchmarks.data.listing import visible
from benchmarks.data.video import Video
from benchmarks.errors import StudyError
from benchmarks.reading import MOST_PIXELS, MOST_ROWS, expected, printable, refuse_special

VIDEO_SUFFIXES = (".avi", ".mp4", ".m4v", ".mov", ".mkv", ".mpg", ".mpeg", ".webm", ".wmv")

# What FFmpeg prints where it makes up pixels that a damaged file does not hold.
_DAMAGE = re.compile(r"error|conceal|corrupt|bad vlc|invalid", re.IGNORECASE)


class VideoFrames:
    """Frames of one video file, which has `length` of them (0: nobody says).

    The decoder stays open, so reading frames 0, 1, 2, ... decodes each once; going back starts again from the first
    frame, since seeking by FFmpeg is not exact in every container. Pickled as its path and length alone.
    """

    def __init__(self, path: Path, length: int = 0) -> None:
        self.path = path
        self.length = length
        self._capture: cv2.VideoCapture | None = None
        self._next = 0

    def __reduce__(self) -> tuple[type["VideoFrames"], tuple[Path, int]]:
        return (VideoFrames, (self.path, self.length))

    def __call__(self, index: int, *, grey: bool = False) -> NDArray[np.uint8]:
        """Return frame `index`: (height, width, 3) uint8 B, G, R, or (height, width) uint8 where grey.

        Raises StudyError where the file cannot be opened, ends before that frame, or has more frames than it states.
        """
        if self._capture is None or index < self._next:
            self._capture, self._next = open_video(self.path), 0
        while self._next < index and self._capture.grab():
            self._next += 1
        frame: Any = None
        said: list[str] = []
        if self._next == index:
            with collecting_stderr(said):
                _, frame = self._capture.read()
        if frame is None:
            self._capture = None
            raise StudyError(
                f"Frame {index} was expected in {self.path}, but the video ends or is damaged at frame {self._next}; "
                "copy or download this file again, or save its frames as images."
            )
        if damage := [line for line in said if _DAMAGE.search(line)]:
            self._capture = None
            raise StudyError(
                f"A whole frame {index} was expected in {self.path}, but the decoder says: {printable(damage[0], 80)}; "
                "copy or download this file again."
            )
        self._next += 1
        if self._next == self.length and self._capture.grab():
            self._capture = None
            raise StudyError(
                f"{self.length} frames were expected in {self.path}, as it states, but it holds more; write it again "
                "with a right index (ffmpeg -i OLD -c copy NEW), or save its frames as images."
            )
        image = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) if grey else frame
        return np.asarray(image, dtype=np.uint8)


def file_videos(folder: Path, complain: Complain) -> tuple[Video, ...]:
    """Return the video files in `folder`, in natural order of their names; complains of missing and damaged ones."""
    if not folder.is_dir():
        complain(f"Videos were expected in {folder}, but there is no such folder; complete the data set.")
        return ()
    found = []
    for path in visible(folder.iterdir()):
        if path.suffix.lower() in VIDEO_SUFFIXES:
            with noted(complain):
                length = stated_length(path)
                found.append(Video(path.stem, length, VideoFrames(path, length), sources=(path,)))
    if not found:
        complain(
            f"One file per video ({', '.join(VIDEO_SUFFIXES)}) was expected in {folder}, but none can be read; complete "
            "the data set."
        )
    return tuple(found)


def open_video(path: Path) -> cv2.VideoCapture:
    """Open a video file; raises StudyError where that fails."""
    with expected("a video", path, "copy or download this file again"):
        refuse_special(path)
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise ValueError("it cannot be opened")
        size = capture.get(cv2.CAP_PROP_FRAME_WIDTH) * capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        if not 0 < size <= MOST_PIXELS:
            raise ValueError(f"its frames have {size:.0f} pixels, not 1 to {MOST_PIXELS}")
        return capture


def stated_length(path: Path) -> int:
    """Return the number of frames that the container's index states; reading its last frame checks it."""
    capture = open_video(path)
    length = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    if not 1 <= length <= MOST_ROWS:
        raise StudyError(f"Frames were expected in {path}, but its index states {length}; copy or download it again.")
    return length
