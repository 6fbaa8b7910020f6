"""Frames to train on: every video decoded once, resized, and written straight into one memory-mapped store.

The store is a `benchmarks.data.store.FrameStore`, which clips are cut from. Unlike the study's, it learns the number of
frames while it decodes, since no header can be trusted with it.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.data.images import resize_square
from benchmarks.data.listing import images_in
from benchmarks.data.store import FrameStore
from benchmarks.data.store_key import store_key
from benchmarks.data.video import ImageFrames, Video
from benchmarks.errors import StudyError
from benchmarks.writing import replace_text, replaced_whole
from memory_vad.decode import pictures
from memory_vad.footage import Source

_log = logging.getLogger(__name__)


def gather(
    sources: Sequence[Source],
    *,
    size: int,
    channels: int,
    fps: float,
    folder: Path,
    report: Callable[[str, int], None] | None = None,
) -> tuple[FrameStore, dict[str, tuple[int, int]]]:
    """Return the store of all sources in order, made where there is none, and each camera's frame size.

    fps: what videos are resampled to; folders of frames count as taken at it. report: is called with the video and its frames.
    sizes: camera -> (width, height). Raises StudyError for a damaged video or two sizes in one camera; nothing
    half-written stays.
    """
    path = folder / f"frames-{_key(sources, size, channels, fps)[:16]}.raw"
    sidecar = path.with_suffix(".json")
    if not sidecar.exists():
        facts: dict[str, Any] = {"lengths": [], "sizes": {}}
        digest = hashlib.sha256()
        with replaced_whole(path) as temporary, temporary.open("wb") as file:
            for source in sources:
                count = 0
                for picture in pictures(source.path, fps, folder_fps=fps):
                    image = picture.image(grey=channels == 1)
                    if not count:
                        _note_size(facts["sizes"], source, (image.shape[1], image.shape[0]))
                    content = resize_square(image, size, channels).tobytes()
                    digest.update(content)
                    file.write(content)
                    count += 1
                    if report is not None and count % 50 == 0:
                        report(source.name, count)
                facts["lengths"].append(count)
        facts["checksum"] = digest.hexdigest()
        replace_text(sidecar, json.dumps(facts) + "\n")
    facts = json.loads(sidecar.read_text(encoding="utf-8"))
    shape = (sum(facts["lengths"]), size, size, channels)
    try:
        frames: Any = np.memmap(path, dtype=np.uint8, mode="r", shape=shape)
    except (OSError, ValueError) as error:
        raise StudyError(f"Expected the frames of {sidecar} in {path}, but {error}; delete both.") from error
    names = tuple(f"{source.camera}/{source.name}" for source in sources)
    sizes = {camera: (int(width), int(height)) for camera, (width, height) in facts["sizes"].items()}
    return FrameStore(frames, tuple(facts["lengths"]), names, facts["checksum"], path), sizes


def _note_size(sizes: dict[str, Any], source: Source, size: tuple[int, int]) -> None:
    known = sizes.setdefault(source.camera, list(size))
    if tuple(known) != size:
        raise StudyError(
            f"Expected one frame size in camera {source.camera}, but {source.name} has {size[0]}x{size[1]} after "
            f"{known[0]}x{known[1]}; put the videos of each camera into a folder of its own."
        )


def _key(sources: Sequence[Source], size: int, channels: int, fps: float) -> str:
    """What the store is made from: the files' contents, the decoder, the rate."""
    identity = f"PyAV {av.__version__} at {fps:g}"
    videos = []
    for source in sources:
        files = images_in(source.path) if source.path.is_dir() else (source.path,)
        videos.append(Video(f"{source.camera}/{source.name}", 0, ImageFrames(files), sources=files, identity=identity))
    return store_key(videos, size=size, channels=channels)
