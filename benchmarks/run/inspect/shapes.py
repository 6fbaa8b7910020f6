"""Do squares come out as circles (claim C7)? The output at each square, compared with both shapes drawn ideally.

A square that is blurred by a third of the radius correlates better with a sharp circle than with a sharp square, so
blur alone would pass for rounding. Each comparison is therefore made twice: with the sharp shapes, and ``matched``, with
each shape blurred as suits it best.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.data.layouts.generated import objects_of, scene_of
from benchmarks.data.video import Video
from benchmarks.run.feed import Feed
from benchmarks.run.inspect.sample import Seen, spread
from synthetic.render import circle_coverage, square_coverage
from synthetic.scene import Kind, SceneSettings
from synthetic.similarity import cut_patch, shape_similarity

FRAMES = 200
_DECIMALS = 6
_MEASURED = ("circle", "square", "matched_circle", "matched_square")
# Of a circle's radius: how far a patch reaches beyond the object's place, so that its outline stands against background.
_REACH = 1.5
# Standard deviations of the blurs that a matched shape is tried with, likewise.
_BLURS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Geometry:
    """Sizes in pixels of the frames that are sampled: radius, half side, reach of a patch, side of the frame."""

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


@dataclass(frozen=True)
class Shapes:
    """What squares came out as.

    facts: section of the record. ``circle_minus_square`` is the mean, over squares, of the output's similarity to a circle
        minus that to a square; under ``matched`` the same with blurred shapes. The target at squares and both at the
        circles of the same frames are controls; squares are listed by kind of anomaly.
    patches: arrays of a `InspectionFile`, the first square of each kind whose patch is whole
    """

    facts: dict[str, Any]
    patches: dict[str, NDArray[Any]]


def measurable(objects: pd.DataFrame, geometry: Geometry) -> pd.DataFrame:
    """Return the objects of one frame that are wholly in it and have no other in their patch.

    objects: columns x, y (pixels of the inspected frame), and any others
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


def matched_likeness(image: NDArray[np.floating], x: float, y: float, geometry: Geometry) -> tuple[float, float]:
    """Return the similarity as `likeness` does, each shape blurred by that of several blurs which suits it best."""
    patch, centre = cut_patch(image, x, y, geometry.reach)
    height, width = patch.shape
    margin = math.ceil(3 * _BLURS[-1] * geometry.radius)
    left, top = (np.array([place + margin]) for place in centre)
    side = max(height, width) + 2 * margin
    shapes = (
        circle_coverage(left, top, geometry.radius, side)[0],
        square_coverage(left, top, geometry.half_side, side)[0],
    )
    blurred = [
        [shape if blur == 0 else cv2.GaussianBlur(shape, (0, 0), blur * geometry.radius) for blur in _BLURS]
        for shape in shapes
    ]
    rows, columns = slice(margin, margin + height), slice(margin, margin + width)
    circle, square = (max(_correlation(patch, one[rows, columns]) for one in each) for each in blurred)
    return circle, square


def _correlation(patch: NDArray[np.float64], ideal: NDArray[np.floating]) -> float:
    """Return Pearson's correlation over pixels, 0 for a patch that is flat but for rounding."""
    if np.ptp(patch) <= 1e-9 * max(1.0, float(np.abs(patch).max())):
        return 0.0
    return float(np.corrcoef(patch.ravel(), ideal.ravel())[0, 1])


class ShapeSample:
    """Observes at most `FRAMES`, evenly spread, of the test frames with a measurable square.

    scene: that of the synthetic set; no other set has one
    """

    def __init__(self, feed: Feed, videos: Sequence[Video], scored_frame: int, scene: SceneSettings) -> None:
        tables = [_objects(video) for video in videos]
        size = feed.clips.frames.shape[1]
        self._geometry = Geometry.of(scene, size)
        self._at: dict[int, pd.DataFrame] = {}
        for index in range(len(feed.clips)):
            objects = tables[int(feed.clips.video[index])].get(int(feed.clips.first[index]) + scored_frame)
            if objects is None or not (objects["kind"] == "square").any():
                continue
            scale = size / scene.size
            kept = measurable(objects.assign(x=objects["x"] * scale, y=objects["y"] * scale), self._geometry)
            if (kept["kind"] == "square").any():
                self._at[index] = kept
        self.indices = np.array(list(self._at), dtype=np.int64)
        if len(self.indices):
            self.indices = self.indices[spread(len(self.indices), FRAMES)]
        self._rows: list[dict[str, Any]] = []
        self._patches: dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]] = {}

    def see(self, clip: Seen) -> None:
        """Compare each object's output and target with both shapes; a method that draws no image has none."""
        if not clip.inspection.drawn:
            return
        images = {
            name: getattr(clip.inspection, name)[0].mean(dim=-1).double().cpu().numpy() for name in ("output", "target")
        }
        for _, one in self._at[clip.index].iterrows():
            _note_patch(self._patches, one, images["target"], images["output"], self._geometry)
            for name, image in images.items():
                place = (image, float(one["x"]), float(one["y"]), self._geometry)
                similar = (*likeness(*place), *matched_likeness(*place))
                named = {"image": name, "kind": one["kind"], "anomaly": one["anomaly"]}
                self._rows.append(named | dict(zip(_MEASURED, similar, strict=True)))

    def shapes(self) -> Shapes | None:
        """Return what squares came out as; None if the method draws nothing, or there is no square."""
        return Shapes(_described(pd.DataFrame(self._rows)), _as_arrays(self._patches)) if self._rows else None


def shape_observer(feed: Feed, videos: Sequence[Video], scored_frame: int) -> ShapeSample | None:
    """Return who measures shapes; None on any set but the synthetic one."""
    scene = scene_of(videos[0])
    return None if scene is None else ShapeSample(feed, videos, scored_frame, scene)


def _note_patch(
    patches: dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]],
    one: "pd.Series[Any]",
    target: NDArray[np.float64],
    output: NDArray[np.float64],
    geometry: Geometry,
) -> None:
    """Keep the patches around an object if it is the first square of its kind and nothing of them is cut off."""
    kind = Kind(one["anomaly"]).name.lower()
    if one["kind"] != "square" or kind in patches:
        return
    cut = [cut_patch(image, one["x"], one["y"], geometry.reach)[0] for image in (target, output)]
    if cut[0].shape == (2 * geometry.reach + 1,) * 2:
        patches[kind] = (np.rint(255 * cut[0]).astype(np.uint8), np.rint(255 * cut[1]).astype(np.uint8))


def _as_arrays(patches: dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> dict[str, NDArray[Any]]:
    if not patches:
        return {}
    target, output = (np.stack([pair[place] for pair in patches.values()]) for place in (0, 1))
    return {"patch_kind": np.array(list(patches), dtype=np.str_), "patch_target": target, "patch_output": output}


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
        circle, square, *matched = (float(chosen[name].mean()) for name in _MEASURED)
        return {"objects": len(chosen), **compared(circle, square), "matched": compared(*matched)}

    def compared(circle: float, square: float) -> dict[str, float]:
        return {
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
