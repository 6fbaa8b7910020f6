"""What queries are like: how well they fall into groups by their nearest item, and whether their place decides which."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import mutual_info_score, silhouette_score
from sklearn.metrics.cluster import contingency_matrix, expected_mutual_information

_DECIMALS = 6


def silhouette_facts(query: NDArray[np.floating], item: NDArray[np.int64], metric: str) -> dict[str, Any]:
    """Return the mean silhouette of queries grouped by nearest item, with what it rests on.

    query: (n, channels); item: (n,) number of the nearest, -1 for an empty address, which is counted and left out
    metric: ``cosine`` or ``euclidean``
    silhouette: in [-1, 1]; None, with a ``reason``, where there are not two groups or every query is one of its own
    """
    alive = item >= 0
    groups = len(np.unique(item[alive]))
    facts: dict[str, Any] = {
        "queries": len(item),
        "dead_queries": int((~alive).sum()),
        "items_nearest": groups,
        "metric": metric,
        "silhouette": None,
    }
    if groups == 0:
        return facts | {"reason": "every query is dead"}
    if groups == 1:
        return facts | {"reason": f"item {item[alive][0]} is nearest to every query"}
    if groups == alive.sum():
        return facts | {"reason": "no two queries share an item"}
    value = silhouette_score(query[alive], item[alive], metric=metric)
    return facts | {"silhouette": round(float(value), _DECIMALS)}


def location_information(nearest: NDArray[np.int64]) -> float | None:
    """Return how much of the choice of item the place decides: 0 nothing beyond chance, 1 all of it.

    Mutual information of place and nearest item over the items' entropy, both less what chance gives at these counts
    (Vinh et al. 2010): with many items and few frames chance alone gives much.

    nearest: (frames, h, w), -1 for an empty address, which is left out. None with fewer than two items in use, or where
    chance could give as much as there is.
    """
    places = np.broadcast_to(np.arange(nearest[0].size).reshape(nearest[0].shape), nearest.shape)
    alive = nearest >= 0
    item, place = nearest[alive], places[alive]
    counts = np.unique(item, return_counts=True)[1]
    if len(counts) < 2:
        return None
    table = contingency_matrix(place, item, sparse=True, dtype=np.int64)
    chance = expected_mutual_information(table, len(item))
    room = float(stats.entropy(counts)) - chance
    if room <= 10**-_DECIMALS:
        return None
    return round(float((mutual_info_score(None, None, contingency=table) - chance) / room), _DECIMALS)
