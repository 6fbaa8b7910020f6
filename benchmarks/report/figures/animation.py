"""A test video in motion: input, output, error over the frame, and the 4×4 error map, as a small GIF."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.errors import StudyError
from benchmarks.report.figures.overlay import grey, heated, marked
from benchmarks.run.inspect.file import VideoFile
from benchmarks.writing import replace_bytes

LARGEST: Final = 700_000
"""Bytes of a committed animation."""
# Side of a frame and number of frames, the first pair that stays below LARGEST is taken.
_LEVELS: Final = ((192, 60), (160, 45), (128, 45), (128, 30), (96, 30), (64, 20))
_HEADINGS: Final = ("input", "output", "error", "4x4 map")
_HEADER: Final = 14
_BORDER: Final = 2
_COLOURS: Final = 64
_MILLISECONDS: Final = 120
_ABNORMAL: Final = (213, 94, 0)
_HIGHEST: Final = 99.8


def write(video: VideoFile, title: str, path: Path) -> Path:
    """Write the video as a GIF below 0.7 MB: evenly spread frames, as large and as many as that allows.

    An abnormal frame has an orange bar and the word. Raises StudyError if the file cannot be written, or if even the
    smallest form is too large.
    """
    for side, count in _LEVELS:
        encoded = encode(video, title, side, count)
        if len(encoded) <= LARGEST:
            break
    else:
        raise StudyError(
            f"Expected an animation below {LARGEST} bytes for {path}, but its smallest has {len(encoded)}."
        )
    replace_bytes(path, encoded)
    return path


def encode(video: VideoFile, title: str, side: int, count: int) -> bytes:
    """The GIF's bytes with at most ``count`` frames, their panels at most ``side`` pixels high and wide."""
    chosen = np.unique(np.linspace(0, len(video.frame) - 1, min(len(video.frame), count)).round().astype(np.int64))
    highest = float(np.percentile(video.error, _HIGHEST))
    pictures = [_picture(video, int(index), highest, side, title) for index in chosen]
    # One palette for all frames: a palette each makes a file larger and lets still parts flicker.
    palette = _palette(pictures[:: max(1, len(pictures) // 8)])
    frames = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    file = io.BytesIO()
    frames[0].save(
        file, format="GIF", save_all=True, append_images=frames[1:], duration=_MILLISECONDS, loop=0, optimize=False
    )
    return file.getvalue()


def _picture(video: VideoFile, index: int, highest: float, side: int, title: str) -> Image.Image:
    target, output = video.target[index], video.output[index]
    panels = (
        _rgb(grey(video.input[index])),
        _rgb(grey(output)),
        heated(target, video.error[index], highest),
        marked(target, output),
    )
    height, width = target.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = Image.new("RGB", (len(panels) * (size[0] + _BORDER) - _BORDER, size[1] + 2 * _HEADER), "white")
    pen = ImageDraw.Draw(picture)
    for place, (panel, heading) in enumerate(zip(panels, _HEADINGS, strict=True)):
        left = place * (size[0] + _BORDER)
        picture.paste(Image.fromarray(panel).resize(size, Image.Resampling.BOX), (left, _HEADER))
        pen.text((left + 2, 1), heading, fill="black")
    abnormal = bool(video.label[index])
    if abnormal:
        pen.rectangle((0, _HEADER + size[1], picture.width, picture.height), fill=_ABNORMAL)
    words = f"{title}, frame {int(video.frame[index])}{', abnormal' if abnormal else ''}"
    pen.text((2, _HEADER + size[1] + 1), words, fill="white" if abnormal else "black")
    return picture


def _rgb(image: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.repeat(np.rint(image).astype(np.uint8)[..., None], 3, axis=-1)


def _palette(pictures: Sequence[Image.Image]) -> Image.Image:
    """A palette of what some pictures show, with the colours of the writing and the marks in any case."""
    joined = Image.new("RGB", (pictures[0].width, sum(picture.height for picture in pictures)))
    for index, picture in enumerate(pictures):
        joined.paste(picture, (0, index * pictures[0].height))
    fixed = [*_ABNORMAL, 255, 255, 255, 0, 0, 0]
    seen = joined.quantize(_COLOURS - len(fixed) // 3).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*seen[: 3 * _COLOURS - len(fixed)], *fixed])
    return palette
