"""One decoder and one resize for every image of the study; a damaged file is an error, never a grey patch."""

import struct
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import StudyError

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp"})

_TIFF_SIZES = {3: "H", 4: "I"}
_TIFF_OFFSETS = frozenset({273, 324})
_TIFF_COUNTS = frozenset({279, 325})


def read_image(path: Path, *, grey: bool = False) -> NDArray[np.uint8]:
    """Decode one image file.

    Returns (height, width, 3) uint8 in B, G, R order, or (height, width) uint8 where grey is asked for.
    Raises StudyError where the file is missing, empty, truncated or no image.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StudyError(
            f"An image was expected at {path}, but it cannot be read ({error.strerror}); restore the file."
        ) from error
    damage = _truncation(data)
    image = None if damage else _decode(data, cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)
    if image is None:
        raise StudyError(
            f"A whole image was expected at {path}, but it {damage or 'cannot be decoded'} "
            f"({len(data)} bytes); copy or download this file again."
        )
    return image


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


def _decode(data: bytes, flags: int) -> NDArray[np.uint8] | None:
    level = cv2.utils.logging.setLogLevel(0)  # OpenCV would print what the StudyError says better
    try:
        image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    except cv2.error:
        return None
    finally:
        cv2.utils.logging.setLogLevel(level)
    return None if image is None else np.asarray(image, dtype=np.uint8)


def _truncation(data: bytes) -> str:
    """Say what is cut off from an image file, or nothing; OpenCV fills the missing part with grey in many cases."""
    if not data:
        return "is empty"
    if data.startswith(b"\xff\xd8"):
        # Entropy-coded data cannot hold FFD9, and the end of a thumbnail comes before the last scan.
        return "" if data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda") >= 0 else "ends before the JPEG's end marker"
    if data.startswith(b"\x89PNG"):
        return "" if b"IEND" in data[-32:] else "ends before the PNG's last chunk"
    if data.startswith(b"BM") and len(data) >= 6:
        stated = struct.unpack_from("<I", data, 2)[0]
        return "" if len(data) >= stated else f"is shorter than the {stated} bytes that its BMP header states"
    if data[:4] in (b"II*\0", b"MM\0*"):
        return _tiff_truncation(data)
    return ""


def _tiff_truncation(data: bytes) -> str:
    order = "<" if data.startswith(b"II") else ">"
    found: dict[str, tuple[int, ...]] = {}
    try:
        directory = struct.unpack_from(order + "I", data, 4)[0]
        for entry in range(struct.unpack_from(order + "H", data, directory)[0]):
            at = directory + 2 + 12 * entry
            tag, kind, count = struct.unpack_from(order + "HHI", data, at)
            if tag in _TIFF_OFFSETS | _TIFF_COUNTS and kind in _TIFF_SIZES:
                form = f"{order}{count}{_TIFF_SIZES[kind]}"
                # Values of up to four bytes stand in the entry itself.
                start = at + 8 if struct.calcsize(form) <= 4 else struct.unpack_from(order + "I", data, at + 8)[0]
                found["offsets" if tag in _TIFF_OFFSETS else "counts"] = struct.unpack_from(form, data, start)
    except struct.error:
        return "ends before the TIFF's directory"
    ends = [start + count for start, count in zip(found.get("offsets", ()), found.get("counts", ()), strict=False)]
    return "ends before the TIFF's pixels" if max(ends, default=0) > len(data) else ""
