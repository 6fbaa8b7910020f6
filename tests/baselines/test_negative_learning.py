"""Negative learning: the bounded opposite gradient, and what it does to a small autoencoder."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.negative_learning import negative_loss, region_error


class TestRegionError:
    def test_without_region_is_the_mean_squared_error_of_each_frame(self) -> None:
        """Frames are not mixed."""
        output, target = torch.rand(2, 3, 2, 4, 5, generator=torch.Generator().manual_seed(0))
        expected = (output - target).square().mean(dim=(1, 2, 3))
        torch.testing.assert_close(region_error(output, target), expected)

    def test_looks_at_the_region_alone(self) -> None:
        """Pixels beyond the region change neither the value nor get a gradient."""
        output = torch.zeros(1, 1, 2, 2, requires_grad=True)
        target = torch.tensor([[[[0.5, 9.0], [9.0, 9.0]]]])
        region = torch.tensor([[[True, False], [False, False]]])
        error = region_error(output, target, region)
        assert error.tolist() == [0.25]
        error.sum().backward()
        assert output.grad is not None
        assert output.grad.flatten().tolist() == [-1.0, 0.0, 0.0, 0.0]

    def test_of_the_whole_frame_is_the_same_with_and_without_region(self) -> None:
        """A region that holds everything is no region."""
        output, target = torch.rand(2, 3, 1, 4, 5, generator=torch.Generator().manual_seed(0))
        everything = torch.ones(3, 4, 5, dtype=torch.bool)
        torch.testing.assert_close(region_error(output, target, everything), region_error(output, target))

    def test_refuses_an_empty_region(self) -> None:
        """An anomaly without a pixel is refused, naming the frame."""
        frames = torch.zeros(2, 1, 2, 2)
        region = torch.tensor([[[True, True], [True, True]], [[False, False], [False, False]]])
        with pytest.raises(ValueError, match="frame 1 has an empty region"):
            region_error(frames, frames, region)


class TestNegativeLoss:
    @given(st.lists(st.floats(0, 1e6), min_size=1, max_size=8), st.floats(1e-6, 10))
    def test_is_bounded(self, errors: list[float], margin: float) -> None:
        """However large or small the errors, the loss stays between 0 and the margin."""
        loss = float(negative_loss(torch.tensor(errors, dtype=torch.float64), margin))
        assert 0 <= loss <= margin

    def test_gradient_is_opposite_below_the_margin_and_ceases_above(self) -> None:
        """Below the margin it is minus the gradient of the mean error; a frame above it is left alone."""
        errors = torch.tensor([0.1, 0.5, 3.0], requires_grad=True)
        negative_loss(errors, margin=1.0).backward()
        assert errors.grad is not None
        torch.testing.assert_close(errors.grad, torch.tensor([-1 / 3, -1 / 3, 0.0]))


def trained(weight: float, margin: float = 0.3, steps: int = 400) -> tuple[float, float]:
    """Errors of the normal frames and of the known anomalies after training a small autoencoder on both.

    Normal frames vary along three directions of 16 pixels, anomalies along three others: an autoencoder with a code of
    eight numbers has room for both.
    """
    generator = torch.Generator().manual_seed(0)
    directions = torch.linalg.qr(torch.randn(16, 6, generator=generator)).Q
    normal = torch.randn(128, 3, generator=generator) @ directions[:, :3].T
    anomalies = torch.randn(8, 3, generator=generator) @ directions[:, 3:].T + 0.5 * normal[:8]
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(16, 8), torch.nn.Tanh(), torch.nn.Linear(8, 16))
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)

    def error(frames: torch.Tensor) -> torch.Tensor:
        return region_error(network(frames).view(-1, 1, 4, 4), frames.view(-1, 1, 4, 4))

    for _ in range(steps):
        loss = error(normal).mean()
        if weight:
            loss = loss + weight * negative_loss(error(anomalies), margin)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        return float(error(normal).mean()), float(error(anomalies).mean())


class TestTogether:
    def test_raises_the_error_of_the_known_anomalies_and_hardly_that_of_normal_frames(self) -> None:
        """The anomalies' error grows by half at least, the normal frames' by less than a hundredth of their variance."""
        normal, anomalies = trained(weight=0.0)
        limited, raised = trained(weight=1.0)
        assert raised > 1.5 * anomalies
        # The variance of a normal pixel is 3/16: three directions of variance 1 over 16 pixels.
        assert limited < normal + 0.01 * 3 / 16

    def test_does_not_diverge(self) -> None:
        """Ten times the weight, or three times the steps, leaves the errors within a few margins of 0.3."""
        for weight, steps in ((10.0, 400), (10.0, 1200)):
            _, raised = trained(weight=weight, steps=steps)
            assert 0.3 < raised < 4 * 0.3
