"""The worst mistakes of a score: benchmarks/run/inspect/mistakes.py."""

import numpy as np

from benchmarks.data.clips import Clips
from benchmarks.data.video import Video
from benchmarks.run.contract import PLAIN, ScoreRule
from benchmarks.run.evaluation import Pass
from benchmarks.run.inspect.mistakes import choose_mistakes

RULE = ScoreRule("mse", {"mse": 1.0}, PLAIN)
FRAMES = np.zeros((15, 4, 4, 1), np.uint8)
LABELS = ([0, 0, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0])
VIDEOS = [
    Video(str(number), 5, read=lambda index, *, grey=False: FRAMES[index], labels=np.array(own, np.uint8))
    for number, own in enumerate(LABELS)
]


def mistakes(mse: list[float], length: int = 1) -> dict[str, int]:
    """The mistakes of a score whose frame is the last of each clip."""
    clips = Clips(FRAMES, [5, 5, 5], length=length)
    frame = clips.first + length - 1
    return choose_mistakes(
        Pass(clips.video, frame, {PLAIN: {"mse": np.array(mse)}}, {}), RULE, VIDEOS, clips, length - 1
    )


class TestChooseMistakes:
    def test_two_of_each_from_two_videos(self) -> None:
        """Within each video scores are scaled: abnormal frames of the lowest, normal ones of the highest."""
        first, second, third = [0, 9, 1, 2, 10], [5, 60, 20, 90, 105], [0, 1, 4, 2, 3]
        found = mistakes([*first, *second, *third])
        # 1/10 of the first and 15/100 of the second were missed; all of the third's range and 9/10 of the first are false.
        assert found == {"missed_1": 2, "missed_2": 7, "false_alarm_1": 12, "false_alarm_2": 1}

    def test_of_longer_clips(self) -> None:
        """A mistake's clip is the one whose scored frame it is."""
        found = mistakes([*[0, 1, 3, 9], *[0, 1, 3, 9], *[0, 1, 3, 2]], length=2)
        assert found["missed_1"] == 1
        assert found["false_alarm_1"] == 10

    def test_a_score_that_ranks_all_rightly(self) -> None:
        """Has its nearest misses all the same: every abnormal frame has a lowest."""
        assert set(mistakes(list(range(15)))) == {"missed_1", "missed_2", "false_alarm_1", "false_alarm_2"}
