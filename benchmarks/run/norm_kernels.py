"""Batch norm and a leaky ReLU in one go over bfloat16 rows on the CPU, compiled by numba.

At a quarter of the published width a training step is bound by memory traffic: torch reads and writes an activation
twelve times for batch norm, ReLU and their gradients, the four functions here eight times, and in vectors of full
length. bfloat16 is the upper half of float32, so its bits travel as uint16. All sums are taken in a fixed order: float32
within 64 runs of a tile, float64 beyond.

A row is one location, its elements are channels. Arrays are flat; per-channel arrays are float32 of length `channels`.
A gradient may lie in wider rows (the slice of a concatenation): then ``words`` holds it in words of four elements,
``pitch`` words a row, and ``gradient`` is empty; otherwise ``pitch`` is 0. ``leak`` is the slope below zero, 0 for ReLU.
"""

import numba
import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint16]
Channels = NDArray[np.float32]

# Elements worked on together: long enough for vectors, short enough for the nearest cache.
_TILE = 1024
_RUNS = 64
_compiled = numba.njit(cache=True, error_model="numpy", fastmath={"contract", "nsz"})
_inlined = numba.njit(inline="always")


@_inlined
def _widen(bits):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 -- numba infers them
    return np.uint32(np.uint32(bits) << np.uint32(16)).view(np.float32)


@_inlined
def _narrow(value):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    bits = np.float32(value).view(np.uint32)
    # To the nearest, ties to even.
    return np.uint16((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16))


@_compiled
def _repeat(values: Channels) -> Channels:
    """Repeat per-channel values over a tile, so that the inner loops need not count channels."""
    channels = values.size
    rows = _TILE // channels
    tiled = np.empty(rows * channels, np.float32)
    for row in range(rows):
        tiled[row * channels : (row + 1) * channels] = values
    return tiled


@_compiled
def _gather(
    words: NDArray[np.uint64], first: int, count: int, width: int, pitch: int, tile: NDArray[np.uint64]
) -> None:
    """Copy ``count`` rows of ``width`` words, ``pitch`` apart, into a dense tile."""
    for row in range(count):
        start = (first + row) * pitch
        for word in range(width):
            tile[row * width + word] = words[start + word]


@_compiled
def _drain(part: Channels, total: NDArray[np.float64]) -> None:
    """Add a float32 part to its float64 total and reset it."""
    for j in range(part.size):
        total[j] += part[j]
        part[j] = 0


@_compiled
def sums(values: Bits, channels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sum of each channel and of its square."""
    tile = _TILE // channels * channels
    size = values.size
    total, total_square = np.zeros(tile, np.float64), np.zeros(tile, np.float64)
    part, part_square = np.zeros(tile, np.float32), np.zeros(tile, np.float32)
    tiles = (size + tile - 1) // tile
    for index in range(tiles):
        start = index * tile
        run = values[start : min(start + tile, size)]
        for j in range(run.size):
            value = _widen(run[j])
            part[j] += value
            part_square[j] += value * value
        if index % _RUNS == _RUNS - 1 or index == tiles - 1:
            _drain(part, total)
            _drain(part_square, total_square)
    return total.reshape(-1, channels).sum(0), total_square.reshape(-1, channels).sum(0)


@_compiled
def normalise_rectify(values: Bits, scale: Channels, shift: Channels, leak: np.float32, rectified: Bits) -> None:
    """Write the rectified scale * value + shift."""
    scale, shift = _repeat(scale), _repeat(shift)
    tile, size = scale.size, values.size
    for start in range(0, size, tile):
        run = values[start : min(start + tile, size)]
        out = rectified[start : min(start + tile, size)]
        for j in range(run.size):
            normal = scale[j] * _widen(run[j]) + shift[j]
            out[j] = _narrow(normal if normal > 0 else normal * leak)


@_compiled
def gradient_sums(
    values: Bits,
    gradient: Bits,
    words: NDArray[np.uint64],
    pitch: int,
    scale: Channels,
    shift: Channels,
    leak: np.float32,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return per channel the sums of the gradient behind the ReLU, and of its product with the values."""
    channels = scale.size
    scale, shift = _repeat(scale), _repeat(shift)
    tile, size = scale.size, values.size
    total, total_product = np.zeros(tile, np.float64), np.zeros(tile, np.float64)
    part, part_product = np.zeros(tile, np.float32), np.zeros(tile, np.float32)
    gathered = np.empty(tile // 4 + 1, np.uint64)
    tiles = (size + tile - 1) // tile
    for index in range(tiles):
        start = index * tile
        run = values[start : min(start + tile, size)]
        if pitch:
            _gather(words, start // channels, run.size // channels, channels // 4, pitch, gathered)
            arriving = gathered.view(np.uint16)[: run.size]
        else:
            arriving = gradient[start : start + run.size]
        for j in range(run.size):
            value = _widen(run[j])
            passed = _widen(arriving[j]) * (np.float32(1) if scale[j] * value + shift[j] > 0 else leak)
            part[j] += passed
            part_product[j] += value * passed
        if index % _RUNS == _RUNS - 1 or index == tiles - 1:
            _drain(part, total)
            _drain(part_product, total_product)
    return total.reshape(-1, channels).sum(0), total_product.reshape(-1, channels).sum(0)


@_compiled
def input_gradient(
    values: Bits,
    gradient: Bits,
    words: NDArray[np.uint64],
    pitch: int,
    scale: Channels,
    shift: Channels,
    leak: np.float32,
    slope: Channels,
    offset: Channels,
    result: Bits,
) -> None:
    """Write scale * (gradient behind the ReLU) + slope * value + offset."""
    channels = scale.size
    scale, shift, slope, offset = _repeat(scale), _repeat(shift), _repeat(slope), _repeat(offset)
    tile, size = scale.size, values.size
    gathered = np.empty(tile // 4 + 1, np.uint64)
    for start in range(0, size, tile):
        run = values[start : min(start + tile, size)]
        out = result[start : min(start + tile, size)]
        if pitch:
            _gather(words, start // channels, run.size // channels, channels // 4, pitch, gathered)
            arriving = gathered.view(np.uint16)[: run.size]
        else:
            arriving = gradient[start : start + run.size]
        for j in range(run.size):
            value = _widen(run[j])
            passed = _widen(arriving[j]) * (np.float32(1) if scale[j] * value + shift[j] > 0 else leak)
            out[j] = _narrow(scale[j] * passed + slope[j] * value + offset[j])
