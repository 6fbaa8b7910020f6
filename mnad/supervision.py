"""Forcing a uniform use of the items: what RC2020's code does, and what its authors' article describes."""

import math

import torch
from torch import Tensor
from torch.nn import functional


def uniform_rc2020_loss(address: Tensor) -> Tensor:
    """Return the mean squared difference between the address and a fixed one-hot target.

    The target sends location i of a frame (row by row) to item i mod n_items: it fixes *which* item a place looks like,
    and asks for even use only thereby. Written by RC2020 for batch 1, 1024 locations and 10 items; the rule is the
    same for any size here, frame by frame. Source: golden file ``rc2020_uniform_loss``.

    address: (batch, locations, n_items), differentiable in the query
    """
    _, locations, n_items = address.shape
    target = functional.one_hot(torch.arange(locations, device=address.device) % n_items, n_items).to(address.dtype)
    return functional.mse_loss(address, target.expand_as(address))


def uniform_balance_loss(similarity: Tensor, temperature: float) -> Tensor:
    """Return KL(mean over queries of softmax(similarity / temperature) || uniform), in nats.

    It is zero when the items are used evenly on average, whatever query uses which. Source: seed 003 in words.

    similarity: (batch, locations, n_items)
    """
    used = (similarity / temperature).softmax(dim=-1).mean(dim=(0, 1))
    return (used * used.clamp_min(1e-12).log()).sum() + math.log(similarity.shape[-1])
