"""From reconstructed clips to the regularity of a video: Hasan et al. 2016, Chong and Tay 2017, and what retells them.

A frame has an error, a sequence the sum of its frames' errors, and a video's errors are put on one scale by their own
extremes. Hasan's error of a frame sums the L2 norms of its pixels, and so does the document "Video Anomaly Detection with
LSTM auto encoder" in its sequence reconstruction cost (SRC); Chong and Tay take the Euclidean distance of whole frames.
"""

import torch
from torch import Tensor


def frame_errors(output: Tensor, target: Tensor) -> Tensor:
    """Return the error (batch, time) of each frame: the L2 norm of each pixel's difference, summed over pixels.

    output, target: (batch, time, channels, height, width). Of a grey frame this is the sum of absolute differences.
    """
    pixels: Tensor = torch.linalg.vector_norm(output - target, dim=2)
    return pixels.sum(dim=(2, 3))


def frame_distances(output: Tensor, target: Tensor) -> Tensor:
    """Return Chong and Tay's error e(t) = ||x(t) - f(x(t))||_2 (batch, time) of frames as in `frame_errors`."""
    distances: Tensor = torch.linalg.vector_norm((output - target).flatten(2), dim=2)
    return distances


def sequence_costs(errors: Tensor, length: int) -> Tensor:
    """Return SRC(t) (n - length + 1,): the errors (n,) of one video's frames summed over the window that starts at t.

    Raises ValueError for a video that is shorter than a window.
    """
    if len(errors) < length:
        message = f"a window of {length} frames needs a video as long, but got {len(errors)} frames"
        raise ValueError(message)
    return errors.unfold(0, length, 1).sum(dim=1)


def anomaly_score(costs: Tensor) -> Tensor:
    """Return AS(t) = (SRC(t) - min SRC) / max SRC (n,) over one video: high is abnormal, and 1 is not reached.

    A video without any cost scores 0 throughout, where the formula divides by 0.
    """
    return (costs - costs.min()) / costs.max().clamp_min(torch.finfo(costs.dtype).tiny)


def regularity(costs: Tensor) -> Tensor:
    """Return the regularity score 1 - AS(t) (n,) of one video's errors or costs: high is normal."""
    return 1 - anomaly_score(costs)
