"""MemAE's entropy loss against the official one."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from memae import losses

Golden = Callable[[str], dict[str, np.ndarray[Any, Any]]]


class TestEntropyLoss:
    @pytest.mark.parametrize("name", ["map5d", "rows"])
    def test_value_and_gradient_equal_official(self, golden: Golden, name: str) -> None:
        """Value and gradient are official, rows of one, of all and of no items included."""
        arrays = golden("memae_entropy")

        def rows(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            return np.moveaxis(values, 1, -1).reshape(-1, values.shape[1]).copy()

        address = torch.from_numpy(rows(arrays[f"{name}_att"])).requires_grad_()
        loss = losses.entropy_loss(address)
        (gradient,) = torch.autograd.grad(loss, address)
        assert_allclose(loss.detach(), arrays[f"{name}_entropy"], rtol=1e-6, atol=1e-7)
        assert_allclose(gradient, rows(arrays[f"{name}_grad"]), rtol=1e-5, atol=1e-6)

    def test_each_row_equals_official(self, golden: Golden) -> None:
        """A one-hot row counts 0, a uniform one ln 50, a dead one 0."""
        arrays = golden("memae_entropy")
        per_row = [losses.entropy_loss(row[None]).item() for row in torch.from_numpy(arrays["rows_att"])]
        assert_allclose(per_row, arrays["rows_entropy_per_row"], rtol=1e-6, atol=1e-7)
        assert per_row[1] == pytest.approx(math.log(50))

    @given(st.integers(0, 10**6), st.permutations(range(7)))
    def test_order_of_items_does_not_matter(self, seed: int, order: list[int]) -> None:
        """Permuting items changes no entropy, and it lies between 0 and ln M."""
        address = torch.rand(4, 7, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).softmax(dim=1)
        loss = losses.entropy_loss(address)
        assert_allclose(losses.entropy_loss(address[:, order]), loss, rtol=1e-12)
        assert 0 <= loss.item() <= math.log(7) + 1e-9
