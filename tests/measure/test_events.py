"""Events and how they meet what happened."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.measure.events import event_quality, events_at_recall, spans


class TestSpans:
    def test_gaps_cut(self) -> None:
        """Times less than `apart` from the next belong together; nothing gives nothing."""
        assert spans(np.array([1.0, 1.2, 2.0, 4.0]), 1.0) == [(1.0, 2.0), (4.0, 4.0)]
        assert spans(np.array([]), 1.0) == []


class TestEventQuality:
    def test_counts(self) -> None:
        """One of two events is true, one of two intervals is found, after 0.5 s."""
        quality = event_quality([(1.5, 1.5), (6.0, 6.0)], [(1.0, 2.0), (8.0, 9.0)], np.array([1.5, 6.0]))
        assert (quality.precision, quality.recall, quality.delay) == (0.5, 0.5, 0.5)
        assert (quality.events, quality.intervals) == (2, 2)

    def test_nothing_to_count(self) -> None:
        """Shares of nothing are None."""
        quality = event_quality([], [], np.array([]))
        assert (quality.precision, quality.recall, quality.delay) == (None, None, None)

    def test_as_counted_one_by_one(self) -> None:
        """Shares are those of a loop over all pairs, touching ends included."""
        rng = np.random.default_rng(0)
        events, intervals = ([(float(a), float(a + rng.integers(0, 4))) for a in rng.integers(0, 60, 12)] for _ in "ab")
        quality = event_quality(events, intervals, np.array([]))
        touched = [any(a <= d and b >= c for c, d in intervals) for a, b in events]
        met = [any(a <= d and b >= c for a, b in events) for c, d in intervals]
        assert quality.precision == pytest.approx(np.mean(touched))
        assert quality.recall == pytest.approx(np.mean(met))


class TestEventsAtRecall:
    def table(self, scores: list[float], label: list[int], video: list[str] | None = None) -> pd.DataFrame:
        """Frames of one video, or of those named, in any order."""
        names = video or ["a"] * len(scores)
        made = pd.DataFrame({"video": names, "frame": np.arange(len(scores)), "label": label, "anomaly": scores})
        return made.sample(frac=1, random_state=0)

    def test_precision_recall_and_delay(self) -> None:
        """At 2 frames/s: a false event, one that begins a frame late, and an interval that nothing finds."""
        scores = [0.9, 0, 0, 0, 0.1, 0.8, 0.7, 0, 0, 0, 0.2]
        labels = [0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1]
        found = events_at_recall(self.table(scores, labels), rate=2.0, recall=0.5)
        assert found is not None
        assert (found.precision, found.recall, found.delay) == (0.5, 0.5, 0.5)

    def test_videos_stand_apart(self) -> None:
        """An event does not go on from one video to the next, nor does an interval."""
        table = self.table([0.1, 0.9, 0.9, 0.1], [0, 1, 1, 0], ["a", "a", "b", "b"])
        found = events_at_recall(table, rate=1.0)
        assert found is not None
        assert (found.events, found.intervals) == (2, 2)

    def test_one_class(self) -> None:
        """Without abnormal frames there is no threshold to find them at."""
        assert events_at_recall(self.table([0.1, 0.2], [0, 0]), rate=1.0) is None
