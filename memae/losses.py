"""MemAE's loss on the address.

Source: Gong et al. 2019, its entropy loss (STUDY section 4, Memory); golden file ``memae_entropy``.
"""

import torch
from torch import Tensor

_EPSILON = 1e-12


def entropy_loss(address: Tensor) -> Tensor:
    """Return the mean over queries of the entropy, in nats, of their address after shrinkage.

    address: (n, n_items); a row of zeros (a dead query) counts 0
    """
    return -(address * torch.log(address + _EPSILON)).sum(dim=1).mean()
