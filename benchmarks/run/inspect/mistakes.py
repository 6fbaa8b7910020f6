"""The worst mistakes of a cell's published score: abnormal frames that look most normal to it, and the reverse."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.data.clips import Clips
from benchmarks.data.video import Video
from benchmarks.measure.fusion import Score, fuse
from benchmarks.run.contract import ScoreRule
from benchmarks.run.evaluation import Pass
from benchmarks.run.video_labels import at

KINDS = ("missed_1", "missed_2", "false_alarm_1", "false_alarm_2")
"""Names of their stills: two of each, from two videos."""


def choose_mistakes(scored: Pass, rule: ScoreRule, videos: Sequence[Video], clips: Clips, frame: int) -> dict[str, int]:
    """Return the clip of each mistake by its kind, as far as two videos have such frames.

    missed: the abnormal frames of the lowest published score within their video; false_alarm: the normal ones of the
    highest. scored: all test clips under the published variant. frame: of a clip, the one that is scored.
    """
    terms = pd.DataFrame(dict(scored.terms[rule.variant]) | {"video": [videos[index].name for index in scored.video]})
    anomaly = fuse(terms, Score(rule.name, rule.weights), "per_video").values  # noqa: PD011 - not pandas
    label = np.array([at(videos[video].labels, place) for video, place in zip(scored.video, scored.frame, strict=True)])
    places = {
        (video, first + frame): index for index, (video, first) in enumerate(zip(clips.video, clips.first, strict=True))
    }
    found: dict[str, int] = {}
    for name, abnormal, order in (("missed", 1, anomaly), ("false_alarm", 0, -anomaly)):
        seen: set[int] = set()
        for row in np.argsort(order, kind="stable"):
            video = int(scored.video[row])
            if label[row] == abnormal and video not in seen and len(seen) < len(KINDS) // 2:
                seen.add(video)
                found[f"{name}_{len(seen)}"] = places[video, int(scored.frame[row])]
    return found
