"""The video with the model's error laid over it as a heat map, as H.264."""

import errno
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import StudyError
from memory_vad.decode import Picture

MAP_SIDE = 64
_LONGEST_SIDE = 960
_FADE = 0.5


class Overlay:
    """Writes pictures with their heat maps; the file appears when all went well, and never half.

    scale: squared error that is drawn in full red. alarm_above: score from which the frame gets a red border.
    """

    def __init__(self, path: Path, fps: float, *, scale: float, alarm_above: float) -> None:
        self.path = path
        self.scale, self.alarm_above = scale, alarm_above
        self._rate = Fraction(fps).limit_denominator(1000)
        self._temporary = path.with_name(f".{path.name}.tmp")
        self._container: Any = None
        self._stream: Any = None

    def __enter__(self) -> Self:
        return self

    def draw(self, picture: Picture, error: NDArray[np.float32] | None, score: float) -> None:
        """Add one picture. error: (side, side) mean squared error in [0, 1], or None for a picture without a score."""
        image = picture.image()
        if image.ndim == 2:
            image = np.repeat(image[..., None], 3, axis=2)
        shrink = min(1.0, _LONGEST_SIDE / max(image.shape[:2]))
        # H.264 halves colours: sides must be even.
        width, height = (max(2, round(side * shrink) // 2 * 2) for side in (image.shape[1], image.shape[0]))
        shown = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        if error is not None:
            heat = np.clip(cv2.resize(error, (width, height)) / self.scale, 0, 1)
            colours = cv2.applyColorMap((255 * heat).astype(np.uint8), cv2.COLORMAP_JET)
            share = (_FADE * heat)[..., None]
            shown = (shown * (1 - share) + colours * share).astype(np.uint8)
        if score >= self.alarm_above:
            cv2.rectangle(shown, (0, 0), (width - 1, height - 1), (0, 0, 255), max(2, height // 60))
        text = f"{picture.time:7.1f} s" + ("" if np.isnan(score) else f"  {score:6.1f}")
        cv2.putText(shown, text, (6, height - 8), cv2.FONT_HERSHEY_SIMPLEX, height / 600 + 0.2, (255, 255, 255), 1)
        try:
            self._write(shown)
        except (av.error.FFmpegError, OSError) as error_:
            raise self._refusal(error_) from error_

    def _write(self, shown: NDArray[np.uint8]) -> None:
        if self._container is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._container = av.open(str(self._temporary), "w", format="mp4")
            self._stream = self._container.add_stream(
                "libx264", rate=self._rate, options={"preset": "veryfast", "crf": "23"}
            )
            self._stream.height, self._stream.width = shown.shape[:2]
            self._stream.pix_fmt = "yuv420p"
        for packet in self._stream.encode(av.VideoFrame.from_ndarray(shown, format="bgr24")):
            self._container.mux(packet)

    def _refusal(self, error: Exception) -> StudyError:
        full = getattr(error, "errno", None) == errno.ENOSPC
        reason = "no space is left" if full else str(getattr(error, "strerror", None) or error)
        return StudyError(
            f"Expected to write the overlay {self.path}, but {reason}; free space there, choose another --out, or leave the "
            "overlay out (--no-overlay)."
        )

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        failure: Exception | None = None
        if self._container is not None:
            try:
                if kind is None:
                    for packet in self._stream.encode():
                        self._container.mux(packet)
                self._container.close()
                if kind is None:
                    self._temporary.replace(self.path)
            except (av.error.FFmpegError, OSError) as error:
                failure = error
        self._temporary.unlink(missing_ok=True)
        if failure is not None and kind is None:
            raise self._refusal(failure) from failure
