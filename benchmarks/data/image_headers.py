"""What an image file says of itself before it is decoded: its kind, its size in pixels, and whether its end is there."""

import re
import struct
from collections.abc import Callable

_TIFF_SIZES = {3: "H", 4: "I"}
_TIFF_OFFSETS = frozenset({273, 324})
_TIFF_COUNTS = frozenset({279, 325})
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
# Start of frame, in all its variants; C4, C8 and CC are tables.
_JPEG_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def pixels(data: bytes) -> int:
    """Return width times height as the header states them.

    Raises ValueError, whose text ends a sentence, for a file that is no JPEG, PNG, BMP, TIFF, WebP, JPEG 2000 or PNM,
    or whose end is missing: OpenCV fills what is cut off with grey in many cases.
    """
    if not data:
        raise ValueError("it is empty")
    for start, read in _KINDS.items():
        if data.startswith(start):
            try:
                width, height = read(data)
            except (struct.error, IndexError) as error:
                raise ValueError("it ends in its header") from error
            if width * height == 0:
                raise ValueError("it states no size")
            return width * height
    raise ValueError(f"it is none of JPEG, PNG, BMP, TIFF, WebP, JPEG 2000 and PNM ({len(data)} bytes)")


def _jpeg(data: bytes) -> tuple[int, int]:
    # Entropy-coded data cannot hold FFD9, and the end of a thumbnail comes before the last scan.
    if not data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda") >= 0:
        raise ValueError(f"it ends before the JPEG's end marker ({len(data)} bytes)")
    place = 2
    while data[place + 1] not in _JPEG_FRAME:
        # Bytes FF before a marker only fill.
        place += 1 if data[place + 1] == 0xFF else 2 + struct.unpack_from(">H", data, place + 2)[0]
    height, width = struct.unpack_from(">HH", data, place + 5)
    return width, height


def _png(data: bytes) -> tuple[int, int]:
    if b"IEND" not in data[-32:]:
        raise ValueError(f"it ends before the PNG's last chunk ({len(data)} bytes)")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _bmp(data: bytes) -> tuple[int, int]:
    stated, width, height = struct.unpack_from("<I12xii", data, 2)
    if len(data) < stated:
        raise ValueError(f"it is shorter than the {stated} bytes that its BMP header states ({len(data)} bytes)")
    return abs(width), abs(height)


def _tiff(data: bytes) -> tuple[int, int]:
    order = "<" if data.startswith(b"II") else ">"
    found: dict[str, tuple[int, ...]] = {}
    directory = struct.unpack_from(order + "I", data, 4)[0]
    for entry in range(struct.unpack_from(order + "H", data, directory)[0]):
        at = directory + 2 + 12 * entry
        tag, kind, count = struct.unpack_from(order + "HHI", data, at)
        what = {_TIFF_WIDTH: "width", _TIFF_HEIGHT: "height", **dict.fromkeys(_TIFF_OFFSETS, "offsets")}.get(
            tag, "counts" if tag in _TIFF_COUNTS else ""
        )
        if what and kind in _TIFF_SIZES:
            form = f"{order}{count}{_TIFF_SIZES[kind]}"
            # Values of up to four bytes stand in the entry itself.
            start = at + 8 if struct.calcsize(form) <= 4 else struct.unpack_from(order + "I", data, at + 8)[0]
            found[what] = struct.unpack_from(form, data, start)
    ends = [start + count for start, count in zip(found.get("offsets", ()), found.get("counts", ()), strict=False)]
    if max(ends, default=0) > len(data):
        raise ValueError(f"it ends before the TIFF's pixels ({len(data)} bytes)")
    return found.get("width", (0,))[0], found.get("height", (0,))[0]


def _webp(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if len(data) < 8 + int(struct.unpack_from("<I", data, 4)[0]):
        raise ValueError(f"it ends before the WebP's pixels ({len(data)} bytes)")
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int(struct.unpack_from("<I", data, 21)[0])
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _jpeg_2000(data: bytes) -> tuple[int, int]:
    height, width = struct.unpack_from(">II", data, data.index(b"ihdr") + 4)
    return width, height


def _pnm(data: bytes) -> tuple[int, int]:
    found = re.match(rb"P[1-6](?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})\s", data)
    if found is None:
        raise ValueError("it ends in its header")
    return int(found[1]), int(found[2])


_KINDS: dict[bytes | tuple[bytes, ...], Callable[[bytes], tuple[int, int]]] = {
    b"\xff\xd8": _jpeg,
    b"\x89PNG": _png,
    b"BM": _bmp,
    (b"II*\0", b"MM\0*"): _tiff,
    b"RIFF": _webp,
    b"\0\0\0\x0cjP  ": _jpeg_2000,
    tuple(b"P%d" % kind for kind in range(1, 7)): _pnm,
}
