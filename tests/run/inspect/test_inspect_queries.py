"""Silhouette of queries, and whether their place decides their item, on invented queries with known answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.run.inspect.queries import location_information, silhouette_facts

RNG = np.random.default_rng


def bunches(spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Sixty queries around three orthogonal directions, and the number of each one's direction."""
    item = np.repeat(np.arange(3), 20)
    return (np.eye(3)[item] + RNG(0).normal(0, spread, (60, 3))).astype(np.float32), item


class TestSilhouetteFacts:
    @pytest.mark.parametrize("metric", ["cosine", "euclidean"])
    def test_tight_bunches_are_near_one_and_mixed_ones_near_zero(self, metric: str) -> None:
        """Groups far apart score near 1; the same queries under shuffled items score about 0 or less."""
        query, item = bunches(0.01)
        tight = silhouette_facts(query, item, metric)
        mixed = silhouette_facts(query, RNG(1).permutation(item), metric)
        assert tight["silhouette"] > 0.95
        assert mixed["silhouette"] < 0.05
        assert (tight["queries"], tight["items_nearest"], tight["metric"]) == (60, 3, metric)
        assert "reason" not in tight

    def test_by_hand(self) -> None:
        """Two pairs on a line: (b - a) / max(a, b) of each query, averaged."""
        query = np.array([[0.0], [1.0], [4.0], [5.0]])
        expected = np.mean([1 - 1 / 4.5, 1 - 1 / 3.5, 1 - 1 / 3.5, 1 - 1 / 4.5])
        found = silhouette_facts(query, np.array([0, 0, 7, 7]), "euclidean")
        assert found["silhouette"] == pytest.approx(expected, abs=1e-6)

    def test_cosine_ignores_lengths(self) -> None:
        """MNAD compares directions, so a longer query is no other query."""
        query, item = bunches(0.2)
        longer = query * RNG(2).uniform(1, 50, (60, 1)).astype(np.float32)
        assert silhouette_facts(longer, item, "cosine")["silhouette"] == pytest.approx(
            silhouette_facts(query, item, "cosine")["silhouette"], abs=2e-6
        )

    def test_dead_queries_are_counted_and_left_out(self) -> None:
        """Queries without an item belong to no group."""
        query, item = bunches(0.1)
        some_dead = np.concatenate([item, [-1] * 5])
        found = silhouette_facts(np.concatenate([query, np.zeros((5, 3))]), some_dead, "euclidean")
        alone = silhouette_facts(query, item, "euclidean")
        assert found == alone | {"queries": 65, "dead_queries": 5}

    @pytest.mark.parametrize(
        ("item", "reason"),
        [
            ([4] * 6, "item 4 is nearest to every query"),
            ([-1] * 6, "every query is dead"),
            ([-1, 0, 1, 2, 3, 4], "no two queries share an item"),
        ],
    )
    def test_without_groups_there_is_none_and_a_reason(self, item: list[int], reason: str) -> None:
        """A number that would mean nothing is not given."""
        found = silhouette_facts(RNG(0).normal(size=(6, 4)), np.array(item), "euclidean")
        assert found["silhouette"] is None
        assert found["reason"] == reason


class TestLocationInformation:
    def test_is_one_where_the_place_decides(self) -> None:
        """Every frame reads the same item at the same place."""
        pattern = RNG(0).integers(0, 5, (6, 7))
        assert location_information(np.repeat(pattern[None], 20, axis=0)) == pytest.approx(1, abs=1e-6)

    @pytest.mark.parametrize("items", [3, 400])
    def test_is_about_zero_where_it_does_not(self, items: int) -> None:
        """Items drawn at random leave nothing beyond chance, however many there are."""
        found = location_information(RNG(0).integers(0, items, (60, 8, 8)))
        assert found == pytest.approx(0, abs=0.02)

    def test_lies_between_for_a_place_that_leans(self) -> None:
        """Half of the frames follow the place, half do not."""
        nearest = RNG(0).integers(0, 4, (100, 8, 8))
        nearest[::2] = RNG(1).integers(0, 4, (8, 8))
        assert 0.1 < (location_information(nearest) or 0) < 0.6

    @given(st.permutations(range(5)))
    def test_names_of_items_do_not_matter(self, order: list[int]) -> None:
        """Permuting the items changes nothing."""
        nearest = RNG(0).integers(0, 5, (30, 4, 4))
        nearest[::2] = nearest[0]
        assert location_information(np.array(order)[nearest]) == pytest.approx(location_information(nearest), abs=2e-6)

    def test_dead_queries_are_left_out(self) -> None:
        """A place that is dead now and then is as telling as before."""
        nearest = np.repeat(RNG(0).integers(0, 5, (1, 6, 7)), 40, axis=0)
        nearest[::3, ::2] = -1
        assert location_information(nearest) == pytest.approx(1, abs=1e-6)

    @pytest.mark.parametrize("item", [2, -1])
    def test_one_item_or_none_says_nothing(self, item: int) -> None:
        """Where all read one item there is no choice to explain."""
        assert location_information(np.full((5, 3, 3), item)) is None
