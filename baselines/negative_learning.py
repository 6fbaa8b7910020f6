"""Negative learning: an autoencoder is kept from reconstructing a few known anomalies (Munawar et al. 2017, ref. 2 of seed 004).

The solution is searched "in the gradient direction for the desired input and in the opposite direction for the
undesired input" (the paper's abstract; arXiv 1708.08985). Taken literally the second part has no end: an error can be
raised for ever. Only the paper's abstract could be read, so the bound is ours: the opposite gradient acts on a frame
until its error has reached a margin, and ceases there. Both directions are taken in one step, so that one optimiser
weighs them against each other, rather than in phases that undo each other.

Where the place of the anomaly is known the error is that of its pixels alone (seed 004: the method "needs a dataset with
anomalies and their location"): what surrounds an anomaly is normal and has to stay reconstructed.
"""

from torch import Tensor


def region_error(output: Tensor, target: Tensor, region: Tensor | None = None) -> Tensor:
    """Mean squared error (batch,) of each frame over the pixels of its region; nothing beyond it has a gradient.

    output, target: (batch, channels, height, width) float; region: (batch, height, width) bool, None for the whole frame
    Raises ValueError where a region is empty.
    """
    squared = (output - target).square().mean(dim=1)
    if region is None:
        return squared.mean(dim=(1, 2))
    pixels = region.sum(dim=(1, 2))
    if not bool(pixels.all()):
        message = f"each known anomaly needs a pixel, but frame {int((pixels == 0).nonzero()[0])} has an empty region"
        raise ValueError(message)
    inside: Tensor = (squared * region).sum(dim=(1, 2)) / pixels
    return inside


def negative_loss(error: Tensor, margin: float) -> Tensor:
    """Mean over frames of what an error lacks to its margin, in [0, margin].

    error: (batch,) of known anomalies. The gradient is the opposite of the error's for a frame below the margin, and
    zero for one above it.
    """
    return (margin - error).clamp_min(0).mean()
