"""Straight motion at constant speed with sub-pixel positions: objects that bounce, or that cross and leave.

Coordinates are continuous frame pixels: pixel (row i, column j) covers [j, j + 1) x [i, i + 1), x to the right, y down.
Objects do not see each other: they may overlap.

Under ``bounce`` an object turns abnormal in place at the first frame of a range and normal again after the last. Start
places are uniform and directions isotropic, so its place is uniform in every frame whatever its speed: no single frame
betrays a fast object. Under ``cross`` an object is abnormal for its whole way through the frame.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from synthetic.scene import AbnormalRange, Kind, SceneSettings

Floats = npt.NDArray[np.float64]
COLUMNS = ("id", "frame", "kind", "anomaly", "x", "y", "vx", "vy")


def fold(unfolded: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """Reflect a straight way into [low, high]: its place, and the sign (1 or -1) the reflections gave its direction."""
    width = high - low
    phase = np.mod(unfolded - low, 2 * width)
    forth = phase < width
    return low + np.where(forth, phase, 2 * width - phase), np.where(forth, 1.0, -1.0)


def simulate(
    settings: SceneSettings, frames: int, ranges: Sequence[AbnormalRange], rng: np.random.Generator
) -> pd.DataFrame:
    """Table of the objects of one video, one row per object and frame, sorted by frame and id.

    Columns: id, frame, kind (``circle`` or ``square``), anomaly (a ``Kind`` number), x, y (centre, frame pixels),
    vx, vy (frame pixels per frame). The velocity is that of the step which *led to* the frame, after any
    reflection, so a frame counts as fast when the object arrived fast. Under ``cross`` every passage is an object of its own.
    """
    table = (_bounce if settings.boundary == "bounce" else _cross)(settings, frames, ranges, rng)
    return table.sort_values(["frame", "id"], ignore_index=True)


def _table(identity: int, frames: npt.NDArray[np.int64], anomaly: npt.NDArray[np.uint8], way: Floats) -> pd.DataFrame:
    """Rows of one object; way: (frames, 4) of x, y, vx, vy."""
    square = np.isin(anomaly, [kind for kind in Kind if kind.is_square])
    columns = (identity, frames, np.where(square, "square", "circle"), anomaly, *way.T)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def _bounce(
    settings: SceneSettings, frames: int, ranges: Sequence[AbnormalRange], rng: np.random.Generator
) -> pd.DataFrame:
    """Objects that are reflected where a circle touches the wall; squares turn at the same line as circles."""
    low, high = settings.pixel_radius, settings.size - settings.pixel_radius
    anomaly = np.zeros((settings.objects, frames), dtype=np.uint8)
    for abnormal in ranges:
        anomaly[rng.integers(settings.objects), abnormal.start : abnormal.stop] = abnormal.kind
    speed = np.array([settings.pixel_speed(kind) for kind in Kind])[anomaly]
    tables = []
    for identity in range(settings.objects):
        start, angle = rng.uniform(low, high, 2), rng.uniform(0, 2 * np.pi)
        direction = np.array([np.cos(angle), np.sin(angle)])
        travelled = np.concatenate([[0.0], np.cumsum(speed[identity, 1:])])
        place, sign = fold(start + travelled[:, None] * direction, low, high)
        way = np.hstack([place, direction * sign * speed[identity][:, None]])
        tables.append(_table(identity, np.arange(frames), anomaly[identity], way))
    return pd.concat(tables, ignore_index=True)


@dataclass(frozen=True)
class _Passage:
    """A straight way through the frame: from where a circle is just outside to where it is again."""

    entry: Floats
    direction: Floats
    length: float


def _draw_passage(settings: SceneSettings, rng: np.random.Generator) -> _Passage:
    """Passage through a uniform point of the frame in a uniform direction."""
    point, angle = rng.uniform(0, settings.size, 2), rng.uniform(0, 2 * np.pi)
    direction = np.array([np.cos(angle), np.sin(angle)])
    low, high = -settings.pixel_radius, settings.size + settings.pixel_radius
    with np.errstate(divide="ignore"):
        to_walls = np.stack([(low - point) / direction, (high - point) / direction])
    back, forth = to_walls.min(axis=0).max(), to_walls.max(axis=0).min()
    return _Passage(point + back * direction, direction, float(forth - back))


def _cross(
    settings: SceneSettings, frames: int, ranges: Sequence[AbnormalRange], rng: np.random.Generator
) -> pd.DataFrame:
    """Objects that enter, cross and leave; each place is taken again as soon as it is free.

    The first range is met exactly (a passage begins at its start); each later one by the first passage that enters
    after its start and after the previous abnormal object has left, so two kinds never share a frame.
    """
    chosen = int(rng.integers(settings.objects))
    longest = 2**0.5 * (settings.size + 2 * settings.pixel_radius) / settings.pixel_normal_speed
    begun: list[tuple[float, _Passage, Kind]] = []
    free: list[tuple[float, int]] = []  # (moment at which the place is taken again, place)
    for place in range(settings.objects):
        if place == chosen and ranges:
            moment = float(ranges[0].start)
            while moment > 0:  # what crossed before, from the range's start backwards
                passage = _draw_passage(settings, rng)
                moment -= passage.length / settings.pixel_normal_speed
                begun.append((moment, passage, Kind.NORMAL))
            free.append((float(ranges[0].start), place))
        else:
            free.append((-longest * rng.uniform(1, 2), place))  # long enough ago that frame 0 is nothing special
    heapq.heapify(free)
    pending, busy_until = list(ranges), 0.0
    while free[0][0] < frames:
        moment, place = heapq.heappop(free)
        passage, kind = _draw_passage(settings, rng), Kind.NORMAL
        # The first range belongs to the chosen place, which is free at that very moment.
        if pending and moment >= max(pending[0].start, busy_until) and (len(pending) < len(ranges) or place == chosen):
            kind = pending.pop(0).kind
            busy_until = moment + passage.length / settings.pixel_speed(kind)
        begun.append((moment, passage, kind))
        heapq.heappush(free, (moment + passage.length / settings.pixel_speed(kind), place))
    return _passage_rows(settings, frames, sorted(begun, key=lambda item: item[0]))


def _passage_rows(settings: SceneSettings, frames: int, begun: Sequence[tuple[float, _Passage, Kind]]) -> pd.DataFrame:
    """Rows of the passages for the frames they are under way in."""
    tables: list[pd.DataFrame] = []
    for moment, passage, kind in begun:
        speed = settings.pixel_speed(kind)
        seen = np.arange(max(0, int(np.ceil(moment))), min(frames, int(np.ceil(moment + passage.length / speed))))
        if seen.size == 0:
            continue
        velocity = np.broadcast_to(passage.direction * speed, (seen.size, 2))
        way = np.hstack([passage.entry + (seen - moment)[:, None] * velocity, velocity])
        tables.append(_table(len(tables), seen, np.full(seen.size, kind, dtype=np.uint8), way))
    return pd.concat(tables, ignore_index=True)
