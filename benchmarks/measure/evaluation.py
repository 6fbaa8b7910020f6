"""From the terms of one variant of a cell to its part of the record."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pandas as pd

from benchmarks.errors import StudyError
from benchmarks.measure.fusion import Calibration, Score, fuse
from benchmarks.measure.metrics import auc_by_kind, frame_metrics
from benchmarks.measure.normalise import NORMALISATIONS, Normalisation
from benchmarks.measure.statistics import bootstrap_over_videos
from benchmarks.measure.terms import PSNR_CAP

_DECIMALS = 6

MetricValue = float | int | None


@dataclasses.dataclass(frozen=True)
class VariantMetrics:
    """What the record holds of one variant.

    metrics: score -> normalisation -> metric -> value. kinds: kind of anomaly -> AUC, empty without kinds.
    notes: sentences.
    """

    metrics: dict[str, dict[str, dict[str, MetricValue]]]
    kinds: dict[str, float | None]
    notes: list[str]


def measure_variant(
    frames: pd.DataFrame,
    calibration: Calibration | None,
    scores: Sequence[Score],
    *,
    kinds_how: Normalisation = "per_video",
) -> VariantMetrics:
    """Every metric of every score under every normalisation.

    frames: as ``round_terms`` leaves it, a row per scored test frame; columns ``video, label``, where known ``kind``,
    and one per term.
    calibration: the same terms on held-out normal training frames, or their moments; without it ``train`` is left out
    and a note says so.
    scores: the first is the one whose AUC by kind is reported, under the normalisation ``kinds_how``.

    Floats are rounded to six decimals.

    Raises:
        StudyError: for no score or two of one name, or as ``fuse`` and the metrics do.
    """
    names = [score.name for score in scores]
    if not names or len(set(names)) != len(names):
        raise StudyError(f"Expected at least one score and no name twice, but got {names}")
    notes: list[str] = []
    if calibration is None:
        notes.append("no calibration frames: the normalisation train is left out")
    perfect = int((frames["psnr"] >= PSNR_CAP).sum()) if "psnr" in frames.columns else 0
    if perfect:
        notes.append(f"psnr reaches its cap of {PSNR_CAP:g} dB in {perfect} of {len(frames)} frames")

    metrics: dict[str, dict[str, dict[str, MetricValue]]] = {score.name: {} for score in scores}
    kinds: dict[str, float | None] = {}
    for score in scores:
        for how in NORMALISATIONS:
            if how == "train" and calibration is None:
                continue
            fused = fuse(frames, score, how, calibration)
            notes += [f"{how}: {note}" for note in fused.notes]
            measured = frame_metrics(fused.values, frames["label"], frames["video"])
            metrics[score.name][how] = {name: _rounded(value) for name, value in dataclasses.asdict(measured).items()}
            if score is scores[0] and how == kinds_how and "kind" in frames.columns and frames["kind"].any():
                by_kind = auc_by_kind(fused.values, frames["label"], frames["kind"], frames["video"])
                kinds = {kind: _rounded(area) for kind, area in by_kind.items()}
    return VariantMetrics(metrics, kinds, list(dict.fromkeys(notes)))


def headline(
    frames: pd.DataFrame,
    score: Score,
    how: Normalisation,
    calibration: Calibration | None = None,
    *,
    draws: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """Give the cell's main figure: micro AUC and its 95 % interval by a bootstrap over videos, six decimals.

    Keys: score, normalisation, micro_auc (None where undefined), interval ([low, high], or None).
    """
    anomaly = fuse(frames, score, how, calibration).values  # noqa: PD011 - not pandas
    area = frame_metrics(anomaly, frames["label"], frames["video"]).micro_auc
    interval = bootstrap_over_videos(anomaly, frames["label"], frames["video"], draws=draws, seed=seed)
    return {
        "score": score.name,
        "normalisation": how,
        "micro_auc": _rounded(area),
        "interval": None if interval is None else [_rounded(bound) for bound in interval],
    }


def _rounded(value: MetricValue) -> MetricValue:
    """Round a float to six decimals; leave counts and None as they are."""
    return round(value, _DECIMALS) if isinstance(value, float) else value
