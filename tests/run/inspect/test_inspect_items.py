"""Facts of items: similarity to each other, and how far an update moves them."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.run.inspect.items import cosine_facts, item_facts, relative_change


class TestCosineFacts:
    def test_known_angles(self) -> None:
        """Three directions in a plane: every pair once, whatever the lengths."""
        items = torch.tensor([[2.0, 0.0], [0.0, 5.0], [1.0, 1.0]])
        half = 2**-0.5
        assert cosine_facts(items) == {
            "mean_cosine": pytest.approx((0 + 2 * half) / 3, abs=1e-6),
            "lowest_cosine": 0,
            "highest_cosine": pytest.approx(half, abs=1e-6),
        }

    def test_alike_items_are_one(self) -> None:
        """Items that collapsed onto one direction have cosine 1 throughout."""
        facts = cosine_facts(torch.rand(1, 8).expand(5, -1))
        assert list(facts.values()) == [1, 1, 1]

    def test_a_single_item_has_no_pair(self) -> None:
        """There is no cosine to give."""
        assert set(cosine_facts(torch.ones(1, 4)).values()) == {None}

    @given(st.permutations(range(6)))
    def test_order_does_not_matter(self, order: list[int]) -> None:
        """Items are a set."""
        items = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
        assert cosine_facts(items[order]) == cosine_facts(items)


class TestRelativeChange:
    def test_is_in_lengths_of_the_item(self) -> None:
        """A step as long as half the item is 0.5, none is 0."""
        before = torch.tensor([[0.0, 2.0], [3.0, 4.0]])
        after = before + torch.tensor([[1.0, 0.0], [0.0, 0.0]])
        assert relative_change(before, after).tolist() == [0.5, 0.0]


class TestItemFacts:
    def test_tells_trained_from_updated(self) -> None:
        """The cosines at the top are of the trained items; an update's stand apart, and only where there was one."""
        trained, updated = torch.eye(3), torch.ones(3, 3)
        facts = item_facts(trained, updated, 0.25)
        assert (facts["items"], facts["mean_cosine"], facts["update_size"]) == (3, 0, 0.25)
        assert facts["updated"]["mean_cosine"] == 1
        assert set(item_facts(trained, None, None)) == {"items", "mean_cosine", "lowest_cosine", "highest_cosine"}
