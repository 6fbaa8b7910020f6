import cv2
import numpy as np
import pytest

from benchmarks.errors import StudyError
from benchmarks.measure.detection import area_to_one, detection_rates
from benchmarks.measure.pixel_metrics import MappedVideo, PixelMetrics, pixel_metrics
from benchmarks.measure.regions import find_regions
from benchmarks.measure.score_levels import to_levels


def video(seed: int, frames: int = 12, size: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Maps of blurred noise, a little higher in a box that moves across the frames."""
    generator = np.random.default_rng(seed)
    noise = generator.random((frames, size, size)).astype(np.float32)
    masks = np.zeros(noise.shape, dtype=bool)
    for frame in range(2, frames - 2):
        masks[frame, 5:11, frame : frame + 6] = True
    return np.stack([cv2.GaussianBlur(one, (0, 0), 1.0) for one in noise]) + np.float32(0.15) * masks, masks


def mapped(maps: np.ndarray, masks: np.ndarray) -> MappedVideo:
    """A video as the metrics take it."""
    return MappedVideo(to_levels(maps), find_regions(masks, np.arange(len(masks))))


class TestPixelMetrics:
    def test_all_four(self) -> None:
        """A map between chance and perfect is between them in each metric, with what it rests on counted."""
        found = pixel_metrics([mapped(*video(0)), mapped(*video(1))])
        assert (found.frames, found.regions, found.tracks) == (24, 16, 2)
        for value in (found.pixel_auc, found.pro, found.rbdc, found.tbdc):
            assert value is not None
            assert 0.1 < value < 1
        assert found.tbdc is not None
        assert found.rbdc is not None
        assert found.tbdc >= found.rbdc

    def test_the_order_of_videos_is_nothing(self) -> None:
        """Videos may come in any order."""
        videos = [mapped(*video(seed)) for seed in range(3)]
        assert pixel_metrics(videos[::-1]) == pixel_metrics(videos)

    def test_every_level_is_a_threshold(self) -> None:
        """RBDC and TBDC are the areas over all distinct levels, whose number is reported."""
        videos = [mapped(*video(seed)) for seed in range(2)]
        levels, regions = [one.levels for one in videos], [one.regions for one in videos]
        rates = detection_rates(levels, regions)
        found = pixel_metrics(videos)
        assert found.rbdc == area_to_one(rates.false_per_frame, rates.regions)
        assert found.tbdc == area_to_one(rates.false_per_frame, rates.tracks)
        assert found.levels == len(np.unique(np.concatenate(levels)))

    def test_without_anything_abnormal(self) -> None:
        """Normal videos alone leave all four undefined."""
        maps, masks = video(0)
        levels = len(np.unique(to_levels(maps)))
        found = pixel_metrics([mapped(maps, np.zeros_like(masks))])
        assert found == PixelMetrics(None, None, None, None, 12, 0, 0, levels)

    def test_shapes_must_match(self) -> None:
        """Maps of another size than the masks are refused, and so is nothing at all."""
        maps, masks = video(0)
        with pytest.raises(StudyError, match="resize one of them"):
            pixel_metrics([MappedVideo(to_levels(maps[:, ::2]), mapped(maps, masks).regions)])
        with pytest.raises(StudyError, match="at least one video"):
            pixel_metrics([])
