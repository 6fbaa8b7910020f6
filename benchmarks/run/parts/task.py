"""What a clip is cut into: input, target, scored frame, and the noise on the input.

Prediction and denoising by MemAE's backbone, and single-frame denoising by MNAD's, do not exist in the papers
(STUDY sections 4 and 5).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.data.corruption import NoiseUnit, salt_and_pepper
from benchmarks.run.contract import Batch
from benchmarks.run.streams import numpy_stream
from benchmarks.study.settings import Settings

_STACK = 4


@dataclass(frozen=True)
class Task:
    """Which frames of a clip go in and come out, as slices, and which one carries the score."""

    clip_length: int
    inputs: slice
    targets: slice
    scored_frame: int
    scores_last_only: bool = False

    @classmethod
    def of(cls, settings: Settings) -> "Task":
        """Return the task of a cell: stacked frames, or a volume of them where the backbone takes one."""
        volume = settings.method_card.volume
        if volume and settings.task == "prediction":
            return cls(volume + 1, slice(0, volume), slice(1, volume + 1), volume, scores_last_only=True)
        if volume:
            return cls(volume, slice(0, volume), slice(0, volume), volume // 2)
        if settings.task == "prediction":
            return cls(_STACK + 1, slice(0, _STACK), slice(_STACK, _STACK + 1), _STACK)
        frames = settings.noise_frames or 1
        return cls(frames, slice(0, frames), slice(frames - 1, frames), frames - 1)


def noisy_inputs(frames: Tensor, batch: Batch, task: Task, settings: Settings, seed: int) -> Tensor:
    """Return the input frames with salt-and-pepper noise.

    In training the noise of a clip is fixed by (seed, epoch, clip), at test that of a frame by (seed, video, frame).
    """
    if settings.noise is None:
        return frames
    share = settings.noise
    unit: NoiseUnit = "element" if settings.noise_unit == "element" else "pixel"
    clips = frames.cpu().numpy()
    if batch.epoch is not None:
        streams = [numpy_stream(seed, "noise", batch.epoch, int(clip)) for clip in batch.index]
        noisy = [salt_and_pepper(clip, share, stream, unit=unit) for clip, stream in zip(clips, streams, strict=True)]
    else:
        start = task.inputs.start
        noisy = [
            np.stack(
                [
                    salt_and_pepper(
                        frame,
                        share,
                        numpy_stream(seed, "test noise", int(video), int(first) + start + offset),
                        unit=unit,
                    )
                    for offset, frame in enumerate(clip)
                ]
            )
            for clip, video, first in zip(clips, batch.video, batch.first, strict=True)
        ]
    return torch.from_numpy(np.stack(noisy)).to(frames.device)
