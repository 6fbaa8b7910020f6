"""Events: alarms that lie close together, merged; and how events meet what really happened."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Event:
    """A stretch of suspicious frames. start, end, peak: seconds; score, p: at the peak."""

    start: float
    end: float
    peak: float
    score: float
    p: float


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


def find_events(
    times: NDArray[np.float64],
    scores: NDArray[np.float64],
    p: NDArray[np.float64],
    alarm: NDArray[np.bool_],
    *,
    apart: float,
) -> list[Event]:
    """Return the events of one video; alarms less than `apart` seconds from each other are one event.

    times: (n,) seconds, ascending. alarm: (n,) bool.
    """
    at = np.flatnonzero(alarm)
    if not len(at):
        return []
    found = []
    for group in np.split(at, np.flatnonzero(np.diff(times[at]) >= apart) + 1):
        peak = group[np.argmax(scores[group])]
        found.append(
            Event(*(float(v) for v in (times[group[0]], times[group[-1]], times[peak], scores[peak], p[peak])))
        )
    return found


def intervals_of(times: NDArray[np.float64], abnormal: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Return the abnormal intervals (start, end) in seconds of frames' labels (n,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], abnormal, [False]]).astype(np.int8)))
    return [(float(times[a]), float(times[b - 1])) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def event_quality(
    events: Sequence[Event],
    intervals: Sequence[tuple[float, float]],
    alarms: NDArray[np.float64],
) -> EventQuality:
    """Compare events with abnormal intervals of one video; alarms: times of single alarms, for the delay."""
    touched = [any(event.start <= end and event.end >= start for start, end in intervals) for event in events]
    met = [any(event.start <= end and event.end >= start for event in events) for start, end in intervals]
    delays = []
    for start, end in intervals:
        inside = alarms[(alarms >= start) & (alarms <= end)]
        if len(inside):
            delays.append(float(inside[0]) - start)
    return EventQuality(
        precision=float(np.mean(touched)) if touched else None,
        recall=float(np.mean(met)) if met else None,
        delay=float(np.mean(delays)) if delays else None,
        events=len(events),
        intervals=len(intervals),
    )
