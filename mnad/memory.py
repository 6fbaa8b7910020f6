"""MNAD's memory: reading it, updating it, and which item a query belongs to.

Items have no parameters and carry no gradient: they change by `update` alone. Source: Park et al. 2020, its read and
update of the memory (STUDY section 3, Memory); golden files ``mnad_memory_read_*`` and ``mnad_memory_update_*``.

Common shapes
    query: (batch, channels, height, width) float; it is normalised here, a normalised one passes unchanged
    items: (n_items, channels) float, rows of unit length; `read` also takes (batch, n_items, channels), a set a frame
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

UpdateWeight = Literal["all", "own"]


def initial_items(n_items: int, channels: int, generator: torch.Generator | None = None) -> Tensor:
    """Draw items uniform in [0, 1) and scale each to unit length, as the official training script does."""
    return functional.normalize(torch.rand(n_items, channels, generator=generator), dim=1)


def normalise(query: Tensor) -> Tensor:
    """Scale each query to unit length over its channels; a zero query stays zero."""
    return functional.normalize(query, dim=1)


def rows(query: Tensor) -> Tensor:
    """Flatten a normalised query map to (batch, locations, channels), row by row."""
    return query.flatten(2).transpose(1, 2)


def similarity(query: Tensor, items: Tensor) -> Tensor:
    """Return the inner products (batch, locations, n_items) of normalised queries with items; no temperature."""
    return rows(normalise(query)) @ items.transpose(-1, -2)


def address(query: Tensor, items: Tensor) -> Tensor:
    """Return the softmax over items (batch, locations, n_items), differentiable in the query."""
    return similarity(query, items).softmax(dim=-1)


def nearest(query: Tensor, items: Tensor) -> Tensor:
    """Return the index (batch, locations) of the item that each query belongs to."""
    return similarity(query, items).argmax(dim=-1)


def read(query: Tensor, items: Tensor, *, differentiable: bool = False) -> Tensor:
    """Return query and read side by side: (batch, 2 channels, height, width), the normalised query first.

    differentiable: let the gradient pass the address, as the paper's text has it; the official code detaches it, so
    that all gradient to the encoder flows through the query half.
    """
    query = normalise(query)
    weights = (rows(query) @ items.transpose(-1, -2)).softmax(dim=-1)
    if not differentiable:
        weights = weights.detach()
    return torch.cat([query, (weights @ items).transpose(1, 2).reshape(query.shape)], dim=1)


@torch.no_grad()
def update(query: Tensor, items: Tensor, *, weight: UpdateWeight = "all") -> Tensor:
    """Return new items (n_items, channels): each old one plus the weighted sum of its queries, at unit length.

    weight: a query's softmax over all queries is divided by the largest such value for its item, over ``all`` queries
    (official code) or among the item's ``own`` (the paper's text). The softmax's denominator cancels in both.
    An item without queries stays as it is, re-normalised.
    """
    query_rows = rows(normalise(query)).flatten(0, 1)
    scores = query_rows @ items.T
    belongs = functional.one_hot(scores.argmax(dim=1), items.shape[0]).bool()
    compared = scores if weight == "all" else scores.masked_fill(~belongs, -torch.inf)
    largest = compared.amax(dim=0)
    weights = torch.exp(scores - largest).masked_fill(~belongs, 0.0)
    return functional.normalize(items + weights.T @ query_rows, dim=1)
