"""What a memory's items are like: how similar to each other, and how far a test frame's update moves them."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

_DECIMALS = 6


def cosine_facts(items: Tensor) -> dict[str, Any]:
    """Return mean, lowest and highest cosine over pairs of different items; None with a single item.

    items: (n_items, channels) float
    """
    names = ("mean_cosine", "lowest_cosine", "highest_cosine")
    if len(items) < 2:
        return dict.fromkeys(names)
    unit = functional.normalize(items.double(), dim=1)
    first, second = torch.triu_indices(len(items), len(items), offset=1)
    cosines = (unit @ unit.T)[first, second]
    found = (cosines.mean(), cosines.min(), cosines.max())
    return {name: round(float(value), _DECIMALS) for name, value in zip(names, found, strict=True)}


def relative_change(before: Tensor, after: Tensor) -> Tensor:
    """Return the length of each item's change relative to the item, (n_items,)."""
    lengths: Tensor = (after - before).norm(dim=1) / before.norm(dim=1)
    return lengths


def item_facts(trained: Tensor, updated: Tensor | None, update_size: float | None) -> dict[str, Any]:
    """Return a record's facts of the items.

    trained: (n_items, channels) as training left them; mean_cosine, lowest_cosine and highest_cosine are theirs
    updated: likewise, after the test frames of the published variant; None without a test-time update. Their cosines
        stand under ``updated``
    update_size: mean of `relative_change` over sampled frames and items, if each frame were to update the trained items
    """
    facts: dict[str, Any] = {"items": len(trained), **cosine_facts(trained)}
    if updated is not None:
        facts["updated"] = cosine_facts(updated)
    if update_size is not None:
        facts["update_size"] = round(update_size, _DECIMALS)
    return facts
