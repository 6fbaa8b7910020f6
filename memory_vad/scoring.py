"""Scores of a video: time, score, p-value and alarm of each frame, from nothing but the frames up to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import StudyError
from memory_vad.calibration import Calibration, sustained
from memory_vad.decode import Picture, pictures
from memory_vad.events import Event, find_events
from memory_vad.model import SHIPPED, Model

if TYPE_CHECKING:
    import pandas as pd

# Frames that are decoded before they are scored together.
_CHUNK = 64

Drawn = Callable[[Picture, NDArray[np.float32] | None, float], None]
"""Is given each picture in order with its error map (side, side) or None, and its score (NaN without one)."""


@dataclass(frozen=True)
class Result:
    """Scores of one video.

    times, scores, p, alarm: (n,) of the scored frames, times in seconds; first: number of the first of them.
    events: suspicious intervals.
    """

    name: str
    times: NDArray[np.float64]
    scores: NDArray[np.float64]
    p: NDArray[np.float64]
    alarm: NDArray[np.bool_]
    first: int
    events: list[Event]
    warnings: list[str]

    @property
    def frames(self) -> NDArray[np.int64]:
        """Numbers (n,) of the scored frames at the model's rate."""
        return np.arange(self.first, self.first + len(self.times))

    @property
    def table(self) -> "pd.DataFrame":
        """Time (s), frame, score, p, alarm for each scored frame, as a data frame."""
        import pandas as pd  # takes half a second, and `memory-vad score` does without

        columns = {"time": self.times, "frame": self.frames, "score": self.scores, "p": self.p, "alarm": self.alarm}
        return pd.DataFrame(columns)


def load(path: Path | str | None = None, device: str = "cpu") -> Model:
    """Load weights; without a path those shipped, trained on UCSD Ped2. Raises StudyError where they cannot be read."""
    return Model.load(SHIPPED if path is None else Path(path), device)


def score_frames(model: Model, frames: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the score (n,) of consecutive frames (n, height, width, 3) or (n, height, width) uint8; high is abnormal.

    The first `model.lead` frames have too few before them and get NaN; so do frames after the last whole clip.
    Raises StudyError for fewer frames than a clip, or weights that were never calibrated.
    """
    prepared = np.stack([model.prepared(_as_colours(frame, model)) for frame in frames])
    found = np.full(len(frames), np.nan)
    scores = _calibrated(model).score(model.score_clips(prepared).terms)
    found[model.lead : model.lead + len(scores)] = scores
    return found


def score_video(
    model: Model,
    source: Path | str,
    *,
    per_hour: float = 1.0,
    map_side: int | None = None,
    drawn: Drawn | None = None,
) -> Result:
    """Score one video file or folder of frames, resampled to the model's rate; memory does not grow with its length.

    per_hour: false alarms an hour that are accepted. map_side: of the error maps that `drawn` gets.
    Raises StudyError as decoding does, or for a video shorter than a clip.
    """
    source = Path(source)
    calibration = _calibrated(model)
    level = calibration.level(per_hour)
    shown = pictures(source, model.fps, folder_fps=model.fps)
    times: list[float] = []
    pieces: list[NDArray[np.float64]] = []
    kept: list[Picture] = []
    prepared: list[NDArray[np.uint8]] = []
    scored_up_to = 0  # pictures of `kept` that were drawn
    for chunk in _chunks(shown):
        kept += chunk
        prepared += [model.prepared(picture.image(grey=model.settings.channels == 1)) for picture in chunk]
        times += [picture.time for picture in chunk]
        if len(prepared) < model.clip_length:
            continue
        scored = model.score_clips(np.stack(prepared), map_side=map_side)
        scores = calibration.score(scored.terms)
        pieces.append(scores)
        if drawn is not None:
            # The first score of this chunk belongs to kept[lead].
            for position in range(scored_up_to, model.lead + len(scores)):
                row = position - model.lead
                here = scored.maps[row] if row >= 0 and scored.maps is not None else None
                drawn(kept[position], here, float(scores[row]) if row >= 0 else float("nan"))
        done = len(scores)
        kept, prepared = kept[done:], prepared[done:]
        scored_up_to = model.lead
    if not pieces:
        raise StudyError(
            f"Expected at least {model.clip_length} frames at {model.fps:g} a second in {source}, but it has {len(times)}: "
            "the video is too short for a score."
        )
    scores = np.concatenate(pieces)
    rest = len(times) - model.lead - len(scores)
    if drawn is not None:
        for picture in kept[len(kept) - rest :] if rest else []:
            drawn(picture, None, float("nan"))
    lasting = sustained(scores, calibration.sustained)
    p = calibration.p_values(lasting)
    at = np.asarray(times)[model.lead : model.lead + len(scores)].round(4)
    alarm = p <= level
    events = find_events(at, scores, p, alarm, apart=calibration.block)
    foreign = calibration.foreign(scores)
    warnings = [] if foreign is None else [f"{source.name}: {foreign}"]
    return Result(source.name, at, scores, p, alarm, model.lead, events, warnings)


def _calibrated(model: Model) -> Calibration:
    if model.calibration is None:
        raise StudyError(
            "Expected calibrated weights, but these were never calibrated: give normal footage of the camera to memory-vad "
            "calibrate, or to score --normal."
        )
    return model.calibration


def _chunks(shown: Iterator[Picture]) -> Iterator[list[Picture]]:
    chunk: list[Picture] = []
    for picture in shown:
        chunk.append(picture)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _as_colours(frame: NDArray[np.uint8], model: Model) -> NDArray[np.uint8]:
    """Bring a frame of colours to grey where the model takes one channel: BT.601 luma, as the decoder has it."""
    if model.settings.channels == 1 and frame.ndim == 3:
        weights = np.asarray([0.114, 0.587, 0.299], dtype=np.float32)
        return np.asarray(np.rint(frame @ weights), dtype=np.uint8)
    return frame
