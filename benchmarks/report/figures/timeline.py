"""Anomaly score of every test frame in time, abnormal ranges shaded, under each normalisation."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.errors import StudyError
from benchmarks.measure.fusion import fuse
from benchmarks.measure.normalise import NORMALISATIONS
from benchmarks.report.figures.style import ABNORMAL, MUTED, PALETTE
from benchmarks.report.read.frame_scores import moments, score_of, variant_frames
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.records import Record

# Frames side by side: a score lasts for fewer than its line is wide beyond that.
_STRIP: Final = 2600
_UPRIGHT: Final = 20
_HEADINGS: Final = {"per_video": "per video (published)", "global": "global", "train": "train"}


def draw(record: Record, label: str) -> Figure:
    """Draw the published score of the published variant over all test videos, one after the other.

    A long set goes on in further strips below, whole videos in each. The panel of a normalisation that the record has no
    moments for says so. Raises StudyError without its terms.
    """
    terms = variant_frames(record, record.variant)
    if terms is None:
        raise StudyError(
            f"Expected the terms of {record.variant} with {record.path}, but there are none; run the cell again."
        )
    score = score_of(record, record.score)
    starts = [0, *(np.flatnonzero(terms["video"].ne(terms["video"].shift()).to_numpy())[1:]), len(terms)]
    names = [str(terms["video"].iloc[start]) for start in starts[:-1]]
    calibration = moments(record, record.variant)
    strips = split(starts)
    longest = max(starts[last] - starts[first] for first, last in strips)
    figure = Figure(figsize=(10, 1.1 + 1.3 * len(NORMALISATIONS) * len(strips)))
    grid = np.asarray(figure.subplots(len(strips) * len(NORMALISATIONS), 1)).reshape(len(strips), len(NORMALISATIONS))
    for how, column in zip(NORMALISATIONS, grid.T, strict=True):
        missing = how == "train" and calibration is None
        scores = None if missing else fuse(terms, score, how, calibration).values
        for axes, (first, last) in zip(column, strips, strict=True):
            _draw_strip(axes, starts[first : last + 1], terms["label"].to_numpy() > 0, scores)
            axes.set_xlim(starts[first], starts[first] + longest)
            axes.set_ylabel(f"score,\n{how.replace('_', ' ')}")
            if scores is not None:
                axes.set_ylim(*_limits(scores))
        auc = record.metric("micro_auc", normalisation=how)
        column[0].set_title(_HEADINGS[how] + (f": AUC {100 * auc:.1f} %" if auc is not None else ""), loc="left")
    for bottom, (first, last) in zip(grid[:, -1], strips, strict=True):
        middles = [(a + b) / 2 for a, b in itertools.pairwise(starts[first : last + 1])]
        bottom.set_xticks(middles, names[first:last])
        bottom.tick_params(axis="x", length=0, labelrotation=90 if last - first > _UPRIGHT else 0)
    grid[-1, -1].set_xlabel("test video; abnormal frames shaded")
    settings = record.settings
    figure.suptitle(f"{label} ({settings_label(settings)}, seed {record.seed}): {score.name}, high = abnormal")
    return figure


def split(starts: Sequence[int]) -> list[tuple[int, int]]:
    """First and last + 1 video of each strip: as many whole videos as fit, at least one.

    starts: first frame of each video, and the number of frames at the end.
    """
    strips, first = [], 0
    for last in range(1, len(starts)):
        if last == len(starts) - 1 or starts[last + 1] - starts[first] > _STRIP:
            strips.append((first, last))
            first = last
    return strips


def _draw_strip(
    axes: Axes, starts: Sequence[int], abnormal: NDArray[np.bool_], scores: NDArray[np.float64] | None
) -> None:
    """Draw the scores of some videos and shade their abnormal ranges; a sentence where there are no scores."""
    for first, last in abnormal_ranges(abnormal, list(starts)):
        axes.axvspan(first, last, color=ABNORMAL, linewidth=0, zorder=0)
    axes.set_xticks([])
    axes.grid(visible=False)
    if scores is None:
        axes.text(0.5, 0.5, "moments of calibration frames not in the record", transform=axes.transAxes, ha="center")
        axes.set_yticks([])
        return
    for first, last in itertools.pairwise(starts):
        axes.plot(np.arange(first, last), scores[first:last], color=PALETTE[0], linewidth=0.8)
        axes.axvline(first, color=MUTED, linewidth=0.5)


def _limits(scores: NDArray[np.float64]) -> tuple[float, float]:
    """One scale for all strips of a normalisation, with a little air."""
    low, high = float(scores.min()), float(scores.max())
    air = 0.05 * (high - low) or 0.5
    return low - air, high + air


def abnormal_ranges(abnormal: np.ndarray, starts: list[int]) -> Iterator[tuple[int, int]]:
    """First and last + 1 of each run of abnormal frames, never across videos."""
    for first, last in itertools.pairwise(starts):
        edges = np.flatnonzero(np.diff(np.r_[False, abnormal[first:last], False].astype(np.int8)))
        for low, high in edges.reshape(-1, 2):
            yield first + int(low), first + int(high)
