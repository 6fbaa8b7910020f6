"""Boxes from heat maps."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.box_detector import Detector

DETECTOR = Detector(threshold=0.5)


class TestBoxes:
    @given(
        st.lists(
            st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(3, 12), st.integers(3, 12)),
            max_size=6,
            unique_by=lambda box: box[:2],
        )
    )
    @settings(max_examples=60)
    def test_finds_planted_boxes(self, planted: list[tuple[int, int, int, int]]) -> None:
        """Rectangles of heat, apart from each other, come back to the pixel with their heat, and nothing else does."""
        heat = np.full((80, 80), 0.1, np.float32)
        expected = []
        for number, (row, column, height, width) in enumerate(planted):
            top, left, peak = 20 * row + 3, 20 * column + 3, 0.6 + 0.05 * number
            heat[top : top + height, left : left + width] = peak
            expected.append([left, top, left + width, top + height, np.float32(peak)])
        found = DETECTOR.boxes(heat)
        assert found.shape == (len(planted), 5)
        np.testing.assert_allclose(found, sorted(expected, key=lambda box: -box[-1]) or np.empty((0, 5)))

    def test_lanes_are_dropped_at_any_angle(self) -> None:
        """A long thin piece is a lane, straight or slanting; a short thin one and a long thick one are not."""
        lane, slanting, short, thick = (np.zeros((100, 100), np.float32) for _ in range(4))
        lane[50:53, 10:80] = 1
        for step in range(70):
            slanting[15 + step : 18 + step, 10 + step] = 1
        short[50:53, 10:26] = 1
        thick[40:60, 10:80] = 1
        assert [len(DETECTOR.boxes(heat)) for heat in (lane, slanting, short, thick)] == [0, 0, 1, 1]

    def test_specks_are_dropped_and_gaps_bridged(self) -> None:
        """Fewer pixels than the smallest piece are none; halves with a pixel between them are one."""
        heat = np.zeros((40, 40), np.float32)
        heat[3:5, 3:5] = 1
        heat[20:26, 20:26] = 1
        heat[23, 20:26] = 0
        np.testing.assert_array_equal(DETECTOR.boxes(heat)[:, :4], [[20, 20, 26, 26]])

    def test_a_higher_threshold_finds_no_more_heat(self) -> None:
        """Nothing at or below the threshold counts."""
        heat = np.zeros((40, 40), np.float32)
        heat[5:15, 5:15] = 0.5
        assert len(DETECTOR.boxes(heat)) == 0
        assert len(Detector(threshold=0.49).boxes(heat)) == 1
