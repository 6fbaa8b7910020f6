"""MemAE's memory against the official one, and the properties that it must have."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from memae import memory

Golden = Callable[[str], dict[str, np.ndarray[Any, Any]]]
THRESHOLDS = {"shrink0": 0.0, "shrink25": 0.0025}


def as_rows(volume: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A volume (n, channels, t, h, w) as rows in the order n, t, h, w."""
    return np.moveaxis(volume, 1, -1).reshape(-1, volume.shape[1]).copy()


def close(ours: torch.Tensor, golden: np.ndarray[Any, Any]) -> None:
    """Values of addressing: within 1e-5 relative or 2e-6."""
    assert_allclose(ours.detach(), golden, rtol=1e-5, atol=2e-6)


def close_gradient(ours: torch.Tensor, golden: np.ndarray[Any, Any]) -> None:
    """Gradients: within 1e-4 relative or 1e-5 of the largest."""
    assert_allclose(ours, golden, rtol=1e-4, atol=1e-5 * np.abs(golden).max())


def run(
    query: np.ndarray[Any, Any], items: np.ndarray[Any, Any], grad_out: np.ndarray[Any, Any], threshold: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Address, read, and the gradients on query and items of sum(read * grad_out)."""
    rows, learned = torch.from_numpy(query).requires_grad_(), torch.from_numpy(items).requires_grad_()
    address = memory.address(rows, learned, threshold)
    read = memory.read(address, learned)
    gradients = torch.autograd.grad((read * torch.from_numpy(grad_out)).sum(), (rows, learned))
    return address, read, *gradients


class TestGolden:
    @pytest.mark.parametrize("prefix", THRESHOLDS)
    def test_volume_equals_official(self, golden: Golden, prefix: str) -> None:
        """Address, read and both gradients of a volume are official, with and without shrinkage."""
        arrays = golden("memae_memory_a")
        query, grad_out = as_rows(arrays["input"]), as_rows(arrays["grad_out"])
        address, read, on_query, on_items = run(query, arrays["items"], grad_out, THRESHOLDS[prefix])
        close(address, as_rows(arrays[f"{prefix}_att"]))
        close(read, as_rows(arrays[f"{prefix}_output"]))
        close_gradient(on_query, as_rows(arrays[f"{prefix}_grad_input"]))
        close_gradient(on_items, arrays[f"{prefix}_grad_items"])

    @pytest.mark.parametrize("prefix", THRESHOLDS)
    def test_2000_items_equal_official(self, golden: Golden, prefix: str) -> None:
        """So are they for 2000 items and queries of very different lengths."""
        arrays = golden("memae_memory_b")
        address, read, on_query, on_items = run(
            arrays["input"], arrays["items"], arrays["grad_out"], THRESHOLDS[prefix]
        )
        close(address, arrays["softmax" if prefix == "shrink0" else "shrink25_att"])
        close(read, arrays[f"{prefix}_output"])
        close_gradient(on_query, arrays[f"{prefix}_grad_input"])
        close_gradient(on_items[arrays["grad_items_rows"]], arrays[f"{prefix}_grad_items_at_rows"])
        close_gradient(on_items.norm(dim=1), arrays[f"{prefix}_grad_items_rownorm"])

    def test_softmax_before_shrinkage_equals_official(self, golden: Golden) -> None:
        """Weights come from plain inner products, not from cosines."""
        for name in ("memae_memory_a", "memae_memory_b"):
            arrays = golden(name)
            query = as_rows(arrays["input"]) if name.endswith("a") else arrays["input"]
            weights = memory.similarity(torch.from_numpy(query), torch.from_numpy(arrays["items"])).softmax(dim=1)
            close(weights, arrays["softmax"])

    def test_shrunk_weights_equal_official(self, golden: Golden) -> None:
        """Scaled to their own sum, the official weights after the threshold are what `shrink` returns."""
        for name in ("memae_memory_a", "memae_memory_b"):
            arrays = golden(name)
            shrunk = arrays["shrink25_shrunk"]
            expected = shrunk / np.maximum(shrunk.sum(axis=1, keepdims=True), 1e-12)
            close(memory.shrink(torch.from_numpy(arrays["softmax"]), 0.0025), expected)
        close(torch.from_numpy(golden("memae_memory_a")["softmax"]), golden("memae_memory_a")["shrink0_shrunk"])

    def test_weak_queries_are_dead(self, golden: Golden) -> None:
        """The three shortest queries have every weight under the threshold: no address, read or gradient."""
        arrays = golden("memae_memory_b")
        address, read, on_query, _ = run(arrays["input"], arrays["items"], arrays["grad_out"], 0.0025)
        assert (address > 0).sum(dim=1).tolist() == [0, 0, 0, 24, 71, 77, 41, 17]
        for values in (address, read, on_query):
            assert not values[:3].any()


class TestInitialItems:
    def test_lie_within_the_official_bound(self) -> None:
        """Items are uniform in +-1 / sqrt(C)."""
        items = memory.initial_items(2000, 16, torch.Generator().manual_seed(0))
        assert items.shape == (2000, 16)
        assert 0.2499 < items.max() <= 0.25
        assert -0.25 <= items.min() < -0.2499
        assert abs(items.mean().item()) < 0.005


class TestSimilarity:
    def test_cosine_ignores_lengths(self) -> None:
        """The paper's likeness does not change with the length of query or items."""
        generator = torch.Generator().manual_seed(0)
        query, items = torch.randn(5, 8, generator=generator), torch.randn(7, 8, generator=generator)
        assert_allclose(
            memory.similarity(3 * query, 0.1 * items, "cosine"), memory.similarity(query, items, "cosine"), atol=1e-6
        )
        assert memory.similarity(query, query, "cosine").diagonal().tolist() == pytest.approx([1] * 5)


class TestAddress:
    @given(st.integers(0, 10**6), st.permutations(range(9)), st.floats(0, 0.3))
    def test_permuting_items_permutes_the_address(self, seed: int, order: list[int], threshold: float) -> None:
        """The order of items carries no meaning, and the read does not know it."""
        generator = torch.Generator().manual_seed(seed)
        query = 2 * torch.randn(6, 5, generator=generator, dtype=torch.float64)
        items = torch.randn(9, 5, generator=generator, dtype=torch.float64)
        plain, permuted = (memory.address(query, kept, threshold) for kept in (items, items[order]))
        assert_allclose(permuted, plain[:, order], atol=1e-9)
        assert_allclose(memory.read(permuted, items[order]), memory.read(plain, items), atol=1e-9)

    @given(st.integers(0, 10**6), st.floats(0.001, 0.9))
    def test_rows_sum_to_one_or_to_nothing(self, seed: int, threshold: float) -> None:
        """Shrinkage keeps exactly the weights above the threshold; a row is a distribution, or dead."""
        generator = torch.Generator().manual_seed(seed)
        query = 2 * torch.randn(6, 5, generator=generator, dtype=torch.float64)
        items = torch.randn(9, 5, generator=generator, dtype=torch.float64)
        weights = memory.address(query, items, 0)
        address = memory.address(query, items, threshold)
        assert_allclose(weights.sum(dim=1), 1, rtol=1e-12)
        alive = (weights > threshold).any(dim=1)
        assert_allclose(address.sum(dim=1), alive.double(), atol=1e-6)
        assert torch.equal(address > 0, weights > threshold)
