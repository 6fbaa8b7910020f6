"""Known anomalies for negative learning: never a frame of a test video.

Of a generated set they are generated, from a seed of their own; of any other set they are images that a user has put
into a folder, since no training split holds any.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.images import read_image, resize_square
from benchmarks.data.listing import images_in
from benchmarks.errors import StudyError
from synthetic import dataset as scenes
from synthetic.pool import dataset as pools
from synthetic.pool.scene import PoolSettings
from synthetic.scene import Kind, SceneSettings

Pair = tuple[NDArray[np.uint8], NDArray[np.bool_]]
"""A frame, (height, width) or (height, width, 3), and its abnormal pixels (height, width)."""

MASKS = "masks"
"""Folder beside the images of a user's folder that holds a mask of the same name for each, where there are masks."""

# No cell's data set has this seed: the generated sets of the study are made from 0.
_SEED = 8985
_VIDEOS = 8


@dataclass(frozen=True)
class KnownAnomalies:
    """frames: (n, size, size, channels) uint8; regions: (n, size, size) bool, the abnormal pixels, None if unknown."""

    frames: NDArray[np.uint8]
    regions: NDArray[np.bool_] | None

    @property
    def checksum(self) -> str:
        """SHA-256 (hex) of the frames and their regions."""
        digest = hashlib.sha256(repr(self.frames.shape).encode() + self.frames.tobytes())
        if self.regions is not None:
            digest.update(self.regions.tobytes())
        return digest.hexdigest()


@lru_cache(maxsize=1)
def generate(dataset: str, count: int, size: int, channels: int) -> KnownAnomalies:
    """Return frames of a generated set that hold an anomaly, evenly taken from videos of no other use, and its pixels.

    Of the synthetic set squares among circles: fast circles are left out, since in a single frame they are normal and no
    network could do otherwise to them. Of a pool its swimmers. Cached, so not to be changed.
    Raises StudyError for more frames than the videos hold.
    """
    sources = {"synthetic": _squares, "pool": _swimmers, "pool-inpainted": _swimmers}
    if dataset not in sources:
        raise StudyError(
            f"Expected a generated set ({', '.join(sources)}), but got {dataset!r}; name a negative_folder."
        )
    found = sources[dataset]()
    if not 1 <= count <= len(found):
        raise StudyError(f"Expected 1 to {len(found)} known anomalies, but negative_frames={count}; ask for fewer.")
    chosen = [found[index]() for index in np.linspace(0, len(found) - 1, count).round().astype(int)]
    return KnownAnomalies(
        np.stack([resize_square(_grey(frame) if channels == 1 else frame, size, channels) for frame, _ in chosen]),
        np.stack([_resized(region, size) for _, region in chosen]),
    )


def _squares() -> list[Callable[[], Pair]]:
    """What gives each frame with a square."""
    found: list[Callable[[], Pair]] = []
    for plan in scenes.video_plan(SceneSettings(seed=_SEED, test_videos=_VIDEOS), "test"):
        if not any(one.kind.is_square for one in plan.ranges):
            continue
        video = scenes.render_video(plan)
        abnormal = np.flatnonzero(np.isin(video.kinds, (Kind.SPATIAL, Kind.SPATIO_TEMPORAL)))
        found += [partial(_pair, video.frames[index], video.masks[index]) for index in abnormal]
    return found


def _swimmers() -> list[Callable[[], Pair]]:
    """What renders each frame in which somebody swims; only those that are chosen are."""
    plans = pools.video_plan(PoolSettings(seed=_SEED, test_videos=_VIDEOS), "test")
    return [
        partial(_rendered, plan, int(index))
        for plan in plans
        if plan.swimmers
        for index in np.flatnonzero(pools.frame_labels(plan))
    ]


def _pair(frame: NDArray[np.uint8], region: NDArray[np.bool_]) -> Pair:
    return frame, region


def _rendered(plan: pools.VideoPlan, index: int) -> Pair:
    rendered = pools.render_frame(plan, index)
    return rendered.image, rendered.mask


def _grey(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), dtype=np.uint8) if frame.ndim == 3 else frame


def read_folder(folder: Path, size: int, channels: int) -> KnownAnomalies:
    """Return all images of a folder, and the regions of its folder ``masks`` where there is one (bright = abnormal).

    Raises StudyError where the folder holds no image, an image cannot be read, or a mask is missing or empty.
    """
    if not folder.is_dir():
        raise StudyError(
            f"Expected a folder of known anomalies at {folder}, but there is none; correct negative_folder."
        )
    paths = images_in(folder)
    frames = np.stack([resize_square(read_image(path, grey=channels == 1), size, channels) for path in paths])
    if not (folder / MASKS).is_dir():
        return KnownAnomalies(frames, None)
    masks = {path.stem: path for path in images_in(folder / MASKS)}
    regions = []
    for path in paths:
        if path.stem not in masks:
            raise StudyError(f"Expected a mask named {path.stem} in {folder / MASKS}, but there is none; add it.")
        region = _resized(read_image(masks[path.stem], grey=True) > 127, size)
        if not region.any():
            raise StudyError(
                f"Expected abnormal pixels in {masks[path.stem]}, but all are dark; paint them or take the image out."
            )
        regions.append(region)
    return KnownAnomalies(frames, np.stack(regions))


def refuse_test_frames(anomalies: KnownAnomalies, test: NDArray[np.uint8]) -> None:
    """Raise StudyError if a known anomaly is a frame of the test split, (n, size, size, channels) at the same size."""
    seen = {hashlib.sha256(np.ascontiguousarray(frame).tobytes()).digest() for frame in test}
    for index, frame in enumerate(anomalies.frames):
        if hashlib.sha256(frame.tobytes()).digest() in seen:
            raise StudyError(
                f"Expected known anomalies from elsewhere, but image {index + 1} of the folder is a test frame; "
                "what is tested must not be trained on: take it out."
            )


def _resized(region: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """A region at another size: every pixel that it touches, so that none vanishes."""
    touched = cv2.resize(region.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(touched > 0, dtype=np.bool_)
