"""The set: a plan of each video, and its frames, regions, masks and boxes.

Every video draws from streams of its own, keyed by (seed, split, index, purpose), and noise from one keyed by the frame
as well: a frame is the same whichever process renders it, in whatever order. Train and test are other competitions:
each video has its own camera, colours and waves. In every fourth test video nobody swims.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from synthetic.pool.paint import Ground, blend, paint_surroundings, paint_swimmer, paint_water, swimmer_share
from synthetic.pool.scene import Camera, Colour, Floats, Look, PoolSettings, Split, Swimmer, Wave

SPLIT_KEYS: dict[Split, int] = {"train": 0, "test": 1}
CAMERA, LOOK, SWIMMERS, NOISE, TEXTURE, FOAM = range(6)  # what a stream is for: the last part of its key
EMPTY_EVERY = 4
_WAVES, _TEXTURE_SIDE = 9, 96
_ROPES: tuple[tuple[Colour, Colour], ...] = (
    ((60, 60, 215), (235, 235, 235)),
    ((50, 190, 235), (60, 60, 215)),
    ((235, 235, 235), (180, 90, 20)),
)
_CAPS: tuple[Colour, ...] = ((240, 240, 240), (40, 40, 220), (30, 30, 30), (40, 210, 240))


@dataclass(frozen=True)
class VideoPlan:
    """All that determines one video; hashable and picklable. swimmers: who crosses the pool, none in an empty one."""

    settings: PoolSettings
    split: Split
    index: int
    name: str
    length: int
    swimmers: tuple[Swimmer, ...]


@dataclass(frozen=True)
class RenderedFrame:
    """A frame with its ground truth.

    image: (height, width, 3) uint8, B, G, R. mask: (height, width) bool, where a swimmer with his foam covers at least
    half of a pixel. region: (height, width) bool, the pool. boxes: (n, 4) float64, left, top, right and bottom edge of
    each visible swimmer's mask in pixels, the last two exclusive.
    """

    image: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.bool_]
    region: npt.NDArray[np.bool_]
    boxes: Floats


def video_plan(settings: PoolSettings, split: Split) -> list[VideoPlan]:
    """Plans of the videos of a split, in order; raises ValueError for an unknown split."""
    if split not in SPLIT_KEYS:
        raise ValueError(f"split must be one of {', '.join(SPLIT_KEYS)}, got {split!r}.")
    train = split == "train"
    videos, length = (
        (settings.train_videos, settings.train_frames) if train else (settings.test_videos, settings.test_frames)
    )
    digits = max(2, len(str(videos)))
    plans = []
    for index in range(videos):
        empty = not settings.train_swimmers if train else index % EMPTY_EVERY == EMPTY_EVERY - 1
        swimmers = () if empty else _swimmers(settings, length, _stream(settings, split, index, SWIMMERS))
        plans.append(VideoPlan(settings, split, index, f"{index + 1:0{digits}d}", length, swimmers))
    return plans


def render_frame(plan: VideoPlan, index: int, *, swimmers: bool = True) -> RenderedFrame:
    """Render frame ``index``; without swimmers the same frame of an empty pool. Raises ValueError beyond the video."""
    settings, look = plan.settings, _look(plan)
    ground = Ground(camera_at(plan, index), settings.width, settings.height)
    water = paint_water(ground, settings, look, float(index))
    inside = ground.share_inside(settings)
    masks = []
    # Drawn for every pixel: who swims in front of it then changes nothing else.
    foam = _stream(settings, plan.split, plan.index, FOAM, index).random(water.shape[:2])
    for swimmer in plan.swimmers if swimmers else ():
        shares = swimmer_share(ground, settings, swimmer, index)
        if shares:
            water = paint_swimmer(water, shares, swimmer, foam)
            masks.append(_covered(shares, inside))
    image = blend(paint_surroundings(ground, settings, look, _texture(plan)), water, inside)
    noise = _stream(settings, plan.split, plan.index, NOISE, index).standard_normal(image.shape)
    levels = np.clip(np.rint(image + settings.noise * noise), 0, 255).astype(np.uint8)
    mask: npt.NDArray[np.bool_] = np.any([*masks, np.zeros(inside.shape, dtype=np.bool_)], axis=0)
    boxes = [_box(one) for one in masks if one.any()]
    return RenderedFrame(levels, mask, inside >= 0.5, np.array(boxes, dtype=np.float64).reshape(-1, 4))


def swimmer_mask(plan: VideoPlan, index: int) -> npt.NDArray[np.bool_]:
    """Return the mask of a frame, as `render_frame` does, without painting it."""
    settings, camera = plan.settings, camera_at(plan, index)
    mask = np.zeros((settings.height, settings.width), dtype=np.bool_)
    present = [swimmer for swimmer in plan.swimmers if swimmer.x(index, settings.length) is not None]
    if not present:
        return mask
    ground = Ground(camera, settings.width, settings.height)
    inside = ground.share_inside(settings)
    for swimmer in present:
        shares = swimmer_share(ground, settings, swimmer, index)
        if shares:
            mask |= _covered(shares, inside)
    return mask


def frame_labels(plan: VideoPlan) -> npt.NDArray[np.uint8]:
    """Return (length,) uint8, 1 where a swimmer is visible."""
    if not plan.swimmers:
        return np.zeros(plan.length, dtype=np.uint8)
    return np.array([swimmer_mask(plan, index).any() for index in range(plan.length)], dtype=np.uint8)


def camera_at(plan: VideoPlan, index: int) -> Camera:
    """Return the camera of a frame: it pans slowly, and trembles. Raises ValueError beyond the video."""
    if not 0 <= index < plan.length:
        raise ValueError(f"frame must be from 0 to {plan.length - 1} in video {plan.name}, got {index}.")
    settings = plan.settings
    rng = _stream(settings, plan.split, plan.index, CAMERA)
    x = settings.length * rng.uniform(0.3, 0.7)
    place = (x + rng.uniform(-1.5, 1.5), -rng.uniform(4.0, 6.0), rng.uniform(9.5, 12.0))
    pan, roll, view = rng.uniform(-0.8, 0.8), rng.normal(0, 0.015), rng.uniform(16.0, 18.5)
    tremble = _stream(settings, plan.split, plan.index, CAMERA, index).normal(0, 0.015, 2)
    moved = pan * (index / plan.length - 0.5)
    target = (x + moved + float(tremble[0]), 0.52 * settings.breadth + float(tremble[1]))
    return Camera(place, target, float(roll), float(view))


def _stream(settings: PoolSettings, split: Split, *key: int) -> np.random.Generator:
    """Random stream of its own for each key."""
    spawn_key = (SPLIT_KEYS[split], *key)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(settings.seed, spawn_key=spawn_key)))


@lru_cache(maxsize=4)
def _look(plan: VideoPlan) -> Look:
    """Draw a video's colours, waves and light."""
    settings = plan.settings
    rng = _stream(settings, plan.split, plan.index, LOOK)
    waves = tuple(
        Wave(rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 3.5), rng.uniform(0.2, 0.6), rng.uniform(0, 2 * np.pi))
        for _ in range(_WAVES)
    )
    blue = rng.uniform(185, 225)
    grey = rng.uniform(140, 190)
    return Look(
        water=(blue, blue * rng.uniform(0.72, 0.88), blue * rng.uniform(0.25, 0.45)),
        deck=(grey * 0.9, grey * rng.uniform(0.93, 1.0), grey),
        ropes=_ROPES[int(rng.integers(len(_ROPES)))],
        waves=waves,
        glare=(
            settings.length * rng.uniform(0.3, 0.7),
            settings.breadth * rng.uniform(0.3, 0.9),
            rng.uniform(1.0, 2.5),
            rng.uniform(60, 150),
        ),
    )


@lru_cache(maxsize=4)
def _texture(plan: VideoPlan) -> npt.NDArray[np.float32]:
    """Draw what deck and stands are made of."""
    rng = _stream(plan.settings, plan.split, plan.index, TEXTURE)
    return rng.random((_TEXTURE_SIDE, _TEXTURE_SIDE, 3), dtype=np.float32)


def _swimmers(settings: PoolSettings, length: int, rng: np.random.Generator) -> tuple[Swimmer, ...]:
    """Draw who swims: one to all lanes, all in one direction, a little apart, after some frames of empty water."""
    count = int(rng.integers(1, settings.lanes, endpoint=True))
    lanes = rng.permutation(settings.lanes)[:count]
    direction = 1.0 if rng.random() < 0.5 else -1.0
    first = int(rng.integers(length // 10, length // 3))
    return tuple(
        Swimmer(
            lane=int(lane),
            start=first + int(rng.integers(0, length // 8, endpoint=True)),
            speed=direction * float(rng.uniform(0.75, 0.95)),
            stroke=float(rng.uniform(0, 2 * np.pi)),
            submerged=bool(rng.random() < 0.3),
            cap=_CAPS[int(rng.integers(len(_CAPS)))],
            skin=(float(rng.uniform(70, 130)), float(rng.uniform(100, 160)), float(rng.uniform(150, 215))),
        )
        for lane in lanes
    )


def _covered(shares: dict[str, Floats], inside: Floats) -> npt.NDArray[np.bool_]:
    covered: npt.NDArray[np.bool_] = (np.max(list(shares.values()), axis=0) >= 0.5) & (inside >= 0.5)
    return covered


def _box(mask: npt.NDArray[np.bool_]) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
