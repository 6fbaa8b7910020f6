"""Pixel metrics of what a method draws, on maps whose values are known."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.data.clips import Clips
from benchmarks.data.datasets import open_dataset
from benchmarks.data.layouts import generated
from benchmarks.data.video import Dataset, Video
from benchmarks.measure.pixel_proof import linked_tracks, prove
from benchmarks.measure.score_maps import SIZE
from benchmarks.run.contract import Batch, Look
from benchmarks.run.feed import Feed
from benchmarks.run.looks.pixels import object_centres, pixel_facts, true_regions, whole_truth
from synthetic.scene import SceneSettings

SCENE = SceneSettings(size=64, train_videos=1, train_frames=1, test_videos=4, test_frames=32)
METRICS = ("pixel_auc", "pro", "rbdc", "tbdc")
Paint = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """A small set of four videos, the last of which holds anomalies of three kinds."""
    path = generated.find("synthetic", None)
    assert path is not None
    return generated.read("synthetic", path, settings=SCENE)


class Painter:
    """Stands in for a method that predicts the second of two frames: its error map is made from the frame's mask."""

    clip_length = 2
    scored_frame = 1
    evaluation_batch = 7

    def __init__(self, videos: tuple[Video, ...], paint: Paint | None) -> None:
        self.videos = videos
        self.paint = paint

    def look(self, batch: Batch) -> Look | None:
        """Return the painted map beside frames that do not matter, or nothing."""
        if self.paint is None:
            return None
        masks = [
            self.videos[video].masks(int(first) + 1) for video, first in zip(batch.video, batch.first, strict=True)
        ]
        frame = batch.frames[:, 0] / 255
        error = np.stack([self.paint(mask.astype(np.float32)) for mask in masks])
        return Look(frame, frame, frame, torch.from_numpy(error))


def facts(videos: tuple[Video, ...], paint: Paint | None) -> dict[str, Any] | None:
    """The section of a method with such error maps."""
    frames = np.zeros((sum(video.length for video in videos), 4, 4, 1), dtype=np.uint8)
    feed = Feed(Clips(frames, [video.length for video in videos], length=2), torch.device("cpu"))
    return pixel_facts(Painter(videos, paint), feed, videos)  # type: ignore[arg-type]


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
        assert found["smoothed"]["pixel_auc"] < 1.0

    def test_larger_maps_are_averaged(self, dataset: Dataset) -> None:
        """Maps of four times the size are brought to the stated one, and the masks with them."""
        found = facts(dataset.test, lambda mask: np.kron(mask, np.ones((4, 4), np.float32)))
        assert found is not None
        assert found["size"] == SIZE
        assert [found[name] for name in METRICS] == [1.0] * 4
        assert found["tracks"] == 6

    def test_a_constant_error_is_chance(self, dataset: Dataset) -> None:
        """A method that errs alike everywhere has the metrics' chance values, smoothed or not."""
        found = facts(dataset.test, lambda mask: np.full_like(mask, 0.25))
        assert found is not None
        assert [found[name] for name in METRICS] == pytest.approx([0.5, 0.15, 0.0, 0.0])
        assert [found["smoothed"][name] for name in METRICS] == pytest.approx([0.5, 0.15, 0.0, 0.0])

    def test_videos_without_masks_are_left_out(self, dataset: Dataset) -> None:
        """Only videos with masks count; a set without any has no section, nor has a method that draws nothing."""
        some = (replace(dataset.test[0], masks=None), *dataset.test[1:])
        with_masks = (dataset.test[0], *some[1:])
        frames = np.zeros((4 * 32, 4, 4, 1), dtype=np.uint8)
        feed = Feed(Clips(frames, [32] * 4, length=2), torch.device("cpu"))
        found = pixel_facts(Painter(with_masks, lambda mask: mask), feed, some)  # type: ignore[arg-type]
        assert found is not None
        assert (found["videos"], found["frames"], found["tracks"]) == (3, 93, 5)
        none = tuple(replace(video, masks=None) for video in dataset.test)
        assert pixel_facts(Painter(dataset.test, lambda mask: mask), feed, none) is None  # type: ignore[arg-type]
        assert facts(dataset.test, None) is None


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


class TestWholeTruth:
    def test_the_synthetic_set_proves_the_metrics(self, dataset: Dataset) -> None:
        """On its test videos every map has the metrics that follow from counts, and linking finds the true tracks."""
        truth = whole_truth(dataset.test)
        assert [regions.shape for regions in truth] == [(32, 64, 64)] * 4
        for proof in prove(truth):
            assert proof.holds, proof
        assert linked_tracks(truth).same

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
