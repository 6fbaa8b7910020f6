"""MNAD's per-frame errors and the test that decides whether a frame may update the memory.

Source: Park et al. 2020, its abnormality score and test-time update (STUDY section 3, Score); golden files
``mnad_scores`` and ``mnad_eval_trace_*``.
"""

import torch
from torch import Tensor


def to_frames(frames: Tensor) -> Tensor:
    """Scale uint8 frames to [-1, 1] as the official loader does: float32(x) / 127.5 - 1, in float32."""
    return frames.to(torch.float32, copy=True).div_(127.5).sub_(1.0)


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Return the squared difference of frames in [-1, 1] after mapping both to [0, 1]; the shape is kept."""
    return ((output + 1) / 2 - (target + 1) / 2).square()


def mean_squared_error(error: Tensor) -> Tensor:
    """Return the mean (batch,) over a frame's elements of `squared_error`; PSNR is 10 log10(1 / it)."""
    return error.flatten(1).mean(dim=1)


def point_score(error: Tensor) -> Tensor:
    """Return the weighted mean (batch,) of the squared error, with weight 1 - exp(-error).

    Frames under the threshold update the memory at test time. A perfect frame, 0 / 0 in the official code, scores 0.
    """
    error = error.flatten(1)
    weight = -torch.expm1(-error)
    total = weight.sum(dim=1)
    return torch.where(total > 0, (weight * error).sum(dim=1) / total.clamp_min(torch.finfo(error.dtype).tiny), 0.0)
