"""The yardstick of all speed claims: MNAD and MemAE in plain PyTorch, in the way in which the papers' programs work.

float32, contiguous NCHW, images decoded and resized for every frame of every clip, one pass over the whole network for
each item of work, evaluation at batch 1 with gradients on, batch norm left alone, Adam not fused, results appended to
lists. Written from the formulas of STUDY sections 3 and 4 and held to the golden files; `published_mnad` and
`published_memae` have the two methods, this module what they share. Networks are this project's modules, which have the
published structure, without what the harness does to them.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import StudyError


def decode(path: Path, size: int, channels: int) -> NDArray[np.uint8]:
    """Read one image file and resize it: (size, size, channels) uint8, B, G, R or grey."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR)
    if image is None:
        raise StudyError(f"An image was expected at {path}, but OpenCV cannot read it; restore the file.")
    resized = cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, dtype=np.uint8).reshape(size, size, channels)


def clips_of(files: Sequence[Path], length: int) -> list[tuple[Path, ...]]:
    """Return all clips of consecutive frames of one video, as their files."""
    return [tuple(files[first : first + length]) for first in range(len(files) - length + 1)]


def normality(psnr: Sequence[Sequence[float]], distance: Sequence[Sequence[float]], alpha: float) -> list[float]:
    """Return MNAD's score of each frame, HIGH = NORMAL as published: both terms scaled to [0, 1] within each video."""
    scores: list[float] = []
    for video_psnr, video_distance in zip(psnr, distance, strict=True):
        terms = zip(_scaled(video_psnr), _scaled(video_distance), strict=True)
        scores += [alpha * first + (1 - alpha) * (1 - second) for first, second in terms]
    return scores


def regularity(errors: Sequence[Sequence[float]]) -> list[float]:
    """Return MemAE's score of each clip, HIGH = NORMAL as published: one minus its error, scaled within its video."""
    return [1 - value for video_errors in errors for value in _scaled(video_errors)]


def _scaled(values: Sequence[float]) -> list[float]:
    least, span = min(values), max(values) - min(values)
    # A constant term says nothing (STUDY trap 2).
    return [(value - least) / span if span > 0 else 0.0 for value in values]
