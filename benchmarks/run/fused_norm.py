"""Batch norm and the ReLU behind it as one step of training on the CPU: what the mode `fast` does there.

`fuse` changes the classes of the modules of a network and nothing else: names, parameters and evaluation stay. Where the
compiled kernels do not apply (another device or precision, no numba) both modules do what torch's do.
"""

import importlib.util
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

_HAS_KERNELS = importlib.util.find_spec("numba") is not None
_MOST_CHANNELS = 1024
_NO_WORDS = np.zeros(0, np.uint64)
_NO_BITS = np.zeros(0, np.uint16)


def fuse(network: nn.Module) -> nn.Module:
    """Let every batch norm with a (leaky) ReLU behind it rectify as well, in place; return the network."""
    for block in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for norm, rectifier in zip(block, list(block)[1:], strict=False):
            if type(norm) in _RECTIFYING and type(rectifier) in _BEHIND_NORM:
                norm.__class__ = _RECTIFYING[type(norm)]
                leak = rectifier.negative_slope if isinstance(rectifier, nn.LeakyReLU) else 0.0
                cast("_RectifyingNorm", norm).leak = leak
                rectifier.__class__ = _BEHIND_NORM[type(rectifier)]
    return network


def _applies(values: Tensor) -> bool:
    return _HAS_KERNELS and values.dtype == torch.bfloat16 and values.is_cpu and values.shape[1] <= _MOST_CHANNELS


class _RectifyingNorm(_BatchNorm):
    """Batch norm that rectifies as well while it trains, where the kernels apply.

    Statistics are those of the bfloat16 values, summed in float32 and float64; torch's own kernel differs in the order.
    """

    leak: float

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 -- torch's name
        """Normalise (batch, channels, ...), in training with the ReLU."""
        if not (self.training and _applies(input)):
            return super().forward(input)
        assert self.running_mean is not None, "made by fuse() from a batch norm with its defaults"
        assert self.running_var is not None, "made by fuse() from a batch norm with its defaults"
        assert self.num_batches_tracked is not None, "made by fuse() from a batch norm with its defaults"
        self.num_batches_tracked.add_(1)
        rectified: Tensor = _NormaliseRectify.apply(  # type: ignore[no-untyped-call]
            input, self.weight, self.bias, self.running_mean, self.running_var, self.momentum, self.eps, self.leak
        )
        return rectified


class RectifyingBatchNorm2d(_RectifyingNorm, nn.BatchNorm2d):
    """For maps (batch, channels, height, width)."""


class RectifyingBatchNorm3d(_RectifyingNorm, nn.BatchNorm3d):
    """For clips (batch, channels, time, height, width)."""


class _BehindNorm(nn.Module):
    """A rectifier behind a `_RectifyingNorm`: it has nothing left to do where that one rectified."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 -- torch's name
        """Rectify what is not rectified yet."""
        rectified: Tensor = input if self.training and _applies(input) else super().forward(input)
        return rectified


class RectifierBehindNorm(_BehindNorm, nn.ReLU):
    """A ReLU."""


class LeakyRectifierBehindNorm(_BehindNorm, nn.LeakyReLU):
    """A leaky ReLU."""


_RECTIFYING: dict[type, type] = {nn.BatchNorm2d: RectifyingBatchNorm2d, nn.BatchNorm3d: RectifyingBatchNorm3d}
_BEHIND_NORM: dict[type, type] = {nn.ReLU: RectifierBehindNorm, nn.LeakyReLU: LeakyRectifierBehindNorm}


class _NormaliseRectify(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        values: Tensor,
        weight: Tensor,
        bias: Tensor,
        running_mean: Tensor,
        running_variance: Tensor,
        momentum: float,
        eps: float,
        leak: float,
    ) -> Tensor:
        from benchmarks.run import norm_kernels

        values = values.contiguous(memory_format=_channels_last(values))
        bits, channels = _bits(values), values.shape[1]
        rows = bits.size // channels
        total, total_square = norm_kernels.sums(bits, channels)
        mean = total / rows
        variance = np.maximum(total_square / rows - mean**2, 0.0)
        inverse = 1.0 / np.sqrt(variance + eps)
        gain = weight.detach().numpy().astype(np.float64)
        scale = (gain * inverse).astype(np.float32)
        shift = (bias.detach().numpy() - mean * gain * inverse).astype(np.float32)
        rectified = torch.empty_like(values)
        norm_kernels.normalise_rectify(bits, scale, shift, np.float32(leak), _bits(rectified))
        running_mean.lerp_(torch.from_numpy(mean).float(), momentum)
        running_variance.lerp_(torch.from_numpy(variance * rows / max(rows - 1, 1)).float(), momentum)
        ctx.save_for_backward(values)
        ctx.statistics = (mean, inverse, gain, scale, shift, np.float32(leak))
        return rectified

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        from benchmarks.run import norm_kernels

        (values,) = ctx.saved_tensors
        mean, inverse, gain, scale, shift, leak = ctx.statistics
        bits, arriving = _bits(values), _gradient_bits(gradient)
        rows = bits.size // values.shape[1]
        total, total_product = norm_kernels.gradient_sums(bits, *arriving, scale, shift, leak)
        weight_gradient = (total_product - mean * total) * inverse
        # d/dx = gain * inverse * (g - mean(g) - x_hat * mean(g * x_hat)), written as scale * g + slope * x + offset.
        slope = -gain * inverse**2 * weight_gradient / rows
        offset = -gain * inverse * total / rows - slope * mean
        result = torch.empty_like(values)
        norm_kernels.input_gradient(
            bits, *arriving, scale, shift, leak, slope.astype(np.float32), offset.astype(np.float32), _bits(result)
        )
        found = (result, torch.from_numpy(weight_gradient).float(), torch.from_numpy(total).float())
        return (*found, None, None, None, None, None)


def _channels_last(values: Tensor) -> torch.memory_format:
    return torch.channels_last if values.dim() == 4 else torch.channels_last_3d


def _bits(values: Tensor) -> NDArray[np.uint16]:
    """View dense channels-last values as their bits, row by row."""
    bits: NDArray[np.uint16] = values.movedim(1, -1).view(torch.uint16).reshape(-1).numpy()
    return bits


def _gradient_bits(gradient: Tensor) -> tuple[NDArray[np.uint16], NDArray[np.uint64], int]:
    """Return the gradient as kernels take it: dense, or where it is a slice of channels, in place in words of four."""
    rows = gradient.movedim(1, -1)
    channels, pitch = rows.shape[-1], rows.stride(-2)
    count = rows.numel() // channels
    aligned = not any(number % 4 for number in (channels, pitch, rows.storage_offset()))
    if rows.is_contiguous() or not (_is_even(rows) and aligned):
        return _bits(gradient.contiguous(memory_format=_channels_last(gradient))), _NO_WORDS, 0
    span = (count - 1) * pitch + channels
    words: NDArray[np.uint64] = rows.view(torch.uint16).as_strided((span,), (1,)).numpy().view(np.uint64)
    return _NO_BITS, words, pitch // 4


def _is_even(rows: Tensor) -> bool:
    """Whether rows of channels follow each other at one distance."""
    expected, steps = rows.stride(-2), []
    for size in reversed(rows.shape[:-1]):
        steps.append(expected)
        expected *= size
    return rows.stride() == (*reversed(steps), 1)
