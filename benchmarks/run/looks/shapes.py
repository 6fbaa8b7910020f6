"""Do squares come out as circles (claim C7)? The output at each square, compared with both shapes drawn ideally."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.data.layouts.generated import objects_of, scene_of
from benchmarks.data.video import Video
from benchmarks.run.contract import Method
from benchmarks.run.feed import Feed
from benchmarks.run.looks.sample import looks, spread
from synthetic.scene import Kind, SceneSettings
from synthetic.similarity import cut_patch, shape_similarity

FRAMES = 200
_DECIMALS = 6
# Of a circle's radius: how far a patch reaches beyond the object's place, so that its outline stands against background.
_REACH = 1.5


@dataclass(frozen=True)
class Geometry:
    """Sizes in pixels of the frames that are looked at: radius, half side, reach of a patch, side of the frame."""

    radius: float
    half_side: float
    reach: int
    size: int

    @classmethod
    def of(cls, scene: SceneSettings, size: int) -> "Geometry":
        """Return the scene's sizes for frames resized to ``size``."""
        scale = size / scene.size
        radius = scene.pixel_radius * scale
        return cls(radius, scene.pixel_half_side * scale, math.ceil(_REACH * radius), size)


def measurable(objects: pd.DataFrame, geometry: Geometry) -> pd.DataFrame:
    """Return the objects of one frame that are wholly in it and have no other in their patch.

    objects: columns x, y (pixels of the frame looked at), and any others
    """
    outer = max(geometry.radius, geometry.half_side)
    places = objects[["x", "y"]].to_numpy(dtype=np.float64)
    inside = ((places >= outer) & (places <= geometry.size - outer)).all(axis=1)
    apart = np.abs(places[:, None] - places[None]).max(axis=2)
    np.fill_diagonal(apart, np.inf)
    alone = (apart > geometry.reach + 1 + outer).all(axis=1)
    kept: pd.DataFrame = objects[inside & alone]
    return kept


def likeness(image: NDArray[np.floating], x: float, y: float, geometry: Geometry) -> tuple[float, float]:
    """Return the similarity (to a circle, to a square) of an image (height, width) at a place."""
    patch, centre = cut_patch(image, x, y, geometry.reach)
    return shape_similarity(patch, geometry.radius, geometry.half_side, centre)


def shape_facts(method: Method, feed: Feed, videos: Sequence[Video]) -> dict[str, Any] | None:
    """Return a record's facts of shapes on the synthetic set; None on any other, or if the method draws nothing.

    Of the test frames with a measurable square, at most `FRAMES`, evenly spread, are looked at. ``circle_minus_square``
    is the mean, over squares, of the output's similarity to a circle minus that to a square; the target at squares
    and both at the circles of the same frames are controls; squares stand by kind of anomaly beside.
    """
    scene = scene_of(videos[0])
    if scene is None:
        return None
    tables = [_objects(video) for video in videos]
    size = feed.clips.frames.shape[1]
    geometry = Geometry.of(scene, size)
    at: dict[int, pd.DataFrame] = {}
    for index in range(len(feed.clips)):
        objects = tables[int(feed.clips.video[index])].get(int(feed.clips.first[index]) + method.scored_frame)
        if objects is None or not (objects["kind"] == "square").any():
            continue
        scale = size / scene.size
        kept = measurable(objects.assign(x=objects["x"] * scale, y=objects["y"] * scale), geometry)
        if (kept["kind"] == "square").any():
            at[index] = kept
    rows: list[dict[str, Any]] = []
    chosen = np.array(list(at), dtype=np.int64)
    if len(chosen):
        chosen = chosen[spread(len(chosen), FRAMES)]
    for batch, look in looks(method, feed, chosen):
        images = {name: getattr(look, name).mean(dim=-1).double().cpu().numpy() for name in ("output", "target")}
        for row, index in enumerate(batch.index):
            for _, one in at[int(index)].iterrows():
                for name, image in images.items():
                    circle, square = likeness(image[row], one["x"], one["y"], geometry)
                    rows.append(
                        {
                            "image": name,
                            "kind": one["kind"],
                            "anomaly": one["anomaly"],
                            "circle": circle,
                            "square": square,
                        }
                    )
    return _described(pd.DataFrame(rows)) if rows else None


def _objects(video: Video) -> dict[int, pd.DataFrame]:
    """Return the object table of each frame of a video; empty if it was not generated."""
    table = objects_of(video)
    return {} if table is None else {int(str(frame)): rows for frame, rows in table.groupby("frame")}


def _described(rows: pd.DataFrame) -> dict[str, Any]:
    def of(image: str, kind: str, anomaly: Kind | None = None) -> dict[str, Any]:
        chosen = rows[(rows["image"] == image) & (rows["kind"] == kind)]
        if anomaly is not None:
            chosen = chosen[chosen["anomaly"] == anomaly]
        if chosen.empty:
            return {"objects": 0}
        circle, square = float(chosen["circle"].mean()), float(chosen["square"].mean())
        return {
            "objects": len(chosen),
            "to_circle": round(circle, _DECIMALS),
            "to_square": round(square, _DECIMALS),
            "circle_minus_square": round(circle - square, _DECIMALS),
        }

    return {
        **of("output", "square"),
        "target": of("target", "square"),
        "circles": {"output": of("output", "circle"), "target": of("target", "circle")},
        "kinds": {kind.name.lower(): of("output", "square", kind) for kind in Kind if kind.is_square},
    }
