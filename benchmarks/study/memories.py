"""Cards of the memories: everything that the project needs to know of each, besides its mechanism.

A new memory is its part (a module that defines `build`, see `benchmarks.run.parts.memory`) and a card in `MEMORIES`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from benchmarks.study.cards import Card, Factors, OwnSettings, setting


@dataclass(frozen=True, kw_only=True)
class MemoryCard(Card):
    """One memory.

    part: the module that the harness loads; its `build` makes the memory
    variants: ways to score one checkpoint, the published one first; cells of a memory with a test-time update have several
    ablations: further variants, in which something replaces what is read
    own_scores: the memory's score terms that are worth a column alone
    score_shares: on its own method, the weight of each of its terms in the published score, as a share of ``1 - alpha``
    distance: by which queries are compared with items
    decoder_channels: channels that the decoder sees, in multiples of the query's
    products: matrix products of all queries with all items, in one training step
    optional_products: weights of losses that need one of these products, and save it at 0
    learned_items: whether items are parameters, so that each product has two more in its gradients
    """

    part: str
    variants: tuple[str, ...] = ("plain",)
    ablations: tuple[str, ...] = ("read_zeros", "read_mean")
    own_scores: tuple[str, ...] = ()
    score_shares: Mapping[str, float] = field(default_factory=dict)
    distance: Literal["euclidean", "cosine"] = "euclidean"
    decoder_channels: int = 1
    products: float = 2.0
    optional_products: tuple[str, ...] = ()
    learned_items: bool = True


@dataclass(frozen=True, kw_only=True)
class ItemSettings(OwnSettings):
    """What every memory has."""

    items: int = setting()

    def invalid_reason(self) -> str | None:
        """A memory has items."""
        return f"a memory needs at least one item, but items={self.items}." if self.items < 1 else None


@dataclass(frozen=True, kw_only=True)
class MnadSettings(ItemSettings):
    """Park et al. 2020; levels tell the released code (``all``, ``mean``, no gradient) from the text."""

    items: int = setting(10)
    update_weight: Literal["all", "own"] = setting("all")
    read_gradient: bool = setting(default=False)
    compactness_reduction: Literal["mean", "sum"] = setting("mean")
    compactness_weight: float = setting(least=0)
    separateness_weight: float = setting(least=0)
    alpha: float = setting(1.0)
    update_threshold: float = setting(0.015, least=0)

    def invalid_reason(self) -> str | None:
        """Separateness needs a second nearest item."""
        if self.items == 1 and self.separateness_weight:
            return (
                f"separateness needs a second nearest item, but items=1 and separateness_weight="
                f"{self.separateness_weight:g}; set separateness_weight=0."
            )
        return super().invalid_reason()


def _mnad(factors: Factors) -> dict[str, Any]:
    """On its own backbone the memory decides on part of the score, and the threshold is the task's."""
    prediction, paper = factors["task"] == "prediction", factors["preset"] == "paper"
    weight = 0.1 if prediction else 0.01
    if factors["supervision"] == "uniform_rc2020":
        # RC2020's script scales the other two losses by 0.01 on top of their weight of 0.1.
        weight = 0.001
    values = {
        "update_weight": "own" if paper else "all",
        "read_gradient": paper,
        "compactness_reduction": "sum" if paper else "mean",
        "compactness_weight": weight,
        "separateness_weight": weight,
    }
    if factors["method"] == "mnad":
        values |= {"alpha": 0.6 if prediction else 0.7, "update_threshold": 0.01 if prediction else 0.015}
    return values


@dataclass(frozen=True, kw_only=True)
class MemaeSettings(ItemSettings):
    """Gong et al. 2019; the text addresses by cosine, the released code by inner product."""

    items: int = setting(2000)
    address: Literal["inner_product", "cosine"] = setting("inner_product")
    shrink_threshold: float = setting(0.0025, least=0)
    entropy_weight: float = setting(0.0002, least=0)

    def invalid_reason(self) -> str | None:
        """Hard shrinkage above every weight leaves no address, so no gradient ever moves an item or a query."""
        if (reason := super().invalid_reason()) is not None:
            return reason
        most = cosine_ceiling(self.items)
        if self.address != "cosine" or not self.shrink_threshold or self.shrink_threshold < most:
            return None
        return (
            f"a cosine to {self.items} items gives no weight above e/(e+{self.items - 1}) = {most:.3g}, so "
            f"shrink_threshold={self.shrink_threshold:g} sets every address to zero and neither items nor encoder ever "
            f"get a gradient; set shrink_threshold below {most:.3g} (the paper's range begins at 1/items), or "
            "address=inner_product."
        )


def cosine_ceiling(items: int) -> float:
    """Largest address weight that a cosine gives, e / (e + items - 1): that of a query along one item.

    It holds where the cosines to the other items average 0, as they do with freshly drawn items (Jensen's inequality).
    """
    return math.e / (math.e + items - 1)


def _memae(factors: Factors) -> dict[str, Any]:
    """The text gives the interval [1/N, 3/N], the code 5/N at its 2,000 items.

    The preset takes the lower end: at 2/N, down to a quarter of the width, no weight of a cosine to freshly drawn items
    survives.
    """
    if factors["preset"] != "paper":
        return {}
    return {"address": "cosine", "shrink_threshold": 1 / (factors.get("items") or MemaeSettings.items)}


@dataclass(frozen=True, kw_only=True)
class NoMemorySettings(OwnSettings):
    """normalise_query: whether the map keeps its length; leaving MNAD's memory out leaves its normalisation out."""

    normalise_query: bool = setting(default=False, needed=False)


NO_MEMORY = "none"

MEMORIES: Mapping[str, MemoryCard] = {
    "mnad": MemoryCard(
        printed="MNAD",
        part="benchmarks.run.parts.memory_mnad",
        settings=MnadSettings,
        values=_mnad,
        variants=("update", "no_update", "reset_per_video"),
        own_scores=("feature_distance",),
        score_shares={"feature_distance": 1.0},
        distance="cosine",
        decoder_channels=2,
        products=7.0,
        optional_products=("compactness_weight", "separateness_weight"),
        learned_items=False,
    ),
    "memae": MemoryCard(
        printed="MemAE",
        part="benchmarks.run.parts.memory_memae",
        settings=MemaeSettings,
        values=_memae,
    ),
    NO_MEMORY: MemoryCard(
        printed="none",
        part="benchmarks.run.parts.memory_none",
        settings=NoMemorySettings,
        ablations=(),
        products=0.0,
        learned_items=False,
    ),
}
