"""MemAE's error of a clip. Source: the released test script and utils; golden file ``memae_score``."""

import torch
from torch import Tensor


def to_clips(frames: Tensor) -> Tensor:
    """Scale uint8 frames to [-1, 1] as the official loader does: (float32(x) / 255 - 0.5) / 0.5, in float32."""
    return frames.to(torch.float32, copy=True).div_(255.0).sub_(0.5).div_(0.5)


def clip_error(output: Tensor, target: Tensor) -> Tensor:
    """Return the mean (batch,) over pixels and time of the norm over channels of the difference.

    For one grey channel this is the mean *absolute* error, on the [-1, 1] scale.

    output, target: (batch, channels, time, height, width)
    """
    norm: Tensor = torch.linalg.vector_norm(output - target, dim=1)
    return norm.flatten(1).mean(dim=1)


def squared_clip_error(output: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared difference (batch,), which the released code uses for the twin without memory."""
    return (output - target).square().flatten(1).mean(dim=1)
