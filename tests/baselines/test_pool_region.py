"""Detection of the pool in generated frames and in plain ones."""

import cv2
import numpy as np
import pytest

from baselines.pool_region import detect_pool
from synthetic.pool.dataset import render_frame, video_plan
from synthetic.pool.scene import PoolSettings


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """IoU of two masks."""
    return float((first & second).sum() / (first | second).sum())


class TestDetectPool:
    @pytest.mark.parametrize("seed", [0, 1])
    def test_finds_the_pool_of_generated_frames(self, seed: int) -> None:
        """With and without swimmers, at the set's own size and as the harness resizes it, nearly all of the pool is found."""
        found = []
        for plan in video_plan(PoolSettings(seed=seed), "test"):
            frame = render_frame(plan, 25)
            square = cv2.resize(frame.image, (128, 128), interpolation=cv2.INTER_LINEAR)
            truth = cv2.resize(frame.region.astype(np.uint8), (128, 128), interpolation=cv2.INTER_NEAREST) > 0
            found += [overlap(detect_pool(frame.image), frame.region), overlap(detect_pool(square), truth)]
        assert min(found) > 0.9
        assert np.median(found) > 0.96

    def test_swimmers_and_reflections_leave_no_holes(self) -> None:
        """The region is convex: what floats in the pool belongs to it."""
        frame = np.full((100, 160, 3), 150, np.uint8)
        frame[20:90, 10:150] = (200, 150, 60)
        frame[40:60, 60:80] = (90, 120, 190)
        frame[24:30, 100:140] = 255
        truth = np.zeros((100, 160), bool)
        truth[20:90, 10:150] = True
        assert overlap(detect_pool(frame), truth) > 0.97

    def test_blue_things_elsewhere_do_not_count(self) -> None:
        """A small blue thing on the deck neither is the pool nor stretches it."""
        frame = np.full((100, 160, 3), 150, np.uint8)
        frame[40:95, 10:150] = (200, 150, 60)
        plain = detect_pool(frame)
        frame[8:13, 100:106] = (200, 150, 60)
        assert overlap(detect_pool(frame), plain) > 0.98

    def test_no_water_no_region(self) -> None:
        """A frame without water has no pool."""
        assert not detect_pool(np.full((64, 64, 3), 120, np.uint8)).any()

    def test_needs_colour(self) -> None:
        """A grey frame cannot be searched by colour, and that is said."""
        with pytest.raises(ValueError, match="found by its colour"):
            detect_pool(np.zeros((64, 64, 1), np.uint8))
