"""Where a method sees anomalies: pixel AUC, PRO, RBDC and TBDC of its error maps, on a test set with masks.

The maps are those of the evaluation itself, under the published variant; regions and tracks are those of the masks, resized
to the maps by nearest neighbour. Maps are measured as they are, and once more smoothed by a Gaussian whose width is fixed
beforehand, as methods that report such metrics do: single bright pixels are false regions. MemAE's map is the squared
error also where its score is the absolute one.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.layouts.generated import objects_of, scene_of
from benchmarks.data.video import Video
from benchmarks.measure.pixel_metrics import MappedVideo, pixel_metrics
from benchmarks.measure.regions import Regions, find_regions
from benchmarks.measure.score_levels import DECIMALS, to_levels
from benchmarks.measure.score_maps import SIGMA, SIZE, smooth
from benchmarks.run.evaluation import Pass

# Beyond these frames maps are a fourth as large, so that those of a set's test frames stay below a gigabyte.
_MANY_FRAMES: Final = 8000


def map_size(size: int, videos: Sequence[Video]) -> int | None:
    """Return the side of the error maps to ask an evaluation for, with frames of a side; None on a set without masks."""
    masked = [video.length for video in videos if video.masks is not None]
    if not masked:
        return None
    return min(size, SIZE if sum(video.length for video in videos) <= _MANY_FRAMES else SIZE // 2)


def pixel_facts(scored: Pass, videos: Sequence[Video]) -> dict[str, Any] | None:
    """Return a record's facts of where; None on a set without masks, or if the method draws nothing.

    pixel_auc, pro, rbdc, tbdc: of the maps as they are; under ``smoothed`` those of the smoothed ones, with ``sigma`` in
    pixels. size: side of the maps. videos: those with masks, the others are left out; frames, regions, tracks: how many
    were measured. tracks_from: "objects" where the set knows them, or "overlap" (`benchmarks.measure.regions`).
    levels: distinct levels of the maps, each a threshold of RBDC and TBDC; older records hold ``thresholds`` instead,
    the size of a grid that was too coarse.
    """
    plain: list[MappedVideo] = []
    smoothed: list[MappedVideo] = []
    if scored.error_maps is None:
        return None
    for index, video in enumerate(videos):
        own = np.flatnonzero(scored.video == index)
        if video.masks is None or not own.size:
            continue
        maps = scored.error_maps[own]
        regions = true_regions(video, scored.frame[own], maps.shape[1:])
        plain.append(MappedVideo(to_levels(maps), regions))
        smoothed.append(MappedVideo(to_levels(smooth(maps)), regions))
    if not plain:
        return None
    size = plain[0].levels.shape[1]
    found, after = (_rounded(asdict(pixel_metrics(maps))) for maps in (plain, smoothed))
    counted = ("frames", "regions", "tracks")
    return {
        **found,
        "videos": len(plain),
        "tracks_from": "overlap" if object_centres(videos[0]) is None else "objects",
        "size": size,
        "smoothed": {"sigma": SIGMA * size, **{name: after[name] for name in after if name not in counted}},
    }


def true_regions(video: Video, frames: NDArray[np.int64], shape: tuple[int, ...]) -> Regions:
    """Return a test video's regions in these frames, on maps of ``shape`` (height, width).

    What is a region and what a track is decided on the masks as they are, whatever the size of the maps.
    """
    assert video.masks is not None, "only videos with masks have regions"
    masks = np.stack([video.masks(int(frame)) for frame in frames])
    height, width = shape
    return find_regions(masks, frames, object_centres(video)).resized(height, width)


def object_centres(video: Video) -> NDArray[np.float64] | None:
    """Return where a video's abnormal objects are, as `find_regions` takes them; None if it was not generated.

    An object that is abnormal in two ways, one after the other, has two tracks.
    """
    objects, scene = objects_of(video), scene_of(video)
    if objects is None or scene is None:
        return None
    abnormal = objects[objects["anomaly"] > 0]
    track = abnormal.groupby(["id", "anomaly"]).ngroup()
    return np.column_stack([abnormal["frame"], track, abnormal[["x", "y"]] / scene.size]).astype(np.float64)


def _rounded(found: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, DECIMALS) if isinstance(value, float) else value for name, value in found.items()}
