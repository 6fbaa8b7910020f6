"""Whether squares come out as circles, on outputs that are known to be one or the other."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks.data.clips import Clips
from benchmarks.data.layouts import generated
from benchmarks.data.video import Dataset, Video
from benchmarks.run.contract import Batch, Inspection
from benchmarks.run.feed import Feed
from benchmarks.run.inspect.sample import observe
from benchmarks.run.inspect.shapes import Geometry, Shapes, measurable, shape_observer
from synthetic.dataset import _paint
from synthetic.scene import SceneSettings

SCENE = SceneSettings(train_videos=1, train_frames=1, test_videos=4, test_frames=24)
GEOMETRY = Geometry.of(SCENE, SCENE.size)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """A small set with squares, circles and both."""
    path = generated.find("synthetic", None)
    assert path is not None
    return generated.read("synthetic", path, settings=SCENE)


def shapes_of(method: Any, feed: Feed, videos: Sequence[Video]) -> Shapes | None:
    """What a method's outputs say of shapes."""
    observer = shape_observer(feed, videos, 0)
    return observer.shapes() if observer is not None and observe(method, feed, [observer]) else None


def frames_of(dataset: Dataset, kind: str | None = None) -> np.ndarray:
    """All test frames (n, size, size, 1), with every object drawn as one kind if asked."""
    drawn = []
    for video in dataset.test:
        objects = generated.objects_of(video)
        assert objects is not None
        assert isinstance(video.read, generated.RenderedFrames)
        shown = objects if kind is None else objects.assign(kind=kind)
        drawn.append(_paint(video.read.plan, shown, range(video.length))[0])
    return np.concatenate(drawn)[..., None]


class Drawer:
    """Stands in for a method: its output is a frame of another store at the same place."""

    clip_length = 1
    scored_frame = 0
    evaluation_batch = 7

    def __init__(self, outputs: np.ndarray, *, drawn: bool = True) -> None:
        self.outputs = torch.from_numpy(outputs)
        self.drawn = drawn

    def inspect(self, batch: Batch) -> Inspection:
        """Return the frame and what is drawn of it."""
        frame, output = batch.frames[:, 0] / 255, self.outputs[batch.index] / 255
        return Inspection(frame, frame, output, (output - frame).square().mean(dim=-1), drawn=self.drawn)


def shapes(dataset: Dataset, outputs: np.ndarray, frames: np.ndarray | None = None) -> Shapes:
    """What a look at a method that draws these outputs finds."""
    seen = frames_of(dataset) if frames is None else frames
    feed = Feed(Clips(seen, [video.length for video in dataset.test], length=1), torch.device("cpu"))
    found = shapes_of(Drawer(outputs), feed, dataset.test)
    assert found is not None
    return found


def facts(dataset: Dataset, outputs: np.ndarray, frames: np.ndarray | None = None) -> dict[str, Any]:
    """The section of the record of a method that draws these outputs."""
    return shapes(dataset, outputs, frames).facts


class TestLookAtShapes:
    def test_a_patch_of_each_kind(self, dataset: Dataset) -> None:
        """Target and output around one square of each kind; as drawn here, the square fills corners that a circle leaves."""
        found = shapes(dataset, frames_of(dataset, "circle")).patches
        side = 2 * GEOMETRY.reach + 1
        assert sorted(found["patch_kind"]) == ["spatial", "spatio_temporal"]
        assert found["patch_target"].shape == found["patch_output"].shape == (2, side, side)
        assert (found["patch_target"] != found["patch_output"]).any(axis=(1, 2)).all()
        copied = shapes(dataset, frames_of(dataset)).patches
        assert np.array_equal(copied["patch_output"], copied["patch_target"])

    def test_circles_for_squares_are_found_out(self, dataset: Dataset) -> None:
        """An output that draws circles where squares were is like a circle, its target like a square."""
        found = facts(dataset, frames_of(dataset, "circle"))
        assert found["objects"] > 20
        assert found["to_circle"] == pytest.approx(1, abs=1e-3)
        assert found["circle_minus_square"] > 0.02
        assert found["target"]["circle_minus_square"] < -0.02
        assert found["target"]["to_square"] == pytest.approx(1, abs=1e-3)
        assert found["target"]["objects"] == found["objects"]

    def test_a_true_copy_is_told_apart_by_shape(self, dataset: Dataset) -> None:
        """An output equal to its target has squares at squares and circles at circles, of both kinds of square."""
        found = facts(dataset, frames_of(dataset))
        assert {name: value for name, value in found.items() if name in found["target"]} == found["target"]
        assert found["circle_minus_square"] < -0.02
        assert found["circles"]["output"] == found["circles"]["target"]
        assert found["circles"]["output"]["circle_minus_square"] > 0.02
        assert set(found["kinds"]) == {"spatial", "spatio_temporal"}
        assert all(kind["circle_minus_square"] < -0.02 for kind in found["kinds"].values())
        assert sum(kind["objects"] for kind in found["kinds"].values()) == found["objects"]

    @pytest.mark.parametrize(("kind", "sign"), [(None, -1), ("circle", 1)])
    def test_blur_alone_does_not_pass_for_rounding(self, dataset: Dataset, kind: str | None, sign: int) -> None:
        """Blurred squares look round to sharp shapes, yet matched ones tell them from blurred circles."""
        drawn = frames_of(dataset, kind)[..., 0]
        blurred = np.stack([cv2.GaussianBlur(frame, (0, 0), 0.5 * SCENE.pixel_radius) for frame in drawn])
        found = facts(dataset, blurred[..., None])
        assert found["circle_minus_square"] > 0
        assert sign * found["matched"]["circle_minus_square"] > 1e-4
        assert max(found["matched"]["to_circle"], found["matched"]["to_square"]) > 0.99

    def test_an_empty_output_is_like_neither(self, dataset: Dataset) -> None:
        """Background alone counts for no shape, and for all objects."""
        found = facts(dataset, np.full_like(frames_of(dataset), 32))
        assert (found["to_circle"], found["to_square"], found["circle_minus_square"]) == (0, 0, 0)
        assert set(found["matched"].values()) == {0}

    def test_places_scale_with_the_frames(self, dataset: Dataset) -> None:
        """Frames stored at twice the size are measured at twice the places."""
        seen = frames_of(dataset).repeat(2, axis=1).repeat(2, axis=2)
        found = facts(dataset, seen, seen)
        assert found["to_square"] > 0.97
        assert found["circle_minus_square"] < -0.02

    def test_other_sets_have_none(self, dataset: Dataset) -> None:
        """Without an object table nothing is measured."""
        frames = frames_of(dataset)[:5]
        videos = [Video("01", 5, read=lambda index, *, grey=False: frames[index])]
        feed = Feed(Clips(frames, [5], length=1), torch.device("cpu"))
        assert shapes_of(Drawer(frames), feed, videos) is None

    def test_a_method_that_gives_no_image_back_has_none(self, dataset: Dataset) -> None:
        """The frame that stands for its output says nothing of shapes."""
        frames = frames_of(dataset)
        feed = Feed(Clips(frames, [video.length for video in dataset.test], length=1), torch.device("cpu"))
        assert shapes_of(Drawer(frames, drawn=False), feed, dataset.test) is None


class TestMeasurable:
    @staticmethod
    def kept(*places: tuple[float, float]) -> list[int]:
        """Which of some objects are kept."""
        return list(measurable(pd.DataFrame(places, columns=["x", "y"]), GEOMETRY).index)

    def test_an_object_by_itself_is(self) -> None:
        """Also when it touches the wall without being cut."""
        assert self.kept((64, 64), (5, 100)) == [0, 1]

    def test_one_cut_by_the_edge_is_not(self) -> None:
        """Part of it is out of sight."""
        assert self.kept((4.9, 64), (64, 125), (-3, 64), (64, 64)) == [3]

    def test_two_in_one_patch_are_not(self) -> None:
        """The other's pixels would be taken for this one's shape; apart along one axis is enough."""
        assert self.kept((50, 50), (58, 57), (100, 50), (50, 80)) == [2, 3]
