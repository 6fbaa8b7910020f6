"""What a frame store was made from, as one digest: the same frames give the same key on every machine.

A source file counts with its name, its size and 4 KiB each from its beginning, middle and end. Contents, not times of
modification: a copied or freshly cloned tree finds its store again. Samples, not whole files: opening a set of hundreds
of thousands of images must not read them all; a changed image hardly ever keeps both its size and these samples, and
`python -m benchmarks.data.doctor` decodes every image for those who doubt.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import cv2

from benchmarks.data.video import Video
from benchmarks.errors import StudyError

STORE_VERSION = 1
_OPENCV = f"opencv {cv2.__version__}"
_RESIZE = "INTER_LINEAR"
_SAMPLE = 4096


def store_key(videos: Sequence[Video], *, size: int, channels: int) -> str:
    """Return the sha256 (hex) of everything that determines a store's content.

    Raises StudyError where a source file is missing or a video states nothing that its frames are made from.
    """
    return hashlib.sha256(
        json.dumps(
            {
                "store": STORE_VERSION,
                "decoder": _OPENCV,
                "resize": _RESIZE,
                "size": size,
                "channels": channels,
                "videos": [_describe(video) for video in videos],
            },
            sort_keys=True,
        ).encode()
    ).hexdigest()


def made_by(videos: Sequence[Video]) -> dict[str, str | None]:
    """Return what decoded and what resized the videos' frames, for the record; no decoder where they are generated.

    A store's key holds both, so a store that is opened was made by what is installed now.
    """
    return {"decoder": _OPENCV if any(video.sources for video in videos) else None, "resize": f"{_OPENCV} {_RESIZE}"}


def _describe(video: Video) -> list[object]:
    if not video.sources and not video.identity:
        raise StudyError(
            f"Video {video.name} should state the files or the identity that its frames are made from, but states "
            "neither; set one in its layout, since the frame store is keyed by it."
        )
    return [video.name, video.length, video.identity, *(_describe_file(path) for path in video.sources)]


def _describe_file(path: Path) -> list[object]:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            for start in sorted({0, max(0, size // 2 - _SAMPLE // 2), max(0, size - _SAMPLE)}):
                file.seek(start)
                digest.update(file.read(_SAMPLE))
    except OSError as error:
        raise StudyError(
            f"A frame's file was expected at {path}, but it cannot be read ({error.strerror}); restore the data set."
        ) from error
    return [path.name, size, digest.hexdigest()]
