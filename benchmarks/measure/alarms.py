"""False alarms an hour: what a share of wrong frames means to whoever watches the screen."""

import numpy as np
import pandas as pd


def false_alarms_per_hour(table: pd.DataFrame, rate: float, recall: float = 0.95) -> float | None:
    """Runs of consecutive normal frames at or above the threshold that finds ``recall`` of the abnormal frames.

    table: video, frame, label, anomaly. rate: frames a second. Per hour of normal footage; None where a class is absent.
    """
    abnormal = table["label"].to_numpy() == 1
    if abnormal.all() or not abnormal.any():
        return None
    scores = table["anomaly"].to_numpy()
    # the highest threshold that still finds that share
    threshold = np.sort(scores[abnormal])[::-1][int(np.ceil(recall * abnormal.sum())) - 1]
    ordered = table.assign(alarm=(scores >= threshold) & ~abnormal).sort_values(["video", "frame"])
    alarm, video = ordered["alarm"].to_numpy(), ordered["video"].to_numpy()
    frame = ordered["frame"].to_numpy()
    goes_on = np.zeros(len(alarm), dtype=bool)
    goes_on[1:] = alarm[:-1] & (video[1:] == video[:-1]) & (frame[1:] == frame[:-1] + 1)
    hours = (~abnormal).sum() / rate / 3600
    return float((alarm & ~goes_on).sum() / hours)
