"""Whether an output follows its input: the numbers that say so, on outputs whose answer is known."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from benchmarks.run.evaluation import Pass
from benchmarks.run.inspect.response import correlation, outliers, rectifiers, response_notes


def frames(seed: int, count: int = 6) -> Any:
    """Random frames about a background of their own."""
    draws = np.random.default_rng(seed)
    return 0.1 * draws.random((count, 4, 4, 1)) + draws.random((4, 4, 1))


class TestCorrelation:
    @given(st.integers(0, 2**16), st.floats(0.1, 5), st.floats(-1, 1))
    def test_is_one_for_an_output_that_follows(self, seed: int, scale: float, level: float) -> None:
        """A weaker output over another background follows its input all the same."""
        target = frames(seed)
        assert correlation(scale * target + level, target) == pytest.approx(1)
        assert correlation(-scale * target + level, target) == pytest.approx(-1)

    def test_is_that_of_numpy_about_the_mean_images(self) -> None:
        """It equals Pearson's coefficient of what is left without the mean images."""
        one, other = frames(1), frames(2)
        expected = np.corrcoef((one - one.mean(axis=0)).ravel(), (other - other.mean(axis=0)).ravel())[0, 1]
        assert correlation(one, other) == pytest.approx(expected)

    def test_is_zero_for_a_constant_output(self) -> None:
        """The mean frame follows nothing, however well it matches the background."""
        target = frames(3).astype(np.float32)
        assert correlation(np.broadcast_to(target.mean(axis=0), target.shape), target) == 0


class TestOutliers:
    def test_counts_by_each_videos_own_median(self) -> None:
        """An error is held against its own video, and exactly ten medians are none."""
        values = np.array([1.0, 1, 1, 10, 10.5, 0.1, 0.1, 0.1, 2, 0.1])
        video = np.repeat([0, 1], 5)
        scored = Pass(video, np.arange(10), {}, {})
        assert outliers(scored, {"mse": values}) == 2
        assert outliers(scored, {"psnr": values}) is None


class TestRectifiers:
    def test_a_channel_that_no_input_activates_is_dead(self) -> None:
        """Of three channels one has a bias that nothing reaches; another wakes in the second batch."""
        layer = nn.Conv2d(1, 3, 1)
        with torch.no_grad():
            layer.weight.fill_(1.0)
            layer.bias.copy_(torch.tensor([0.0, -5.0, -50.0]))
        network = nn.Sequential(layer, nn.ReLU())
        with rectifiers() as active:
            network(torch.ones(2, 1, 3, 3))
            network(torch.full((1, 1, 3, 3), 6.0))
        assert [found.tolist() for found in active.values()] == [[True, True, False]]
        network(torch.full((1, 1, 3, 3), 60.0))
        assert [found.tolist() for found in active.values()] == [[True, True, False]]


class TestResponseNotes:
    def test_says_where_the_output_hardly_follows(self) -> None:
        """A low correlation is a note, a high one or none is not."""
        (said,) = response_notes({"response": {"plain": {"correlation": 0.05}}})
        assert said.startswith("output hardly depends on input")
        assert response_notes({"response": {"plain": {"correlation": 0.5}}}) == []
        assert response_notes({}) == []
