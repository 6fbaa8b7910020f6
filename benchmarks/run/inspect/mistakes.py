"""The worst mistakes of a cell's published score: abnormal frames that look most normal to it, and the reverse."""

from collections.abc import Sequence

import numpy as np

from benchmarks.data.clips import Clips
from benchmarks.data.video import Video
from benchmarks.measure.fusion import Score, fuse
from benchmarks.measure.terms import psnr_from_mse, select_variant
from benchmarks.run.contract import ScoreRule
from benchmarks.run.evaluation import Pass
from benchmarks.run.inspect.file import MISTAKES
from benchmarks.run.record import terms_table


def choose_mistakes(scored: Pass, rule: ScoreRule, videos: Sequence[Video], clips: Clips, frame: int) -> dict[str, int]:
    """Return the clip of each mistake by its kind, as far as two videos have such frames.

    missed: the abnormal frames of the lowest published score within their video; false_alarm: the normal ones of the
    highest. scored: all test clips under the published variant. frame: of a clip, the one that is scored.
    """
    table = select_variant(terms_table(scored, videos), rule.variant)
    if "mse" in table:
        table["psnr"] = psnr_from_mse(table["mse"].to_numpy())
    anomaly = fuse(table, Score(rule.name, rule.weights), "per_video").values
    label = table["label"].to_numpy()
    places = {place: index for index, place in enumerate(zip(clips.video, clips.first + frame, strict=True))}
    found: dict[str, int] = {}
    for name, abnormal, order in (("missed", 1, anomaly), ("false_alarm", 0, -anomaly)):
        seen: set[int] = set()
        for row in np.argsort(order, kind="stable"):
            video = int(scored.video[row])
            if label[row] == abnormal and video not in seen and len(seen) < len(MISTAKES) // 2:
                seen.add(video)
                found[f"{name}_{len(seen)}"] = places[video, int(scored.frame[row])]
    return found
