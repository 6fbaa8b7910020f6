"""Pixel metrics of an evaluation's error maps, on maps whose values are known."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.data.datasets import open_dataset
from benchmarks.data.layouts import generated
from benchmarks.data.video import Dataset, Video
from benchmarks.measure.regions import Regions
from benchmarks.measure.score_levels import DECIMALS
from benchmarks.measure.score_maps import SIZE
from benchmarks.run.evaluation import Pass
from benchmarks.run.inspect.pixels import map_size, object_centres, pixel_facts, true_regions
from synthetic.scene import SceneSettings
from tests.support.known_maps import known_maps, linked, same_tracks

SCENE = SceneSettings(size=64, train_videos=1, train_frames=1, test_videos=4, test_frames=32)
METRICS = ("pixel_auc", "pro", "rbdc", "tbdc")
Paint = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """A small set of four videos, the last of which holds anomalies of three kinds."""
    path = generated.find("synthetic", None)
    assert path is not None
    return generated.read("synthetic", path, settings=SCENE)


def facts(videos: tuple[Video, ...], paint: Paint | None, painted: tuple[Video, ...] = ()) -> dict[str, Any] | None:
    """The section of an evaluation that scores each video from its second frame on, its error maps made from the masks.

    painted: the videos whose masks are painted, where the set's own have none.
    """
    pairs = [(index, frame) for index, video in enumerate(videos) for frame in range(1, video.length)]
    maps = None
    if paint is not None:
        masks = [(painted or videos)[index].masks for index, _ in pairs]
        assert all(mask is not None for mask in masks)
        maps = np.stack(
            [paint(mask(frame).astype(np.float32)) for mask, (_, frame) in zip(masks, pairs, strict=True) if mask]
        )
    video, frame = np.array(pairs, dtype=np.int64).T
    return pixel_facts(Pass(video, frame, {}, {}, maps), videos)


def whole_truth(videos: Sequence[Video]) -> list[Regions]:
    """Regions of all frames of some test videos, at the size of their masks."""
    found = []
    for video in videos:
        assert video.masks is not None
        found.append(true_regions(video, np.arange(video.length), video.masks(0).shape))
    return found


class TestPixelFacts:
    def test_the_mask_as_error(self, dataset: Dataset) -> None:
        """A method whose error is the mask has 1 in all four; what they rest on is that of the scored frames."""
        found = facts(dataset.test, lambda mask: mask)
        assert found is not None
        assert [found[name] for name in METRICS] == [1.0] * 4
        # the first frame of each video is not scored, and none of them is abnormal
        assert found["frames"] == 4 * 31
        assert found["regions"] == sum(int(video.labels.sum()) for video in dataset.test if video.labels is not None)
        assert found["tracks"] == 6
        assert (found["tracks_from"], found["size"], found["videos"]) == ("objects", 64, 4)
        assert found["smoothed"]["sigma"] == 1.0
        assert found["smoothed"]["rbdc"] == 1.0
        # black, white and nothing between them; the smoothed edges have many values
        assert found["levels"] == 2 < found["smoothed"]["levels"]

    def test_a_constant_error_is_chance(self, dataset: Dataset) -> None:
        """A method that errs alike everywhere has the metrics' chance values, smoothed or not."""
        found = facts(dataset.test, lambda mask: np.full_like(mask, 0.25))
        assert found is not None
        assert [found[name] for name in METRICS] == pytest.approx([0.5, 0.15, 0.0, 0.0])
        assert [found["smoothed"][name] for name in METRICS] == pytest.approx([0.5, 0.15, 0.0, 0.0])

    def test_metrics_have_the_decimals_that_levels_hold(self, dataset: Dataset) -> None:
        """Each metric is rounded to three decimals, of the maps as they are and of the smoothed ones."""
        noise = np.random.default_rng(0)
        found = facts(dataset.test, lambda mask: mask * 0.3 + noise.random(mask.shape).astype(np.float32))
        assert found is not None
        for name in METRICS:
            for value in (found[name], found["smoothed"][name]):
                assert value == round(value, DECIMALS) == round(value, 3)
        assert 0 < found["pixel_auc"] < 1

    def test_videos_without_masks_are_left_out(self, dataset: Dataset) -> None:
        """Only videos with masks count; a set without any has no section, nor has a method that draws nothing."""
        some = (replace(dataset.test[0], masks=None), *dataset.test[1:])
        found = facts(some, lambda mask: mask, dataset.test)
        assert found is not None
        assert (found["videos"], found["frames"], found["tracks"]) == (3, 93, 5)
        none = tuple(replace(video, masks=None) for video in dataset.test)
        assert facts(none, lambda mask: mask, dataset.test) is None
        assert facts(dataset.test, None) is None


class TestMapSize:
    def test_is_that_of_the_frames_up_to_a_limit(self, dataset: Dataset) -> None:
        """Maps are never enlarged, and never larger than the stated size."""
        assert [map_size(size, dataset.test) for size in (64, 128, 256)] == [64, SIZE, SIZE]

    def test_is_smaller_for_very_many_frames(self, dataset: Dataset) -> None:
        """What two thousand frames of 128 x 128 take, forty thousand must not take twentyfold."""
        long = [replace(video, length=10_000, labels=None, kinds=None) for video in dataset.test]
        assert map_size(256, long) == SIZE // 2

    def test_is_none_without_masks(self, dataset: Dataset) -> None:
        """Where nothing can be measured no map is asked for."""
        assert map_size(256, [replace(video, masks=None) for video in dataset.test]) is None


class TestTrueRegions:
    def test_masks_are_resized(self, dataset: Dataset) -> None:
        """At half the size a region has about a fourth of its pixels, and regions and tracks are the same."""
        video = dataset.test[3]
        frames = np.arange(video.length)
        large, small = (true_regions(video, frames, (size, size)) for size in (64, 32))
        assert small.pixel.size == pytest.approx(large.pixel.size / 4, rel=0.1)
        assert np.array_equal(small.track, large.track)
        assert large.tracks == 3

    def test_sets_without_objects_are_linked_by_overlap(self, dataset: Dataset) -> None:
        """A video that was not generated has no centres; linking its masks finds the same tracks here."""
        video = dataset.test[3]
        masks = np.stack([video.masks(index) for index in range(video.length)])  # type: ignore[misc]
        other = Video(video.name, video.length, lambda index, *, grey=False: masks[index], masks=masks.__getitem__)  # type: ignore[arg-type]
        assert object_centres(other) is None
        frames = np.arange(video.length)
        exact, linked = (true_regions(one, frames, (64, 64)) for one in (video, other))
        assert len(set(zip(exact.track.tolist(), linked.track.tolist(), strict=True))) == exact.tracks == linked.tracks


class TestWholeVideos:
    def test_the_synthetic_set(self, dataset: Dataset) -> None:
        """On its test videos every map has the metrics that follow from counts, and linking finds the true tracks."""
        truth = whole_truth(dataset.test)
        assert [regions.shape for regions in truth] == [(32, 64, 64)] * 4
        for known in known_maps(truth):
            assert known.unmet(truth) == {}, known.name
        assert same_tracks(truth, linked(truth))

    @pytest.mark.data
    def test_ped2(self) -> None:
        """Ped2's masks hold 2,411 regions in 21 tracks, in each abnormal frame and in no other."""
        videos = open_dataset("ped2", Path(os.environ["DATA_ROOT"])).test
        truth = whole_truth(videos)
        assert sum(regions.area.size for regions in truth) == 2411
        assert [regions.tracks for regions in truth] == [1, 1, 2, 2, 1, 2, 2, 3, 2, 1, 3, 1]
        for video, regions in zip(videos, truth, strict=True):
            assert video.labels is not None
            assert np.array_equal(np.unique(regions.frame), np.flatnonzero(video.labels))
