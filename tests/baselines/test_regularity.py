"""From reconstructed clips to the regularity of a video."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from baselines.regularity import anomaly_score, frame_distances, frame_errors, regularity, sequence_costs

COSTS = st.lists(st.floats(0.01, 100), min_size=2, max_size=30)


class TestFrameErrors:
    def test_sums_each_pixels_length(self) -> None:
        """A grey frame's error is its sum of absolute differences; a colour pixel (3, 4, 0) is 5 away."""
        grey = torch.zeros(1, 2, 1, 2, 2)
        grey[0, 1] = torch.tensor([[0.5, -0.25], [0.0, 1.0]])
        assert_allclose(frame_errors(grey, torch.zeros_like(grey)), [[0.0, 1.75]])
        colour = torch.zeros(1, 1, 3, 2, 2)
        colour[0, 0, :, 1, 1] = torch.tensor([3.0, 4.0, 0.0])
        assert_allclose(frame_errors(colour, torch.zeros_like(colour)), [[5.0]])


class TestFrameDistances:
    def test_is_the_euclidean_distance_of_whole_frames(self) -> None:
        """Two pixels that are 3 and 4 off make 5, where the sum of their errors is 7."""
        frames = torch.zeros(1, 1, 1, 2, 2)
        frames[0, 0, 0, 0] = torch.tensor([3.0, 4.0])
        assert_allclose(frame_distances(frames, torch.zeros_like(frames)), [[5.0]])
        assert_allclose(frame_errors(frames, torch.zeros_like(frames)), [[7.0]])


class TestSequenceCosts:
    def test_sums_the_window_that_starts_at_a_frame(self) -> None:
        """SRC(t) is e(t) + ... + e(t + length - 1); the last windows are whole."""
        assert sequence_costs(torch.tensor([1.0, 2.0, 4.0, 8.0]), 3).tolist() == [7.0, 14.0]

    @given(st.lists(st.floats(0, 10), min_size=10, max_size=40))
    def test_of_a_video_and_of_its_clips_is_one_number(self, errors: list[float]) -> None:
        """Windows over a video's errors are the sums of its clips' errors."""
        values = torch.tensor(errors, dtype=torch.float64)
        expected = [values[start : start + 10].sum().item() for start in range(len(values) - 9)]
        assert_allclose(sequence_costs(values, 10), expected, rtol=1e-9)

    def test_refuses_a_video_shorter_than_a_window(self) -> None:
        """Nine frames hold no window of ten."""
        with pytest.raises(ValueError, match="9 frames"):
            sequence_costs(torch.ones(9), 10)


class TestAnomalyScore:
    def test_divides_by_the_maximum(self) -> None:
        """(SRC - min) / max: costs 2, 3 and 4 give 0, a quarter and a half, not 1."""
        assert anomaly_score(torch.tensor([2.0, 3.0, 4.0])).tolist() == [0.0, 0.25, 0.5]

    @given(COSTS)
    def test_keeps_the_order_and_stays_under_one(self, costs: list[float]) -> None:
        """Within a video frames rank as their costs; the least costly scores 0."""
        values = torch.tensor(costs, dtype=torch.float64)
        scores = anomaly_score(values)
        assert scores.min() == 0
        assert scores.max() < 1
        order = values.argsort()
        assert bool((scores[order].diff() >= 0).all())

    def test_of_a_perfect_video_is_zero(self) -> None:
        """Nothing is divided by nothing."""
        assert anomaly_score(torch.zeros(3)).tolist() == [0.0, 0.0, 0.0]


class TestRegularity:
    @given(COSTS)
    def test_is_what_the_anomaly_score_leaves_of_one(self, costs: list[float]) -> None:
        """High is normal: the only number here that points that way."""
        values = torch.tensor(costs, dtype=torch.float64)
        assert_allclose(regularity(values) + anomaly_score(values), 1.0)
        assert regularity(values).max() == 1
