"""Events of a scored video: alarms that lie close together, merged, with their peak."""

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
