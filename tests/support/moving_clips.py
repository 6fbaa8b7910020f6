"""Clips of a bright block that walks through a scene, written in any container and codec; some with something odd."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray


def scene(index: int, size: tuple[int, int] = (96, 64), *, odd: bool = False) -> NDArray[np.uint8]:
    """Frame `index` of 20 a second, (height, width, 3) uint8: the block walks to and fro; odd: broad stripes jump about."""
    width, height = size
    image = np.full((height, width, 3), 60, np.uint8)
    way = round(index * 1.5) % (2 * (width - 12))
    left = min(way, 2 * (width - 12) - way)
    image[height // 3 : height // 2, left : left + 12] = 220
    if odd:
        start = (37 * index) % (width // 2)
        image[:, start : start + width // 3] = 250
    return image


def write_clip(
    path: Path,
    seconds: float = 4,
    *,
    fps: int = 20,
    size: tuple[int, int] = (96, 64),
    codec: str = "libx264",
    pixels: str = "yuv420p",
    odd: tuple[float, float] = (0, 0),
    times: Sequence[float] | None = None,
    start: int = 0,
) -> Path:
    """Write a clip and return its path. odd: seconds from and to. times: of each frame, in seconds, for a variable rate."""
    options = {"preset": "ultrafast"} if codec in ("libx264", "libx265") else {}
    if codec == "libx265":
        options["x265-params"] = "log-level=none"
    if codec == "libvpx-vp9":
        options |= {"deadline": "realtime", "cpu-used": "8"}
    path.parent.mkdir(parents=True, exist_ok=True)
    at = [i / fps for i in range(round(seconds * fps))] if times is None else list(times)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for time in at:
            image = scene(start + round(20 * time), size, odd=odd[0] <= time < odd[1])
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            if times is not None:
                frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def turn_in_header(path: Path) -> None:
    """Give an mp4 the rotation flag of a phone that was held upright: players turn its pictures clockwise by a quarter."""
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 4
    matrix = start + 4 + (20 if content[start] == 0 else 32) + 16
    content[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    path.write_bytes(bytes(content))
