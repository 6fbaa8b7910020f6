"""Pictures of a video file or a folder of frames, with their times, decoded one after another by PyAV.

PyAV brings its own FFmpeg, so nothing else has to be installed. Time decides, never the container's count of frames:
a variable frame rate is resampled to a fixed one by showing, at each time, the picture that a player would show.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import av.logging
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.images import IMAGE_SUFFIXES, read_image
from benchmarks.data.listing import images_in
from benchmarks.errors import StudyError

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".wmv", ".flv"})
_PLAYLISTS = frozenset({".m3u8", ".m3u", ".mpd"})
# Transfer curves of HDR video (SMPTE 2084 and ARIB STD-B67): their values mean another brightness.
_HDR = frozenset({16, 18})
_LONGEST_GAP = 60.0  # seconds
# A file may end this much before its header says: the last frames of many recorders.
_CUT_SECONDS, _CUT_SHARE = 1.0, 0.05

av.logging.set_level(None)  # what FFmpeg would print, a StudyError says once


class Picture:
    """One decoded picture. time: seconds from the video's first picture. It is converted only when it is asked for."""

    def __init__(self, time: float, frame: Any) -> None:
        self.time = time
        self._frame = frame
        self._images: dict[bool, NDArray[np.uint8]] = {}

    def at(self, time: float) -> "Picture":
        """Return the same picture shown at another time; a conversion is shared."""
        other = Picture(time, self._frame)
        other._images = self._images
        return other

    def image(self, *, grey: bool = False) -> NDArray[np.uint8]:
        """Return (height, width, 3) uint8 in B, G, R order, or (height, width) uint8 where grey, turned upright."""
        if grey not in self._images:
            if isinstance(self._frame, Path):
                self._images[grey] = read_image(self._frame, grey=grey)
            else:
                array = self._frame.to_ndarray(format="gray" if grey else "bgr24")
                turns = round(self._frame.rotation / 90) % 4
                self._images[grey] = np.ascontiguousarray(np.rot90(array, turns)) if turns else array
        return self._images[grey]


def pictures(source: Path, fps: float | None = None, *, folder_fps: float = 10.0) -> Iterator[Picture]:
    """Yield the pictures of a video file or of a folder of image files, in order.

    fps: frames a second to resample to by time; None for every picture as it comes.
    folder_fps: what the images of a folder, which have no times, were taken at.
    Raises StudyError, one sentence, for whatever is not a whole video of one size.
    """
    shown = _folder(source, folder_fps) if source.is_dir() else _file(source)
    yield from shown if fps is None else resampled(shown, fps, str(source))


def resampled(shown: Iterator[Picture], fps: float, name: str) -> Iterator[Picture]:
    """Yield, at each multiple of 1 / fps seconds, the picture shown then.

    Raises StudyError for a gap of more than a minute, which no player would show either.
    """
    held: Picture | None = None
    count, slack = 0, 0.1 / fps
    for picture in shown:
        if held is not None:
            if picture.time - held.time > _LONGEST_GAP:
                raise StudyError(
                    f"Expected pictures without a long gap in {name}, but none is shown between {held.time:.1f} s and "
                    f"{picture.time:.1f} s; cut the file there."
                )
            while count / fps < picture.time - slack:
                yield held.at(count / fps)
                count += 1
        held = picture
    if held is not None and count / fps <= held.time + slack:
        yield held.at(count / fps)


def open_container(source: str) -> Any:
    """Open a file with PyAV; raises StudyError, one sentence, where that fails."""
    try:
        return av.open(source)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise StudyError(
            f"Expected a video at {source}, but it cannot be opened ({reason_of(error)}); it may be damaged, cut off, "
            "encrypted or no video: copy it again, or convert it to mp4 (H.264)."
        ) from error


def video_stream(container: Any, name: str) -> Any:
    """Return the first stream of moving pictures; raises StudyError where there is none or no decoder for it."""
    covers = av.stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & covers]
    if not streams:
        kinds = sorted({stream.type for stream in container.streams}) or ["nothing"]
        raise StudyError(f"Expected moving pictures in {name}, but it holds {' and '.join(kinds)} only.")
    stream = streams[0]
    if stream.codec_context is None:
        raise StudyError(
            f"Expected a known codec in {name}, but there is no decoder for it; convert it to mp4 (H.264)."
        )
    stream.thread_type = "AUTO"
    return stream


def refuse_hdr(frame: Any, name: str) -> None:
    """Raise StudyError for HDR video, whose values stand for another brightness than those trained on."""
    if frame.color_trc in _HDR:
        raise StudyError(f"Expected standard dynamic range in {name}, but it is HDR; convert it to SDR (BT.709) first.")


def reason_of(error: Exception) -> str:
    """Say what FFmpeg or the system objected to, as part of a sentence."""
    return str(getattr(error, "strerror", None) or error).rstrip(".").lower()


def _file(path: Path) -> Iterator[Picture]:
    name = str(path)
    _refuse_unlikely(path)
    with open_container(name) as container:
        stream = video_stream(container, name)
        stated = float(container.duration / av.time_base) if container.duration else None
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        first: float | None = None
        last, count, size = -1.0, 0, (0, 0)
        try:
            for frame in container.decode(stream):
                if frame.is_corrupt:
                    raise StudyError(f"Expected whole frames in {name}, but it is damaged at {max(last, 0):.1f} s.")
                if count == 0:
                    size = (frame.width, frame.height)
                    refuse_hdr(frame, name)
                elif size != (frame.width, frame.height):
                    raise StudyError(
                        f"Expected one frame size in {name}, but {size[0]}x{size[1]} becomes "
                        f"{frame.width}x{frame.height} after {last:.1f} s; cut the file there."
                    )
                now = count / rate if frame.time is None else float(frame.time)
                first = now if first is None else first
                # Equal or backward time stamps exist; such a picture follows at the file's own rate.
                last = now - first if now - first > last else last + 1 / rate
                count += 1
                yield Picture(last, frame)
        except av.error.FFmpegError as error:
            raise StudyError(
                f"Expected whole frames in {name}, but it is damaged at {max(last, 0):.1f} s ({reason_of(error)}); "
                "copy it again, or remux what is left (ffmpeg -i IN -c copy OUT)."
            ) from error
    if count < 2:
        raise StudyError(f"Expected moving pictures in {name}, but it holds {count or 'no'} frame{'s' * (count != 1)}.")
    length = last + 1 / rate
    if stated is not None and stated - length > max(_CUT_SECONDS, _CUT_SHARE * stated):
        raise StudyError(
            f"Expected {stated:.1f} s of pictures in {name}, as its header states, but they end at {length:.1f} s; the "
            "file is cut off: copy it again, or remux what is left (ffmpeg -i IN -c copy OUT)."
        )


def _folder(path: Path, fps: float) -> Iterator[Picture]:
    paths = images_in(path)
    size: tuple[int, ...] | None = None
    for index, image in enumerate(paths):
        picture = Picture(index / fps, image)
        shape = picture.image(grey=True).shape
        if size is not None and shape != size:
            raise StudyError(
                f"Expected frames of one size in {path}, but {image.name} has {shape[1]}x{shape[0]} after "
                f"{size[1]}x{size[0]}; keep one size a folder."
            )
        size = shape
        yield picture


def _refuse_unlikely(path: Path) -> None:
    """Refuse by name or size what FFmpeg would open as something else than this one file of moving pictures."""
    suffix = path.suffix.lower()
    try:
        size = path.stat().st_size
    except OSError as error:
        raise StudyError(f"Expected a video at {path}, but it cannot be read ({reason_of(error)}).") from error
    if not size:
        raise StudyError(f"Expected a video at {path}, but the file is empty; copy it again.")
    head = b""
    with contextlib.suppress(OSError), path.open("rb") as file:
        head = file.read(7)
    if suffix in _PLAYLISTS or head == b"#EXTM3U":
        raise StudyError(f"Expected a video at {path}, but it is a playlist; give its address to `memory-vad watch`.")
    if suffix in IMAGE_SUFFIXES:
        raise StudyError(f"Expected a video at {path}, but it is a still image; give the folder that holds the frames.")
