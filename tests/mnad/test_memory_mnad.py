"""MNAD's memory against the official one, and the properties that it must have."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mnad import memory

Golden = Callable[[str], dict[str, np.ndarray[Any, Any]]]

READS = ("mnad_memory_read_a", "mnad_memory_read_b", "mnad_memory_read_c")
UPDATES = ("mnad_memory_update_a", "mnad_memory_update_c", "mnad_memory_update_d")


def distinct(arrays: dict[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """Queries (N,) with a nearest item; a zero query is as near to all."""
    norms = np.linalg.norm(arrays["query"], axis=1).reshape(-1)
    return norms > 0


def queries_and_items(seed: int, n_items: int = 6, batch: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    """A random query map and unit items in float64."""
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(batch, 12, 3, 4, generator=generator, dtype=torch.float64)
    return query, memory.normalise(torch.randn(n_items, 12, generator=generator, dtype=torch.float64))


class TestInitialItems:
    def test_draws_positive_rows_of_unit_length(self) -> None:
        """Items come from [0, 1) and are scaled to unit length, as the official script does."""
        items = memory.initial_items(10, 64, torch.Generator().manual_seed(1))
        assert items.shape == (10, 64)
        assert bool((items >= 0).all())
        assert_allclose(items.norm(dim=1), 1, rtol=1e-6)

    def test_same_generator_same_items(self) -> None:
        """The generator alone determines the items."""
        first, second = (memory.initial_items(3, 8, torch.Generator().manual_seed(5)) for _ in range(2))
        assert torch.equal(first, second)


class TestNormalise:
    @pytest.mark.parametrize("name", READS)
    def test_equals_official(self, golden: Golden, name: str) -> None:
        """Queries are scaled to unit length over channels, a zero query stays zero."""
        arrays = golden(name)
        query = memory.normalise(torch.from_numpy(arrays["query"]))
        assert_allclose(query, arrays["query_normalised"], rtol=1e-5, atol=1e-6)


class TestAddress:
    @pytest.mark.parametrize("name", READS)
    def test_equals_official_softmax_over_items(self, golden: Golden, name: str) -> None:
        """The address is the softmax of inner products over items."""
        arrays = golden(name)
        address = memory.address(torch.from_numpy(arrays["query"]), torch.from_numpy(arrays["items"]))
        assert_allclose(address.flatten(0, 1), arrays["softmax_over_items"], rtol=1e-5, atol=1e-6)


class TestSimilarity:
    @pytest.mark.parametrize("name", READS)
    def test_softmax_over_all_queries_equals_official(self, golden: Golden, name: str) -> None:
        """The similarities of the whole batch give the official softmax over queries."""
        arrays = golden(name)
        similarity = memory.similarity(torch.from_numpy(arrays["query"]), torch.from_numpy(arrays["items"]))
        over_queries = similarity.flatten(0, 1).softmax(dim=0)
        assert_allclose(over_queries, arrays["softmax_over_queries"], rtol=1e-5, atol=1e-6)

    @pytest.mark.parametrize("name", READS)
    def test_order_of_first_two_items_equals_official(self, golden: Golden, name: str) -> None:
        """The two most similar items of every query that is not zero are the official ones."""
        arrays = golden(name)
        similarity = memory.similarity(torch.from_numpy(arrays["query"]), torch.from_numpy(arrays["items"]))
        first_two = similarity.flatten(0, 1).topk(2).indices.numpy()
        rows = distinct(arrays)
        assert_array_equal(first_two[rows, 0], arrays["nearest"][rows])
        assert_array_equal(first_two[rows, 1], arrays["second"][rows])


class TestNearest:
    @pytest.mark.parametrize("name", READS)
    def test_equals_official(self, golden: Golden, name: str) -> None:
        """Every query that is not zero belongs to the official item."""
        arrays = golden(name)
        nearest = memory.nearest(torch.from_numpy(arrays["query"]), torch.from_numpy(arrays["items"])).flatten()
        rows = distinct(arrays)
        assert rows.any()
        assert_array_equal(nearest.numpy()[rows], arrays["nearest"][rows])


class TestRead:
    @pytest.mark.parametrize("name", READS)
    def test_equals_official(self, golden: Golden, name: str) -> None:
        """The read is the normalised query beside the items under its address."""
        arrays = golden(name)
        read = memory.read(torch.from_numpy(arrays["query"]), torch.from_numpy(arrays["items"]))
        assert_allclose(read, arrays["read"], rtol=1e-5, atol=1e-6)

    @pytest.mark.parametrize("name", READS[1:])
    def test_gradient_equals_official_query_by_query(self, golden: Golden, name: str) -> None:
        """All gradient to the raw query flows through the query half."""
        arrays = golden(name)
        query = torch.from_numpy(arrays["query"]).requires_grad_()
        read = memory.read(query, torch.from_numpy(arrays["items"]))
        (gradient,) = torch.autograd.grad((read * torch.from_numpy(arrays["grad_out"])).sum(), query)
        channels = query.shape[1]
        ours = gradient.movedim(1, -1).reshape(-1, channels).numpy()
        official = np.moveaxis(arrays["grad_query"], 1, -1).reshape(-1, channels)
        for mine, expected in zip(ours, official, strict=True):
            assert_allclose(mine, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())

    def test_read_half_passes_no_gradient_unless_asked(self) -> None:
        """The official address is detached; the paper's is not."""
        query, items = queries_and_items(0)
        query.requires_grad_()
        channels = query.shape[1]
        (detached,) = torch.autograd.grad(memory.read(query, items)[:, channels:].sum() + 0 * query.sum(), query)
        (passed,) = torch.autograd.grad(memory.read(query, items, differentiable=True)[:, channels:].sum(), query)
        assert not detached.any()
        assert passed.abs().max() > 1e-4

    def test_takes_a_set_of_items_for_each_frame(self) -> None:
        """Frames read from their own items as if each were alone."""
        query, items = queries_and_items(1)
        other = items.flip(1)
        together = memory.read(query, torch.stack([items, other]))
        apart = torch.cat([memory.read(query[:1], items), memory.read(query[1:], other)])
        assert_allclose(together, apart, rtol=1e-12)

    @given(st.integers(0, 10**6), st.permutations(range(6)))
    def test_does_not_depend_on_the_order_of_items(self, seed: int, order: list[int]) -> None:
        """Permuting the items changes no read."""
        query, items = queries_and_items(seed)
        assert_allclose(memory.read(query, items[order]), memory.read(query, items), atol=1e-12)


class TestUpdate:
    @pytest.mark.parametrize("name", UPDATES)
    def test_equals_official(self, golden: Golden, name: str) -> None:
        """Items move by the official weighted sum of their queries."""
        arrays = golden(name)
        new = memory.update(torch.from_numpy(arrays["query"]), torch.from_numpy(arrays["items"]))
        assert_allclose(new, arrays["items_new"], rtol=1e-5, atol=3e-6)

    @pytest.mark.parametrize("seed", range(4))
    def test_equals_official_with_dead_items(self, golden: Golden, seed: int) -> None:
        """Items 1 and 4, which no query is nearest to, stay; the others move as in the official code."""
        arrays = {name: values[seed] for name, values in golden("mnad_memory_update_b").items()}
        query, items = torch.from_numpy(arrays["query"]), torch.from_numpy(arrays["items"])
        assert_allclose(memory.update(query, items), arrays["items_new"], rtol=1e-5, atol=3e-6)
        assert_array_equal(memory.nearest(query, items).flatten(), arrays["nearest"])
        assert_allclose(memory.update(query, items)[[1, 4]], arrays["items"][[1, 4]], rtol=1e-6)

    @pytest.mark.parametrize("name", UPDATES)
    def test_assignment_equals_official(self, golden: Golden, name: str) -> None:
        """Items of any length are compared by plain inner products; counts follow."""
        arrays = golden(name)
        nearest = memory.nearest(torch.from_numpy(arrays["query"]), torch.from_numpy(arrays["items"])).flatten()
        assert_array_equal(nearest, arrays["nearest"])
        assert_array_equal(np.bincount(nearest, minlength=len(arrays["count"])), arrays["count"])

    @pytest.mark.parametrize("name", [*UPDATES])
    def test_step_is_the_official_sum(self, golden: Golden, name: str) -> None:
        """Undoing the scaling of the new items leaves the official sum of weighted queries."""
        arrays = golden(name)
        items = torch.from_numpy(arrays["items"])
        new = memory.update(torch.from_numpy(arrays["query"]), items)
        length = np.linalg.norm(arrays["items"] + arrays["update_sum"], axis=1, keepdims=True)
        scale = np.abs(arrays["update_sum"]).max()
        assert_allclose(new.numpy() * length - arrays["items"], arrays["update_sum"], rtol=1e-4, atol=1e-5 * scale)

    def test_paper_compares_with_own_queries_only(self, golden: Golden) -> None:
        """Weights relative to an item's own queries, the paper's reading, differ from the official by about 2.3e-3."""
        arrays = golden("mnad_memory_update_a")
        query, items = torch.from_numpy(arrays["query"]), torch.from_numpy(arrays["items"])
        own = memory.update(query, items, weight="own")
        assert 2.2e-3 < (own - memory.update(query, items)).abs().max() < 2.4e-3
        one_item = golden("mnad_memory_update_c")
        query, items = torch.from_numpy(one_item["query"]), torch.from_numpy(one_item["items"])
        assert_allclose(memory.update(query, items, weight="own"), memory.update(query, items), rtol=1e-6)

    @given(st.integers(0, 10**6), st.sampled_from(["all", "own"]), st.permutations(range(6)))
    def test_permuting_items_permutes_the_new_ones(
        self, seed: int, weight: memory.UpdateWeight, order: list[int]
    ) -> None:
        """The order of items carries no meaning."""
        query, items = queries_and_items(seed)
        permuted = memory.update(query, items[order], weight=weight)
        assert_allclose(permuted, memory.update(query, items, weight=weight)[order], atol=1e-12)

    @given(st.integers(0, 10**6), st.sampled_from(["all", "own"]))
    def test_keeps_unit_length_and_leaves_dead_items(self, seed: int, weight: memory.UpdateWeight) -> None:
        """New items have unit length, and an item without queries stays where it is."""
        query, items = queries_and_items(seed)
        new = memory.update(query, items, weight=weight)
        assert_allclose(new.norm(dim=1), 1, rtol=1e-12)
        used = torch.bincount(memory.nearest(query, items).flatten(), minlength=len(items)) > 0
        assert_allclose(new[~used], items[~used], atol=1e-12)
        assert bool(((new - items).abs().amax(dim=1) > 1e-6)[used].all())

    @given(st.integers(0, 10**6))
    def test_order_of_queries_does_not_matter(self, seed: int) -> None:
        """All queries of a batch update together, so their order means nothing."""
        query, items = queries_and_items(seed)
        assert_allclose(memory.update(query.flip(0, 2, 3), items), memory.update(query, items), atol=1e-12)

    def test_passes_no_gradient(self) -> None:
        """The update is outside the graph, even for a query that wants a gradient."""
        query, items = queries_and_items(2)
        assert not memory.update(query.requires_grad_(), items).requires_grad
