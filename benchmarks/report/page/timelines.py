"""Score timelines of a run as bytes: thinned, quantised, one byte per point (steps from point to point, modulo 256).

Timelines of a long test set are thinned to the lowest and the highest score of each stretch, so that peaks stay. A second
normalisation that only shifts and stretches each video's curve, as that of a score of one term does, is kept as two
numbers per video. Videos and abnormal ranges are held once for all runs that score the same frames.
"""

import hashlib
import itertools
import json
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.measure.metrics import KINDS
from benchmarks.measure.normalise import Normalisation
from benchmarks.report.read.frame_scores import score_of, scored, variant_frames
from benchmarks.report.read.records import Record

LEVELS: Final = 64
"""Steps between the lowest and the highest score that a timeline can show; the page draws it 80 pixels high."""

_FIRST: Final[Normalisation] = "per_video"
_SHOWN: Final[tuple[Normalisation, ...]] = (_FIRST, "global")
_KIND_NAMES: Final = {number: name.replace("_", "-") for name, number in KINDS.items()}

Values: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Timeline:
    """content: entries of a run's content. steps: its bytes. shared: what runs on the same frames have in common."""

    content: dict[str, Any]
    steps: bytes
    shared: dict[str, Any]


def timeline_of(record: Record, points: int) -> Timeline | None:
    """Return the published score of every test video; None where the table does not keep the published variant.

    points: of all videos together, under one normalisation. Raises StudyError if the table of terms cannot be read.
    """
    score = score_of(record, record.score)
    frames = variant_frames(record, record.variant)
    tables = {how: scored(record, record.variant, score, how) for how in _SHOWN}
    published = tables[_FIRST]
    if frames is None or published is None:
        return None
    kinds = frames["kind"] if "kind" in frames else frames["label"]
    starts = [0, *(np.flatnonzero(published["video"].ne(published["video"].shift()).to_numpy())[1:]), len(published)]
    spans = [slice(int(first), int(last)) for first, last in itertools.pairwise(starts)]
    shared: dict[str, Any] = {"videos": [_video(published.iloc[span], kinds.iloc[span].to_numpy()) for span in spans]}
    shared["kinds"] = {str(number): name for number, name in _KIND_NAMES.items()} if "kind" in frames else {}
    name = "videos-" + hashlib.sha256(json.dumps(shared, sort_keys=True).encode()).hexdigest()[:12]
    lengths = [share(span, len(published), points) for span in spans]
    first = _curves(published, spans, lengths)
    steps = b"".join(map(_steps, first))
    means = {_FIRST: [_means(published.iloc[span]) for span in spans]}
    content: dict[str, Any] = {"videos": name, "lengths": lengths, "levels": LEVELS, "means": means, "lines": {}}
    for how, table in tables.items():
        if how == _FIRST or table is None:
            continue
        curves = _curves(table, spans, lengths)
        means[how] = [_means(table.iloc[span]) for span in spans]
        lines = _lines(first, curves)
        if lines is None:
            steps += b"".join(map(_steps, curves))
        else:
            content["lines"][how] = lines
    return Timeline(content, steps, shared)


def _video(frames: pd.DataFrame, kinds: NDArray[Any]) -> dict[str, Any]:
    """Name, number of the first scored frame, how many are scored, abnormal ranges: first, last, kind."""
    numbers = frames["frame"].to_numpy()
    abnormal = np.where(frames["label"].to_numpy() > 0, np.maximum(kinds, 1), 0)
    edges = np.flatnonzero(np.diff(np.r_[0, abnormal, 0]))
    ranges = [
        [int(numbers[first]), int(numbers[last - 1]), int(abnormal[first])]
        for first, last in itertools.pairwise(edges)
        if abnormal[first]
    ]
    return {
        "name": str(frames["video"].iloc[0]),
        "first": int(numbers[0]),
        "last": int(numbers[-1]),
        "frames": len(numbers),
        "ranges": ranges,
    }


def share(span: slice, frames: int, points: int) -> int:
    """Points of one video: all its frames where all videos fit, else its share, even, of at least 20."""
    length = int(span.stop - span.start)
    if frames <= points:
        return length
    return min(length, max(20, 2 * round(points * length / frames / 2)))


def thin(values: Values, points: int) -> Values:
    """Lowest and highest of each of points / 2 stretches, in the order in which they come."""
    if len(values) <= points:
        return values
    parts = np.array_split(values, points // 2)
    return np.concatenate([part[sorted((int(part.argmin()), int(part.argmax())))] for part in parts])


def _curves(table: pd.DataFrame, spans: list[slice], lengths: list[int]) -> list[Values]:
    """Thinned scores of each video, between 0 and 1 under every normalisation that is shown."""
    anomaly = table["anomaly"].to_numpy(dtype=np.float64)
    return [thin(anomaly[span], length) for span, length in zip(spans, lengths, strict=True)]


def _lines(first: list[Values], others: list[Values]) -> list[list[int]] | None:
    """Lowest score and extent of each video, in thousandths, where all curves are straight functions of the first ones.

    None where one is not, to a quarter of a level, or where a first curve does not reach from 0 to 1.
    """
    lines = []
    for curve, other in zip(first, others, strict=True):
        low, high = (float(other[place]) for place in (curve.argmin(), curve.argmax()))
        whole = np.ptp(curve) == 0 or (np.isclose(curve.min(), 0) and np.isclose(curve.max(), 1))
        if not whole or np.abs(low + (high - low) * (curve - curve.min()) - other).max() > 0.25 / LEVELS:
            return None
        lines.append([round(1000 * low), round(1000 * (high - low))])
    return lines


def _steps(values: Values) -> bytes:
    """Steps from level to level."""
    levels = np.clip(np.rint(LEVELS * values), 0, LEVELS).astype(np.int64)
    return (np.diff(levels, prepend=0) % 256).astype(np.uint8).tobytes()


def _means(frames: pd.DataFrame) -> list[float | None]:
    """Mean score of a video's normal and of its abnormal frames, for who reads numbers in place of a curve."""
    abnormal = frames["label"].to_numpy() > 0
    anomaly = frames["anomaly"].to_numpy()
    return [round(float(anomaly[chosen].mean()), 2) if chosen.any() else None for chosen in (~abnormal, abnormal)]
