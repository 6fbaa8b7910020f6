import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import StudyError
from benchmarks.measure.usage import memory_usage

some_counts = st.lists(st.integers(0, 10_000), min_size=2, max_size=50).filter(any)


class TestMemoryUsage:
    @pytest.mark.parametrize("items", [2, 10, 2000])
    def test_uniform_use(self, items: int) -> None:
        """With equal use the perplexity is the number of items and the normalised entropy 1."""
        usage = memory_usage(np.full(items, 7))
        assert usage.perplexity == pytest.approx(items)
        assert usage.entropy == pytest.approx(math.log(items))
        assert usage.normalised_entropy == pytest.approx(1.0)
        assert usage.dead == 0
        assert usage.largest_share == pytest.approx(1 / items)

    def test_one_item_takes_all(self) -> None:
        """With all queries on one item the entropy is 0 and the others are dead."""
        usage = memory_usage([0, 32, 0, 0, 0])
        assert (usage.entropy, usage.normalised_entropy, usage.perplexity) == (0, 0, 1)
        assert (usage.dead, usage.largest_share) == (4, 1)

    def test_memory_of_one_item(self) -> None:
        """A single item has no normalised entropy: None, not 0/0."""
        assert memory_usage([5]).normalised_entropy is None

    def test_by_hand(self) -> None:
        """Shares 1/2, 1/4, 1/4 have an entropy of 1.5 bits."""
        usage = memory_usage([2, 1, 1, 0])
        assert usage.entropy == pytest.approx(1.5 * math.log(2))
        assert usage.perplexity == pytest.approx(2**1.5)
        assert usage.normalised_entropy == pytest.approx(0.75)
        assert usage.dead == 1

    @given(some_counts, st.integers(2, 9))
    def test_only_shares_count(self, counts: list[int], times: int) -> None:
        """More queries in the same shares, and items in another order, change nothing."""
        one, two = memory_usage(counts), memory_usage([times * count for count in counts[::-1]])
        for name in ("entropy", "perplexity", "dead", "largest_share"):
            assert getattr(two, name) == pytest.approx(getattr(one, name), abs=1e-9)

    @given(some_counts)
    def test_bounds(self, counts: list[int]) -> None:
        """Perplexity lies between 1 and the items in use."""
        usage = memory_usage(counts)
        assert 1 - 1e-9 <= usage.perplexity <= len(counts) - usage.dead + 1e-9
        assert usage.entropy >= 0

    @pytest.mark.parametrize("counts", [[], [0, 0], [1, -1, 3], [0.5, 1], [[1, 2]], [np.nan, 1.0]])
    def test_refuses_what_are_no_counts(self, counts: list[int]) -> None:
        """No items, no queries, negative and broken counts are refused."""
        with pytest.raises(StudyError, match="counts of at least one query"):
            memory_usage(counts)


class TestToDict:
    def test_is_json_of_six_decimals(self) -> None:
        """The record's form survives JSON and is rounded."""
        as_dict = memory_usage(np.array([2, 1, 1, 0])).to_dict()
        assert json.loads(json.dumps(as_dict)) == as_dict
        assert as_dict == {
            "counts": [2, 1, 1, 0],
            "entropy": 1.039721,
            "normalised_entropy": 0.75,
            "perplexity": 2.828427,
            "dead": 1,
            "largest_share": 0.5,
        }
