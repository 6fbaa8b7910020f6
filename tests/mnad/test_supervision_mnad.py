"""The two forced-uniform supervisions: RC2020's against its code, the article's by what it should do."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mnad import losses, memory
from mnad.supervision import uniform_balance_loss, uniform_rc2020_loss

Golden = Callable[[str], dict[str, np.ndarray[Any, Any]]]


class TestUniformRc2020Loss:
    def test_value_and_gradients_equal_rc2020(self, golden: Golden) -> None:
        """The loss, its gradient on the address and on the raw query are those of RC2020's script."""
        arrays = golden("rc2020_uniform_loss")
        query, items = torch.from_numpy(arrays["query"]).requires_grad_(), torch.from_numpy(arrays["items"])
        address = memory.address(query, items)
        address.retain_grad()
        loss = uniform_rc2020_loss(address)
        loss.backward()
        assert_allclose(address.detach()[0], arrays["softmax_over_items"], rtol=1e-5, atol=1e-6)
        assert_allclose(loss.detach(), arrays["mem_dist_loss"], rtol=1e-6, atol=1e-6)
        assert address.grad is not None
        assert query.grad is not None
        for ours, name in ((address.grad[0], "grad_softmax"), (query.grad, "grad_mem_dist")):
            assert_allclose(ours, arrays[name], rtol=1e-4, atol=1e-5 * np.abs(arrays[name]).max())

    def test_all_memory_losses_together_equal_rc2020(self, golden: Golden) -> None:
        """With the other two losses at 0.001 the whole gradient of the memory's losses is RC2020's."""
        arrays = golden("rc2020_uniform_loss")
        query, items = torch.from_numpy(arrays["query"]).requires_grad_(), torch.from_numpy(arrays["items"])
        compactness, separateness = losses.compactness_loss(query, items), losses.separateness_loss(query, items)
        assert_allclose(compactness.detach(), arrays["compactness"], rtol=1e-6, atol=1e-6)
        assert_allclose(separateness.detach(), arrays["separateness"], rtol=1e-6, atol=1e-6)
        total = 0.001 * compactness + 0.001 * separateness + uniform_rc2020_loss(memory.address(query, items))
        total.backward()
        expected = arrays["grad_effective_without_pixel"]
        assert query.grad is not None
        assert_allclose(query.grad, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())
        assert_array_equal(memory.nearest(query, items).flatten(), arrays["nearest"])

    def test_target_goes_by_place_alone(self, golden: Golden) -> None:
        """An address that is RC2020's one-hot target costs nothing, in every frame of a batch."""
        ideal = torch.from_numpy(golden("rc2020_uniform_loss")["ideal_index"])
        address = torch.nn.functional.one_hot(ideal, 10).float().expand(3, -1, -1)
        assert uniform_rc2020_loss(address).item() == 0

    @given(st.integers(1, 3), st.integers(1, 30), st.integers(1, 12))
    def test_uniform_address_costs_the_same_at_any_size(self, batch: int, locations: int, n_items: int) -> None:
        """The rule holds for any size: a uniform address costs (1 - 1/M) / M."""
        address = torch.full((batch, locations, n_items), 1 / n_items, dtype=torch.float64)
        assert uniform_rc2020_loss(address).item() == pytest.approx((1 - 1 / n_items) / n_items)

    @given(st.integers(0, 10**6), st.integers(2, 8), st.integers(1, 5))
    def test_is_least_at_an_even_use(self, seed: int, n_items: int, rounds: int) -> None:
        """No address costs less than its target, which uses every item equally often; any other costs more."""
        locations = rounds * n_items
        target = torch.eye(n_items, dtype=torch.float64).repeat(rounds, 1)[None]
        assert target.sum(dim=1).unique().numel() == 1
        generator = torch.Generator().manual_seed(seed)
        other = torch.randn(1, locations, n_items, generator=generator, dtype=torch.float64).softmax(dim=-1)
        assert uniform_rc2020_loss(target).item() == 0 < uniform_rc2020_loss(other).item()

    @given(st.integers(0, 10**6))
    def test_gradient_step_reduces_it(self, seed: int) -> None:
        """A small step down its gradient on the query makes the loss smaller."""
        generator = torch.Generator().manual_seed(seed)
        query = torch.randn(2, 8, 4, 5, generator=generator, dtype=torch.float64, requires_grad=True)
        items = memory.initial_items(6, 8, generator).double()
        loss = uniform_rc2020_loss(memory.address(query, items))
        (gradient,) = torch.autograd.grad(loss, query)
        stepped = query.detach() - 0.1 * gradient / gradient.norm()
        assert uniform_rc2020_loss(memory.address(stepped, items)) < loss


class TestUniformBalanceLoss:
    @given(st.integers(2, 12), st.floats(0.05, 2.0))
    def test_even_use_costs_nothing(self, n_items: int, temperature: float) -> None:
        """If each item attracts as many queries as any other, the loss is zero, whichever query goes where."""
        similarity = torch.eye(n_items, dtype=torch.float64).repeat(3, 1)[torch.randperm(3 * n_items)]
        assert uniform_balance_loss(similarity[None], temperature).item() == pytest.approx(0, abs=1e-12)

    @given(st.integers(0, 10**6), st.floats(0.05, 2.0))
    def test_is_a_divergence(self, seed: int, temperature: float) -> None:
        """It is never negative and at most ln M."""
        similarity = torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        assert -1e-12 <= uniform_balance_loss(similarity, temperature).item() <= math.log(5)

    @given(st.integers(0, 10**6), st.integers(2, 8), st.integers(0, 7))
    def test_is_least_at_an_even_use(self, seed: int, n_items: int, favoured: int) -> None:
        """Turning an even use toward any item makes it larger."""
        generator = torch.Generator().manual_seed(seed)
        rows = torch.rand(n_items, generator=generator, dtype=torch.float64)
        # Every rotation of one row of similarities: each item is used as much as any other.
        even = torch.stack([rows.roll(shift) for shift in range(n_items)])[None]
        uneven = even.clone()
        uneven[..., favoured % n_items] += 0.5
        least = uniform_balance_loss(even, 0.3).item()
        assert least == pytest.approx(0, abs=1e-12)
        assert uniform_balance_loss(uneven, 0.3).item() > least + 1e-6

    def test_one_item_for_all_costs_ln_m(self) -> None:
        """If every query goes to one item alone, the loss is ln M."""
        similarity = torch.zeros(1, 20, 4)
        similarity[..., 2] = 1
        assert uniform_balance_loss(similarity, 0.01).item() == pytest.approx(math.log(4), rel=1e-6)

    @given(st.integers(0, 10**6), st.permutations(range(6)))
    def test_order_of_items_and_queries_does_not_matter(self, seed: int, order: list[int]) -> None:
        """Only the distribution of use counts."""
        similarity = torch.randn(2, 9, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        expected = uniform_balance_loss(similarity, 0.3)
        assert_allclose(uniform_balance_loss(similarity[..., order].flip(0, 1), 0.3), expected, atol=1e-12)

    def test_gradient_descent_evens_out_the_use(self) -> None:
        """Following the gradient on the similarities brings the loss close to zero."""
        similarity = torch.randn(1, 40, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        similarity[..., 0] += 2
        similarity.requires_grad_()
        start = uniform_balance_loss(similarity, 0.5).item()
        for _ in range(200):
            (gradient,) = torch.autograd.grad(uniform_balance_loss(similarity, 0.5), similarity)
            with torch.no_grad():
                similarity -= 5 * gradient
        assert uniform_balance_loss(similarity, 0.5).item() < 0.01 * start
