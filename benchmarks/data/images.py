"""One decoder and one resize for every image of the study; a damaged file is an error, never a grey patch."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.image_headers import pixels
from benchmarks.errors import StudyError
from benchmarks.reading import MOST_PIXELS, expected, read_bytes

IMAGE_SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".jp2", ".pgm", ".ppm", ".pnm",
})  # fmt: skip

# A camera's padding before the end marker, up to 16 bytes; all other warnings of the JPEG decoder mean pixels that it made up.
_HARMLESS = re.compile(r": ([0-9]|1[0-6]) extraneous bytes before marker 0xd9")
_one_decoder = Lock()


def read_image(path: Path, *, grey: bool = False) -> NDArray[np.uint8]:
    """Decode one image file.

    Returns (height, width, 3) uint8 in B, G, R order, or (height, width) uint8 where grey is asked for.
    Raises StudyError where the file is missing, empty, truncated, damaged, too large or no image, and for more than 8
    bits a value: which of them count only its owner knows.
    """
    with expected("a whole image", path, "copy or download this file again, or convert it to an 8-bit PNG"):
        data = read_bytes(path)
        size = pixels(data)
        if size > MOST_PIXELS:
            raise ValueError(f"it has {size} pixels, more than {MOST_PIXELS}")
        return _decode(data, cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)


def resize_square(frame: NDArray[np.uint8], size: int, channels: int) -> NDArray[np.uint8]:
    """Resize a frame, (height, width) or (height, width, 3) uint8, to (size, size, channels) uint8.

    Bilinear by OpenCV, as in the released MNAD loader, but kept in uint8 (that loader resizes uint8 frames too).
    """
    resized = cv2.resize(frame, (size, size), interpolation=cv2.INTER_LINEAR)
    if channels == 1 and resized.ndim == 3:
        raise StudyError(
            f"A grey frame (height, width) was expected for one channel, but an array of shape {frame.shape} came; "
            "the layout's reader must honour grey=True."
        )
    if channels == 3 and resized.ndim == 2:
        resized = cv2.cvtColor(resized, cv2.COLOR_GRAY2BGR)
    return np.asarray(resized, dtype=np.uint8).reshape(size, size, channels)


def _decode(data: bytes, flags: int) -> NDArray[np.uint8]:
    warnings: list[str] = []
    with _one_decoder, collecting_stderr(warnings):
        try:
            # Without ANYDEPTH OpenCV would keep the upper 8 of 16 bits, which are black where a camera fills 12.
            image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags | cv2.IMREAD_ANYDEPTH)
        except cv2.error:
            image = None
    if image is None:
        raise ValueError(f"it cannot be decoded ({len(data)} bytes)")
    if damage := [line for line in warnings if line and not _HARMLESS.search(line)]:
        raise ValueError(f"the decoder says: {damage[0]}")
    if image.dtype != np.uint8:
        raise ValueError(f"it has {8 * image.itemsize} bits a value, up to {image.max():g}, not 8")
    return np.asarray(image, dtype=np.uint8)


@contextmanager
def collecting_stderr(said: list[str]) -> Iterator[None]:
    """Collect what image libraries print on stderr: they decode damaged files all the same, with a warning there."""
    level = cv2.utils.logging.setLogLevel(0)
    sys.stderr.flush()
    read, write = os.pipe()
    os.set_blocking(write, False)
    stderr = os.dup(2)
    os.dup2(write, 2)
    os.close(write)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        # A process that was started meanwhile may hold the other end: nothing is waited for.
        os.set_blocking(read, False)
        with suppress(BlockingIOError):
            said += os.read(read, 1 << 16).decode(errors="replace").splitlines()
        os.close(read)
        cv2.utils.logging.setLogLevel(level)
