"""MNAD's losses against the official ones, values and gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from mnad import losses, memory

Golden = Callable[[str], dict[str, np.ndarray[Any, Any]]]
FILES = ("mnad_losses_a", "mnad_losses_b")


def value_and_gradient(
    loss: Callable[..., torch.Tensor], arrays: dict[str, np.ndarray[Any, Any]]
) -> tuple[torch.Tensor, torch.Tensor]:
    """A loss and its gradient with respect to the raw query."""
    query = torch.from_numpy(arrays["query"]).requires_grad_()
    value = loss(query, torch.from_numpy(arrays["items"]))
    (gradient,) = torch.autograd.grad(value, query)
    return value.detach(), gradient


@pytest.mark.parametrize("name", FILES)
class TestGolden:
    @pytest.mark.parametrize(
        ("term", "loss"), [("compactness", losses.compactness_loss), ("separateness", losses.separateness_loss)]
    )
    def test_value_and_gradient_equal_official(
        self, golden: Golden, name: str, term: str, loss: Callable[..., torch.Tensor]
    ) -> None:
        """Both losses and their gradients through the normalisation are the official ones."""
        arrays = golden(name)
        value, gradient = value_and_gradient(loss, arrays)
        expected = arrays[f"grad_{term}"]
        assert_allclose(value, arrays[term], rtol=1e-5, atol=1e-7)
        assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())

    def test_nearest_two_items_and_their_distances_equal_official(self, golden: Golden, name: str) -> None:
        """The losses compare with the official nearest and second item, at the official distance."""
        arrays = golden(name)
        query, items = torch.from_numpy(arrays["query"]), torch.from_numpy(arrays["items"])
        first_two = memory.similarity(query, items).flatten(0, 1).topk(2).indices
        assert_array_equal(first_two[:, 0], arrays["nearest"])
        assert_array_equal(first_two[:, 1], arrays["second"])
        rows = memory.rows(memory.normalise(query)).flatten(0, 1)
        for column, expected in ((0, "dist_nearest"), (1, "dist_second")):
            distance = torch.nn.functional.pairwise_distance(rows, items[first_two[:, column]], eps=1e-6)
            assert_allclose(distance, arrays[expected], rtol=1e-5, atol=1e-6)


class TestFeatureDistance:
    def test_equals_official_at_test(self, golden: Golden) -> None:
        """The distance in the abnormality score is squared and averaged over channels too, not the mean L2 distance."""
        arrays = golden("mnad_losses_eval")
        query, items = torch.from_numpy(arrays["query"][:, 0]), torch.from_numpy(arrays["items"])
        distance = losses.feature_distance(query, items)
        assert_allclose(distance, arrays["compactness"], rtol=1e-5, atol=1e-8)
        assert_array_equal(memory.nearest(query, items), arrays["nearest"])
        assert np.abs(distance.numpy() - arrays["contrast_mean_l2_distance"]).min() > 0.1

    def test_is_the_compactness_of_each_frame(self, golden: Golden) -> None:
        """Frames of a batch are measured apart, and their mean is the training loss."""
        arrays = golden("mnad_losses_a")
        query, items = torch.from_numpy(arrays["query"]), torch.from_numpy(arrays["items"])
        distance = losses.feature_distance(query, items)
        alone = torch.cat([losses.feature_distance(frame[None], items) for frame in query])
        assert_allclose(distance, alone, rtol=1e-6)
        assert_allclose(distance.mean(), losses.compactness_loss(query, items), rtol=1e-6)


class TestCompactnessLoss:
    def test_sum_is_the_mean_times_channels(self, golden: Golden) -> None:
        """The paper's squared distance is the official mean over channels times their number."""
        arrays = golden("mnad_losses_a")
        query, items = torch.from_numpy(arrays["query"]), torch.from_numpy(arrays["items"])
        mean, total = (losses.compactness_loss(query, items, reduction=how) for how in ("mean", "sum"))
        assert_allclose(total, 512 * mean, rtol=1e-6)


class TestSeparatenessLoss:
    def test_refuses_a_single_item(self) -> None:
        """One item has no second nearest; the sentence says how many there are."""
        with pytest.raises(ValueError, match="at least two items, but there is 1"):
            losses.separateness_loss(torch.randn(1, 4, 2, 2), torch.ones(1, 4))

    def test_is_zero_where_the_second_is_a_margin_away(self) -> None:
        """A query on its item, with every other item more than the margin further off, costs nothing."""
        items = torch.eye(4)
        query = items[0].reshape(1, 4, 1, 1)
        assert losses.separateness_loss(query, items).item() == 0


@pytest.mark.parametrize("loss", [losses.compactness_loss, losses.separateness_loss])
def test_items_get_no_gradient(loss: Callable[..., torch.Tensor]) -> None:
    """Items are detached in both losses, even if they want a gradient."""
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(2, 8, 3, 3, generator=generator, requires_grad=True)
    items = memory.initial_items(5, 8, generator).requires_grad_()
    loss(query, items).backward()
    assert items.grad is None
    assert query.grad is not None
    assert bool(query.grad.any())
