"""From a record's per-frame terms to anomaly scores, as the record's own metrics were computed."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pandas as pd

from benchmarks.errors import StudyError
from benchmarks.measure.fusion import Score, fuse
from benchmarks.measure.normalise import Moments, Normalisation
from benchmarks.measure.terms import psnr_from_mse, read_terms, select_variant
from benchmarks.report.read.records import Record

KEY = ["video", "frame"]


def variant_frames(record: Record, variant: str) -> pd.DataFrame | None:
    """Terms of one variant: video, frame, label and a column per term; None where the table does not keep them.

    Raises StudyError if the record's table is missing or damaged.
    """
    table = record.path.with_name(f"seed-{record.seed}.csv.gz")
    # one record is asked for many times: every weight, normalisation and contrast
    frames = _read(table, variant, table.stat().st_mtime_ns if table.exists() else 0)
    return None if frames is None else frames.copy()


@lru_cache(maxsize=2048)
def _read(path: Path, variant: str, changed: int) -> pd.DataFrame | None:
    """Read one variant; changed: when the file was written last, so that another version is read again."""
    del changed
    table = read_terms(path)
    if not any(str(name).startswith(f"{variant}.") for name in table.columns):
        return None
    frames = select_variant(table, variant).dropna()
    if "mse" in frames:
        frames["psnr"] = psnr_from_mse(frames["mse"].to_numpy())
    return frames


def score_of(record: Record, name: str) -> Score:
    """The terms and weights behind a score's name: the published one's as the record holds them, or one term alone."""
    weights = record.content["headline"].get("weights")
    if weights is not None and name == record.score:
        return Score(name, weights)
    # records older than the weights: only MNAD's memory fused terms
    if name == "fused":
        alpha = record.settings.alpha
        if alpha is None:
            raise StudyError(f"Expected a weight alpha of the fused score in {record.path}, but there is none.")
        return Score(name, {"psnr": alpha, "feature_distance": 1 - alpha})
    return Score(name, {name: 1.0})


def moments(record: Record, variant: str) -> dict[str, Moments] | None:
    """Mean and spread of each term on held-out normal training frames; None where the record holds none."""
    held = record.content.get("calibration", {}).get(variant)
    return None if not held else {term: Moments(*values) for term, values in held.items()}


def scored(record: Record, variant: str, score: Score, how: Normalisation = "per_video") -> pd.DataFrame | None:
    """Columns video, frame, label, anomaly, normalised over all frames that the method scores; None if not kept."""
    frames = variant_frames(record, variant)
    if frames is None or not set(score.terms) <= set(frames.columns):
        return None
    calibration = moments(record, variant)
    if how == "train" and (calibration is None or not set(score.terms) <= calibration.keys()):
        return None
    anomaly = fuse(frames, score, how, calibration).values  # noqa: PD011 - not pandas
    return frames[[*KEY, "label"]].assign(anomaly=anomaly)


def common_frames(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The frames (video, frame) that every table holds, in order; raises StudyError if there is none."""
    common = tables[0][KEY]
    for table in tables[1:]:
        common = common.merge(table[KEY], on=KEY, how="inner")
    if common.empty:
        raise StudyError("Expected frames that all methods score, but there is none: these are different test sets.")
    return common.sort_values(KEY).reset_index(drop=True)
