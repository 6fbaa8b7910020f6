"""Events of a scored video."""

import numpy as np

from memory_vad.events import Event, find_events

TIMES = np.arange(100) / 10.0


def events_at(*frames: int, apart: float = 1.0) -> list[Event]:
    """Events of alarms at these frames."""
    alarm = np.isin(np.arange(100), frames)
    return find_events(TIMES, np.arange(100.0), np.full(100, 0.1), alarm, apart=apart)


class TestFindEvents:
    def test_close_alarms_are_one_event(self) -> None:
        """Alarms less than `apart` seconds from each other merge, others do not; the peak is the highest score."""
        found = events_at(10, 12, 20, 40)
        assert [(event.start, event.end, event.peak) for event in found] == [(1.0, 2.0, 2.0), (4.0, 4.0, 4.0)]

    def test_no_alarm_no_event(self) -> None:
        """Nothing gives nothing."""
        assert events_at() == []
