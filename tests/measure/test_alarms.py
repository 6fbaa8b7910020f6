import numpy as np
import pandas as pd
import pytest

from benchmarks.errors import StudyError
from benchmarks.measure.alarms import false_alarms_per_hour


class TestFalseAlarmsPerHour:
    def table(self, scores: list[float], label: list[int], video: list[str] | None = None) -> pd.DataFrame:
        """Frames of one video, or of those named."""
        names = video or ["a"] * len(scores)
        return pd.DataFrame({"video": names, "frame": np.arange(len(scores)), "label": label, "anomaly": scores})

    def test_counts_runs(self) -> None:
        """Two runs of normal frames above the threshold among six normal frames at one frame a second: 1,200 an hour."""
        table = self.table([0.9, 0.9, 0.1, 0.9, 0.1, 0.1, 0.8, 0.8], [0, 0, 0, 0, 0, 0, 1, 1])
        assert false_alarms_per_hour(table, rate=1.0) == pytest.approx(2 / 6 * 3600)

    def test_a_new_video_is_a_new_alarm(self) -> None:
        """A run does not go on from one video to the next."""
        table = self.table([0.1, 0.9, 0.9, 0.8], [0, 0, 0, 1], ["a", "a", "b", "b"])
        assert false_alarms_per_hour(table, rate=1.0) == pytest.approx(2 / 3 * 3600)

    def test_monotone_transforms_change_nothing(self) -> None:
        """Only the order of scores counts."""
        generator = np.random.default_rng(0)
        table = self.table(generator.normal(size=200).tolist(), generator.integers(0, 2, 200).tolist())
        moved = table.assign(anomaly=np.exp(3 * table["anomaly"]))
        assert false_alarms_per_hour(moved, 25.0) == false_alarms_per_hour(table, 25.0)

    @pytest.mark.parametrize("count", [20, 22, 25, 50, 100])
    def test_recall_is_met_by_the_fewest_frames(self, count: int) -> None:
        """With a normal frame between every two abnormal ones, k found are k - 1 alarms: the least k with k / n >= recall."""
        scores = np.arange(2 * count, 0, -1.0)
        table = self.table(scores.tolist(), [1, 0] * count)
        # an alarm of its own each: two normal frames in a row would be one
        alarms = {percent: false_alarms_per_hour(table, 1.0, percent / 100) for percent in range(1, 101)}
        for percent, value in alarms.items():
            fewest = -(-percent * count // 100)
            assert value == pytest.approx((fewest - 1) / count * 3600), percent

    def test_refuses_nan(self) -> None:
        """A score that is no number is refused with its video, as the other metrics of frames refuse it."""
        with pytest.raises(StudyError, match="finite anomaly scores, but got nan in video a"):
            false_alarms_per_hour(self.table([0.0, float("nan"), 0.3, 0.5], [0, 1, 0, 1]), 25.0)

    def test_one_class_is_undefined(self) -> None:
        """Without abnormal frames there is no threshold."""
        assert false_alarms_per_hour(self.table([0.1, 0.2], [0, 0]), 25.0) is None
