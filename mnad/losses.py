"""MNAD's two losses on the memory. Items are detached in both: the gradient reaches the encoder alone.

Source: Park et al. 2020, its compactness and separateness losses (STUDY section 3, Memory); golden files
``mnad_losses_*``. Shapes as in `mnad.memory`.
"""

from typing import Literal

from torch import Tensor
from torch.nn import functional

from mnad import memory

Reduction = Literal["mean", "sum"]
_MARGIN = 1.0
_TWO = 2


def feature_distance(query: Tensor, items: Tensor) -> Tensor:
    """Return the mean squared difference (batch,) between each frame's queries and their nearest items.

    It is the compactness of one frame, the second term of the abnormality score.
    """
    query_rows, nearest = _query_and_nearest(query, items)
    return (query_rows - nearest).square().mean(dim=(1, 2))


def compactness_loss(query: Tensor, items: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Return the squared distance between queries and their nearest items, averaged over queries.

    reduction over channels: ``mean`` (official code, the squared distance divided by C) or ``sum`` (the paper's text).
    """
    query_rows, nearest = _query_and_nearest(query, items)
    loss = functional.mse_loss(query_rows, nearest)
    return loss if reduction == "mean" else loss * query.shape[1]


def separateness_loss(query: Tensor, items: Tensor) -> Tensor:
    """Return the triplet margin loss with the nearest item as positive and the second nearest as negative.

    Margin 1, Euclidean distance with 1e-6 added to every component of the difference, as torch has it.
    Raises ValueError for a single item, which has no second.
    """
    if items.shape[0] < _TWO:
        message = f"separateness needs at least two items, but there is {items.shape[0]}"
        raise ValueError(message)
    query_rows = memory.rows(memory.normalise(query)).flatten(0, 1)
    items = items.detach()
    first_two = (query_rows.detach() @ items.T).topk(2, dim=1).indices
    return functional.triplet_margin_loss(query_rows, items[first_two[:, 0]], items[first_two[:, 1]], margin=_MARGIN)


def _query_and_nearest(query: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
    """Return normalised queries and their nearest items, both (batch, locations, channels); items (M, C) or a set a frame."""
    query_rows = memory.rows(memory.normalise(query))
    items = items.detach()
    index = (query_rows.detach() @ items.transpose(-1, -2)).argmax(dim=-1)
    per_frame = items.expand(query_rows.shape[0], -1, -1)
    return query_rows, per_frame.gather(1, index.unsqueeze(-1).expand(-1, -1, items.shape[-1]))
