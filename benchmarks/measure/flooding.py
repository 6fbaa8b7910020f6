"""Detected regions of a video's score maps at every threshold, in one pass over the pixels.

Pixels of a frame enter from the highest level down and join the components around them (union-find), so that areas,
overlaps with true regions and the number of components are known after every level without labelling a frame again.
The work does not depend on the number of levels. numba compiles the loop where it is installed; elsewhere Python runs
the same lines, to the same numbers, some forty times as slowly.
"""

import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np

from benchmarks.measure.regions import Ints, Regions
from benchmarks.measure.score_levels import LEVELS, Levels

# Bounds the memory of sorted pixels, whatever the length of a video.
_FRAMES_AT_ONCE: Final = 256
Row = Any
"""A row of numbers: an array for the compiled loop, a list for the interpreted one, which reads lists faster."""


def flood(levels: Levels, truth: Regions, beta: float) -> tuple[Ints, Ints]:
    """Count false regions and found true ones of one video at every threshold.

    levels: (frames, height, width), the shape of the regions. beta: least intersection over union of a match.
    Returns false (LEVELS,), the components of the pixels at or above each level that match no true region, and found
    (tracks, LEVELS), the true regions of each track that a component matches.
    """
    frames, height, width = truth.shape
    run, row_of = _loop()
    first = np.searchsorted(truth.frame, np.arange(frames + 1))
    most = max(1, int(np.diff(first).max(initial=0)))
    # a border around each frame spares the loop to ask where a frame ends
    padded = (height + 2, width + 2)
    inner = np.flatnonzero(np.pad(np.ones((height, width), dtype=np.bool_), 1))
    size = padded[0] * padded[1]
    scratch = [row_of(np.zeros(length, dtype=np.int64)) for length in (size, size, size, size * most, size * most)]
    false = row_of(np.zeros(LEVELS, dtype=np.int64))
    found = row_of(np.zeros(truth.tracks * LEVELS, dtype=np.int64))
    for start in range(0, frames, _FRAMES_AT_ONCE):
        chosen = np.arange(start, min(start + _FRAMES_AT_ONCE, frames))
        values = np.pad(levels[chosen].astype(np.int64), ((0, 0), (1, 1), (1, 1))).reshape(len(chosen), size)
        pixel, region = truth.within(chosen)
        owner = np.full((len(chosen), height * width), -1, dtype=np.int64)
        owner.reshape(-1)[pixel] = region
        owner = np.pad(owner.reshape(-1, height, width), ((0, 0), (1, 1), (1, 1)), constant_values=-1).reshape(-1, size)
        order = inner[np.argsort(levels[chosen].reshape(len(chosen), -1), axis=1, kind="stable")[:, ::-1]]
        for index, frame in enumerate(chosen):
            own = slice(first[frame], first[frame + 1])
            rows = (values[index], order[index], owner[index] - first[frame], truth.area[own], truth.track[own])
            run(*map(row_of, rows), padded[1], beta, *scratch, false, found)
    # a change at a level holds from there on downwards
    changes = np.asarray(found, dtype=np.int64).reshape(truth.tracks, LEVELS)
    return np.cumsum(np.asarray(false)[::-1])[::-1], np.cumsum(changes[:, ::-1], axis=1)[:, ::-1]


@cache
def _loop() -> tuple[Callable[..., None], Callable[[Ints], Row]]:
    """Return the loop over a frame's pixels and what makes its rows of arrays."""
    if importlib.util.find_spec("numba") is None:
        return add_changes, np.ndarray.tolist
    import numba

    return numba.njit(cache=True)(add_changes), np.ascontiguousarray


def add_changes(
    levels: Row,
    order: Row,
    owner: Row,
    area: Row,
    track: Row,
    width: int,
    beta: float,
    parent: Row,
    size: Row,
    matched: Row,
    shared: Row,
    matches: Row,
    false: Row,
    found: Row,
) -> None:
    """Add what changes at each level of one frame to ``false`` and, track after track, to ``found``.

    levels, owner: (p,) level and true region (negative: none) of each pixel of the frame with a border, ``width`` wide.
    order: its inner pixels from the highest level down. area, track: (r,) of the frame's true regions.
    The rest is room for what is known of a component, at its root: parent, size, matched (p,), how many true regions it
    matches; shared, matches (p * r,), the pixels that it shares with each and whether it matches it.
    """
    regions = len(area)
    for pixel in range(len(parent)):
        parent[pixel] = -1
    hits = [0] * (regions + 1)
    counted = [0] * (regions + 1)
    wrong = 0
    counted_wrong = 0
    for rank in range(len(order)):
        pixel = order[rank]
        parent[pixel] = pixel
        size[pixel] = 1
        matched[pixel] = 0
        for region in range(regions):
            shared[pixel * regions + region] = int(owner[pixel] == region)
            matches[pixel * regions + region] = 0
        wrong += 1
        root = pixel
        for offset in (-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1):
            other = pixel + offset
            if parent[other] < 0:
                continue
            while parent[other] != other:
                parent[other] = parent[parent[other]]
                other = parent[other]
            if other == root:
                continue
            large, small = root, other
            if size[root] < size[other]:
                large, small = other, root
            parent[small] = large
            size[large] += size[small]
            if matched[small] == 0:
                wrong -= 1
            for region in range(regions):
                shared[large * regions + region] += shared[small * regions + region]
                hits[region] -= matches[small * regions + region]
            root = large
        now = 0
        for region in range(regions):
            at = root * regions + region
            match = int(shared[at] / (size[root] + area[region] - shared[at]) >= beta)
            hits[region] += match - matches[at]
            matches[at] = match
            now += match
        wrong += int(now == 0) - int(matched[root] == 0)
        matched[root] = now
        level = levels[pixel]
        # equal pixels enter together
        if rank + 1 < len(order) and levels[order[rank + 1]] == level:
            continue
        false[level] += wrong - counted_wrong
        counted_wrong = wrong
        for region in range(regions):
            seen = int(hits[region] > 0)
            found[track[region] * len(false) + level] += seen - counted[region]
            counted[region] = seen
