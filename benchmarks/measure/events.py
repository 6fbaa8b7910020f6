"""Events: alarms that lie close together, merged; how they meet what really happened, and how long an alarm takes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.measure.alarms import threshold_at
from benchmarks.measure.inputs import scored_frames

Spans = Sequence[tuple[float, float]]
# Between two videos on one time line, in seconds: longer than any of them.
VIDEOS_APART = 1e7


@dataclass(frozen=True)
class EventQuality:
    """How events meet abnormal intervals.

    precision: share of events that touch one. recall: share of intervals that an event touches. delay: seconds from an
    interval's start to the first alarm in it, the mean over those found. None where there is nothing to count.
    """

    precision: float | None
    recall: float | None
    delay: float | None
    events: int
    intervals: int


def spans(times: NDArray[np.float64], apart: float) -> list[tuple[float, float]]:
    """Return (start, end) of each group of times (n,), ascending, that lie less than `apart` seconds from the next."""
    if not len(times):
        return []
    groups = np.split(times, np.flatnonzero(np.diff(times) >= apart) + 1)
    return [(float(group[0]), float(group[-1])) for group in groups]


def event_quality(events: Spans, intervals: Spans, alarms: NDArray[np.float64]) -> EventQuality:
    """Compare events with abnormal intervals, both (start, end) in seconds on one time line; alarms: times of single ones."""
    found, true = (np.asarray(one, dtype=np.float64).reshape(-1, 2) for one in (events, intervals))
    meets = (found[:, :1] <= true[:, 1]) & (found[:, 1:] >= true[:, 0])
    inside = [alarms[(alarms >= start) & (alarms <= end)] for start, end in intervals]
    delays = [float(here[0]) - start for here, (start, _) in zip(inside, intervals, strict=True) if len(here)]
    return EventQuality(
        precision=float(meets.any(axis=1).mean()) if len(found) else None,
        recall=float(meets.any(axis=0).mean()) if len(true) else None,
        delay=float(np.mean(delays)) if delays else None,
        events=len(found),
        intervals=len(true),
    )


def events_at_recall(table: pd.DataFrame, rate: float, recall: float = 0.95, apart: float = 1.0) -> EventQuality | None:
    """Measure events at the threshold that finds ``recall`` of the abnormal frames; None where a class is absent.

    table: video, frame, label, anomaly. rate: frames a second. Alarms less than ``apart`` seconds from each other are one event.

    Raises:
        StudyError: as ``scored_frames`` does.
    """
    frames = scored_frames(table["anomaly"].to_numpy(), table["label"].to_numpy(), table["video"].to_numpy())
    threshold = threshold_at(frames, recall)
    if threshold is None:
        return None
    times = table["frame"].to_numpy() / rate + VIDEOS_APART * frames.video
    order = np.argsort(times, kind="stable")
    alarms = times[order][(frames.anomaly >= threshold)[order]]
    abnormal = times[order][frames.abnormal[order]]
    return event_quality(spans(alarms, apart), spans(abnormal, 1.5 / rate), alarms)
