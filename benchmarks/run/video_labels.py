"""The labels of test videos, as a record states them and a table of terms holds them."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.data.video import Video
from benchmarks.errors import StudyError
from benchmarks.measure.terms import round_terms
from benchmarks.run.labelling import Labelling, digest

UNLABELLED = "their frames are down as normal, and no AUC can be measured on them"


def at(values: Any, frame: int) -> int:
    """Return a video's label or kind of a frame; 0 where the video has none."""
    return 0 if values is None else int(values[frame])


def labels_of(videos: Iterable[Video]) -> Labelling:
    """Return all labels of test videos; one without labels counts as normal, as it does in a table of terms."""
    return {
        video.name: bytes(video.length) if video.labels is None else video.labels.astype(np.uint8).tobytes()
        for video in videos
    }


def label_notes(videos: Sequence[Video]) -> list[str]:
    """Return the record's note on test videos without labels; none where all have them."""
    unlabelled = sum(video.labels is None for video in videos)
    if not unlabelled:
        return []
    named = f"{unlabelled} of {len(videos)} test videos have no labels"
    return [f"{named}: {UNLABELLED}"]


def label_digests(videos: Sequence[Video]) -> dict[str, str | None]:
    """Return a digest of each test video's labels, all frames, scored or not; None for a video without labels."""
    return {
        video.name: None if video.labels is None else digest(video.labels.astype(np.uint8).tobytes())
        for video in videos
    }


def relabelled_table(table: pd.DataFrame, videos: Sequence[Video]) -> pd.DataFrame:
    """Return a table of terms with the labels, and the kinds where it has them, of these test videos.

    Raises StudyError where a scored frame lies in none of them.
    """
    by_name = {video.name: video for video in videos}
    places = list(zip(table["video"], table["frame"], strict=True))
    for name, frame in places:
        if name not in by_name or frame >= by_name[name].length:
            raise StudyError(f"Expected frame {frame} of test video {name} in the data here, but there is none.")
    changed = {"label": [at(by_name[name].labels, frame) for name, frame in places]}
    if "kind" in table:
        changed["kind"] = [at(by_name[name].kinds, frame) for name, frame in places]
    return round_terms(table.assign(**changed))
