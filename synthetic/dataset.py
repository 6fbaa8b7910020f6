"""The set: a plan of each video, and its frames, labels, kinds, masks and object table.

Every video draws from a stream of its own, keyed by (seed, split, index), and its noise from one keyed by the frame as
well: the frames are the same whichever process renders them, in whatever order.

Training videos are normal throughout. Test videos take turns: spatial, temporal, spatio-temporal (one abnormal range
each) and mixed (a range of each kind, in random order); normal frames precede and follow every range.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthetic import render
from synthetic.motion import simulate
from synthetic.scene import AbnormalRange, Kind, SceneSettings, Split

TURNS = (
    ("spatial", (Kind.SPATIAL,)),
    ("temporal", (Kind.TEMPORAL,)),
    ("spatio_temporal", (Kind.SPATIO_TEMPORAL,)),
    ("mixed", (Kind.SPATIAL, Kind.TEMPORAL, Kind.SPATIO_TEMPORAL)),
)
SPLIT_KEYS: dict[Split, int] = {"train": 0, "test": 1}
RANGES, MOTION, NOISE, TEXTURE = range(4)  # what a stream is for: the last part of its key


@dataclass(frozen=True)
class VideoPlan:
    """All that determines one video; hashable and picklable.

    kind: ``normal`` (training), ``spatial``, ``temporal``, ``spatio_temporal`` or ``mixed``; ranges: its abnormal
    ranges in order; key: of the video's random streams below the set's seed.
    """

    settings: SceneSettings
    split: Split
    index: int
    name: str
    length: int
    kind: str
    ranges: tuple[AbnormalRange, ...]
    key: tuple[int, ...]


@dataclass(frozen=True)
class RenderedVideo:
    """A video with its ground truth.

    frames: (length, size, size) uint8. labels: (length,) uint8, 1 = abnormal, which is where the mask is not empty.
    kinds: (length,) uint8, a ``Kind`` number. masks: (length, size, size) bool, pixels at least half covered by an
    abnormal object. objects: see ``motion.simulate``.
    """

    frames: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]
    kinds: npt.NDArray[np.uint8]
    masks: npt.NDArray[np.bool_]
    objects: pd.DataFrame


def _stream(settings: SceneSettings, *key: int) -> np.random.Generator:
    """Random stream of its own for each key."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(settings.seed, spawn_key=key)))


def video_plan(settings: SceneSettings, split: Split) -> list[VideoPlan]:
    """Plans of the videos of a split, in order; raises ValueError for an unknown split."""
    if split not in SPLIT_KEYS:
        raise ValueError(f"split must be one of {', '.join(SPLIT_KEYS)}, got {split!r}.")
    train = split == "train"
    videos, length = (
        (settings.train_videos, settings.train_frames) if train else (settings.test_videos, settings.test_frames)
    )
    digits = max(2, len(str(videos)))  # so that the order of names is the order of videos
    plans = []
    for index in range(videos):
        key = (SPLIT_KEYS[split], index)
        kind, kinds = ("normal", ()) if train else TURNS[index % len(TURNS)]
        ranges = _draw_ranges(length, kinds, _stream(settings, *key, RANGES))
        plans.append(VideoPlan(settings, split, index, f"{index + 1:0{digits}d}", length, kind, ranges, key))
    return plans


def _draw_ranges(length: int, kinds: tuple[Kind, ...], rng: np.random.Generator) -> tuple[AbnormalRange, ...]:
    """One range of each kind, in random order, each in its own equal part of the video and about half of it long."""
    ranges = []
    for part, which in enumerate(rng.permutation(len(kinds)).tolist()):
        low, high = part * length // len(kinds), (part + 1) * length // len(kinds)
        room = high - low
        start = max(low + int(rng.integers(room // 5, room // 3, endpoint=True)), low + 1)
        stop = start + max(int(rng.integers(2 * room // 5, room // 2, endpoint=True)), 1)
        # A part of five frames at the least: at least one normal frame before the range and one after it.
        ranges.append(AbnormalRange(start, min(stop, high - 1), kinds[which]))
    return tuple(ranges)


@lru_cache(maxsize=64)
def _objects(plan: VideoPlan) -> pd.DataFrame:
    """Object table of a video; cached, so not to be changed."""
    return simulate(plan.settings, plan.length, plan.ranges, _stream(plan.settings, *plan.key, MOTION))


def _paint(
    plan: VideoPlan, objects: pd.DataFrame, indices: range
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Frames and masks of some consecutive frames; objects: the rows of those frames."""
    settings = plan.settings
    shape = (len(indices), settings.size, settings.size)
    visible, masks = np.ones(shape, dtype=np.float32), np.zeros(shape, dtype=np.bool_)
    square, abnormal = (objects["kind"] == "square").to_numpy(), (objects["anomaly"] != Kind.NORMAL).to_numpy()
    frame = objects["frame"].to_numpy() - indices.start
    x, y = objects["x"].to_numpy(), objects["y"].to_numpy()
    for is_square, half in ((False, settings.pixel_radius), (True, settings.pixel_half_side)):
        for is_abnormal in (False, True):
            rows = (square == is_square) & (abnormal == is_abnormal)
            target = masks if is_abnormal else None
            render.draw(visible, frame[rows], (x[rows], y[rows]), half, square=is_square, masks=target)
    # One texture for the whole set: a camera that does not move.
    behind = render.background(settings.size, settings.background, settings.texture, _stream(settings, TEXTURE))
    levels = settings.foreground + (behind - settings.foreground) * visible
    if settings.noise > 0:
        for row, index in enumerate(indices):
            noise = _stream(settings, *plan.key, NOISE, index).standard_normal(shape[1:], dtype=np.float32)
            levels[row] += settings.noise * noise
    return render.to_grey(levels), masks


def render_video(plan: VideoPlan) -> RenderedVideo:
    """Frames and ground truth of a video."""
    objects = _objects(plan)
    frames, masks = _paint(plan, objects, range(plan.length))
    labels: npt.NDArray[np.uint8] = np.asarray(masks.any(axis=(1, 2)), dtype=np.uint8)
    kinds = np.zeros(plan.length, dtype=np.uint8)
    np.maximum.at(kinds, objects["frame"].to_numpy(), objects["anomaly"].to_numpy())
    kinds[labels == 0] = Kind.NORMAL  # under ``cross`` an object may be under way, yet not visible
    return RenderedVideo(frames, labels, kinds, masks, objects.copy())


def render_frame(plan: VideoPlan, index: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """One frame (size, size) uint8 and its mask (size, size) bool, the same as in ``render_video``."""
    if not 0 <= index < plan.length:
        raise ValueError(f"frame must be from 0 to {plan.length - 1} in video {plan.name}, got {index}.")
    objects = _objects(plan)
    frames, masks = _paint(plan, objects[objects["frame"] == index], range(index, index + 1))
    return frames[0], masks[0]
