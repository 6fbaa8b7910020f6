"""Events and how they meet what happened."""

import numpy as np

from memory_vad.events import Event, event_quality, find_events, intervals_of

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


class TestIntervalsOf:
    def test_edges(self) -> None:
        """Runs of abnormal frames, at the edges too."""
        labels = np.zeros(100, dtype=bool)
        labels[:3] = labels[50:60] = labels[99:] = True
        assert intervals_of(TIMES, labels) == [(0.0, 0.2), (5.0, 5.9), (9.9, 9.9)]


class TestEventQuality:
    def test_counts(self) -> None:
        """One of two events is true, one of two intervals is found, after 0.5 s."""
        quality = event_quality(events_at(15, 60), [(1.0, 2.0), (8.0, 9.0)], np.array([1.5, 6.0]))
        assert (quality.precision, quality.recall, quality.delay) == (0.5, 0.5, 0.5)

    def test_nothing_to_count(self) -> None:
        """Shares of nothing are None."""
        quality = event_quality([], [], np.array([]))
        assert (quality.precision, quality.recall, quality.delay) == (None, None, None)
