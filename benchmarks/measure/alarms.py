"""False alarms an hour: what a share of wrong frames means to whoever watches the screen."""

import numpy as np
import pandas as pd

from benchmarks.measure.inputs import ScoredFrames, scored_frames


def threshold_at(frames: ScoredFrames, recall: float) -> float | None:
    """Return the highest threshold that finds ``recall`` of the abnormal frames; None where a class is absent."""
    count = int(frames.abnormal.sum())
    if count in {0, len(frames.abnormal)}:
        return None
    # recall * count may lie a rounding above a whole number
    fewest = np.searchsorted(np.arange(1, count + 1) / count, recall)
    return float(np.sort(frames.anomaly[frames.abnormal])[::-1][fewest])


def false_alarms_per_hour(table: pd.DataFrame, rate: float, recall: float = 0.95) -> float | None:
    """Runs of consecutive normal frames at or above the threshold that finds ``recall`` of the abnormal frames.

    table: video, frame, label, anomaly. rate: frames a second. Per hour of normal footage; None where a class is absent.

    Raises:
        StudyError: as ``scored_frames`` does.
    """
    frames = scored_frames(table["anomaly"].to_numpy(), table["label"].to_numpy(), table["video"].to_numpy())
    scores, abnormal = frames.anomaly, frames.abnormal
    threshold = threshold_at(frames, recall)
    if threshold is None:
        return None
    ordered = table.assign(alarm=(scores >= threshold) & ~abnormal).sort_values(["video", "frame"])
    alarm, video = ordered["alarm"].to_numpy(), ordered["video"].to_numpy()
    frame = ordered["frame"].to_numpy()
    goes_on = np.zeros(len(alarm), dtype=bool)
    goes_on[1:] = alarm[:-1] & (video[1:] == video[:-1]) & (frame[1:] == frame[:-1] + 1)
    hours = (~abnormal).sum() / rate / 3600
    return float((alarm & ~goes_on).sum() / hours)
