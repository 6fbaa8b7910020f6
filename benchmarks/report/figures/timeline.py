"""Anomaly score of every test frame in time, abnormal ranges shaded, under each normalisation."""

import itertools
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmarks.measure.fusion import Score, fuse
from benchmarks.measure.normalise import NORMALISATIONS, Moments
from benchmarks.measure.terms import psnr_from_mse
from benchmarks.report.records import Record
from benchmarks.report.style import ABNORMAL, MUTED, PALETTE

_KEYS = ("video", "frame", "label", "kind")
_HEADINGS = {"per_video": "per video (published)", "global": "global", "train": "train"}


def draw(record: Record, label: str) -> Figure:
    """Draw the published score of the published variant over all test videos, one after the other.

    The panel of a normalisation that the record has no moments for says so. Raises StudyError without its terms.
    """
    terms = published_terms(record)
    score = published_score(record)
    figure = Figure(figsize=(10, 5))
    panels = figure.subplots(len(NORMALISATIONS), 1, sharex=True)
    starts = [0, *(np.flatnonzero(terms["video"].ne(terms["video"].shift()).to_numpy())[1:]), len(terms)]
    calibration = moments(record)
    for axes, how in zip(panels, NORMALISATIONS, strict=True):
        for first, last in abnormal_ranges(terms["label"].to_numpy() > 0, starts):
            axes.axvspan(first, last, color=ABNORMAL, linewidth=0, zorder=0)
        auc = record.metric("micro_auc", normalisation=how)
        axes.set_title(f"{_HEADINGS[how]}" + (f": AUC {100 * auc:.1f} %" if auc is not None else ""), loc="left")
        axes.set_ylabel("score")
        axes.grid(visible=False)
        if how == "train" and calibration is None:
            axes.text(
                0.5, 0.5, "moments of calibration frames not in the record", transform=axes.transAxes, ha="center"
            )
            axes.set_yticks([])
            continue
        scores = fuse(terms, score, how, calibration).values  # noqa: PD011 - not of pandas
        for first, last in itertools.pairwise(starts):
            axes.plot(np.arange(first, last), scores[first:last], color=PALETTE[0], linewidth=0.8)
            axes.axvline(first, color=MUTED, linewidth=0.5)
    names = [str(terms["video"].iloc[start]) for start in starts[:-1]]
    panels[-1].set_xticks([(a + b) / 2 for a, b in itertools.pairwise(starts)], names)
    panels[-1].tick_params(axis="x", length=0, labelrotation=90 if len(names) > 20 else 0)
    panels[-1].set_xlim(0, len(terms))
    panels[-1].set_xlabel("test video; abnormal frames shaded")
    settings = record.settings
    figure.suptitle(
        f"{label} ({settings.dataset}, {settings.profile}, seed {record.seed}): {score.name}, high = abnormal"
    )
    return figure


def published_terms(record: Record) -> pd.DataFrame:
    """Keys and terms of the published variant, the terms under their own names."""
    prefix = f"{record.variant}."
    frames = record.frames()
    kept = [name for name in frames.columns if name in _KEYS or name.startswith(prefix)]
    terms = frames[kept].rename(columns=lambda name: name.removeprefix(prefix))
    if "mse" in terms:
        # Tables hold the squared error alone; PSNR is made from it as it was when the record was measured.
        terms["psnr"] = psnr_from_mse(terms["mse"].to_numpy())
    return terms


def published_score(record: Record) -> Score:
    """The published score with its weights: the fused one weighs PSNR by the setting alpha, others are one term."""
    alpha = record.settings.alpha
    if record.score == "fused" and alpha is not None:
        return Score("fused", {"psnr": alpha, "feature_distance": 1 - alpha})
    return Score(record.score, {record.score: 1.0})


def moments(record: Record) -> Mapping[str, Moments] | None:
    """Moments of the calibration frames, where the record has them."""
    found = record.content.get("calibration", {}).get(record.variant)
    return None if not found else {name: Moments(*value) for name, value in found.items()}


def abnormal_ranges(abnormal: np.ndarray, starts: list[int]) -> Iterator[tuple[int, int]]:
    """First and last + 1 of each run of abnormal frames, never across videos."""
    for first, last in itertools.pairwise(starts):
        edges = np.flatnonzero(np.diff(np.r_[False, abnormal[first:last], False].astype(np.int8)))
        for low, high in edges.reshape(-1, 2):
            yield first + int(low), first + int(high)
