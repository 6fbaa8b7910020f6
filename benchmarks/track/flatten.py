"""From a record to the flat names that MLflow knows: parameters, tags, metrics by epoch, final metrics.

What stands before a slash in a metric's name is the section of MLflow's charts in which it appears. Sections come in
alphabetical order, those without a name last: so ``auc`` comes first.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from benchmarks.measure.usage import memory_usage
from benchmarks.report.read.contrasts import Contrast
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import GEOMETRY, Row, departures
from benchmarks.study.settings import Settings

_FRAME_METRICS: Final = ("eer", "average_precision", "prevalence", "delta_s", "fpr_at_95_tpr")
# What a parent run shows of its seeds.
_SUMMARISED: Final = ("auc/", "auc_by_kind/", "auc_by_variant/", "errors/eer", "errors/delta_s", "cost/seconds_train")
# The published measure. Its name comes first in the alphabet of all metrics, so that every view of MLflow begins with it.
AUC: Final = "auc/frame"
TEST_AUC: Final = "test/micro_auc"
# Memory minus none, as a section of its own: ``effect/auc``, and its interval and number of pairs.
EFFECT: Final = "effect"


@dataclass(frozen=True)
class Point:
    """One value of a metric; step: the epoch, 0 for final metrics; at: when, in milliseconds, None for now."""

    name: str
    value: float
    step: int = 0
    at: int | None = None


def settings_tags(settings: Settings) -> dict[str, str]:
    """Tags by which runs are filtered and grouped."""
    names = ("dataset", "method", "task", "memory", "skip", "supervision", "preset", "profile")
    tags = {name: _text(getattr(settings, name)) for name in names}
    return tags | {"settings_hash": settings.hash}


def record_tags(record: Record) -> dict[str, str]:
    """Tags that say where a record comes from; the commit where MLflow expects it."""
    hardware: Mapping[str, Any] = record.content.get("hardware", {})
    tags = {
        "mlflow.source.git.commit": record.content["commit"],
        "mlflow.source.name": "benchmarks/run/cell.py",
        "mlflow.source.type": "LOCAL",
        "dirty": record.content.get("dirty"),
        "mode": record.content.get("mode"),
        "device": hardware.get("accelerator") or hardware.get("device"),
        "published_variant": record.variant,
        "published_score": record.score,
    }
    return {name: _text(value) for name, value in tags.items() if value is not None}


def parameters(settings: Settings, seed: int | None = None) -> dict[str, str]:
    """What runs of a profile differ in: the factors, items, epochs, seed, and every setting that departs from these.

    The rest follows from method, preset and profile; the artifact settings.json has all of it.
    """
    names = ["method", "memory", "task", "skip", "supervision", "noise", "items", "epochs"]
    names += [name for name in departures(settings) if name not in GEOMETRY and name not in names]
    values = {name: getattr(settings, name) for name in names}
    return {name: _text(value) for name, value in {**values, "seed": seed}.items() if value is not None}


def epoch_points(epochs: Sequence[Mapping[str, Any]], start: int | None = None) -> list[Point]:
    """Losses, learning rate, seconds and use of the memory, a step per epoch.

    start: when training began, in milliseconds; each epoch is dated by the seconds since. Now where None.
    """
    points = []
    at = start
    for epoch in epochs:
        at = None if at is None else at + round(1000 * (epoch.get("seconds") or 0.0))
        step = int(epoch["epoch"])
        values = {f"loss/{name}": value for name, value in epoch["losses"].items()}
        values |= {"training/learning_rate": epoch.get("learning_rate"), "training/epoch_seconds": epoch.get("seconds")}
        values |= {TEST_AUC: epoch.get("micro_auc")}
        counts = epoch.get("usage")
        # Of a large memory records keep the description of most epochs, without the counts.
        described = memory_usage(counts).to_dict() if counts and sum(counts) else epoch
        values |= _usage("memory/train", described)
        points += _points(values, step, at)
    return points


def final_points(record: Record) -> list[Point]:
    """Metrics of the finished cell, AUC first; AUCs are fractions, `AUC` under the published variant and score."""
    values: dict[str, Any] = {AUC: record.metric("micro_auc")}
    for how in ("per_video", "global", "train"):
        if how != "per_video":
            values[f"auc/micro_{how}"] = record.metric("micro_auc", normalisation=how)
        values[f"auc/macro_{how}"] = record.metric("macro_auc", normalisation=how)
    values |= {f"errors/{name}": record.metric(name) for name in _FRAME_METRICS}
    for score in record.content["metrics"].get(record.variant, {}):
        values[f"auc_by_score/{score}"] = record.metric("micro_auc", score=score)
    for variant in record.content["metrics"]:
        score = record.variant_score(variant)
        values[f"auc_by_variant/{variant}"] = record.metric("micro_auc", variant=variant, score=score)
    for kind in record.content.get("kinds", {}).get(record.variant, {}):
        values[f"auc_by_kind/{kind}"] = record.kind(kind)
    values |= _usage("memory/test", record.content.get("usage", {}).get(record.variant, {}))
    for phase in record.content["phases"]:
        for quantity in ("seconds", "peak_memory_mb"):
            values[f"cost/{quantity}_{phase}"] = record.phase(phase, quantity)
    values["cost/clips_per_second_train"] = record.train_rate()
    values["cost/frames_per_second_test"] = record.test_rate()
    values["cost/parameters"] = record.content["parameters"]
    return _points(values, 0, span(record)[1])


def seed_summary(row: Row) -> list[Point]:
    """Mean over seeds of the main metrics, under the seeds' own names; of the AUC its interval; spreads as ``std/...``."""
    gathered: dict[str, list[float]] = {}
    for record in row.records:
        for point in final_points(record):
            if point.name.startswith(_SUMMARISED):
                gathered.setdefault(point.name, []).append(point.value)
    auc = row.auc()
    values: dict[str, Any] = {name: statistics.fmean(each) for name, each in gathered.items()}
    values |= {"auc_interval/low": auc and auc.low, "auc_interval/high": auc and auc.high, "seeds": len(row.records)}
    values |= {
        f"std/{name.replace('/', '_')}": statistics.stdev(each) for name, each in gathered.items() if len(each) > 1
    }
    return _points(_rounded(values), 0, max(span(record)[1] for record in row.records))


def contrast_points(contrasts: Sequence[Contrast]) -> list[Point]:
    """Memory minus none: the difference, its 95 % interval and the number of pairs; first under the published score.

    contrasts: of one pair of settings, a score each.
    """
    values: dict[str, Any] = {}
    for contrast in contrasts:
        name = EFFECT if contrast.score == "published" else f"{EFFECT}_{contrast.score}"
        auc = contrast.auc
        of_score = {"auc": auc.mean, "low": auc.low, "high": auc.high, "n": len(auc.seeds)}
        values |= {f"{name}/{what}": value for what, value in of_score.items()}
    records = [*contrasts[0].with_memory.records, *contrasts[0].without_memory.records]
    return _points(_rounded(values), 0, max(span(record)[1] for record in records))


def milliseconds(moment: str) -> int:
    """An ISO moment as MLflow counts time."""
    return round(1000 * datetime.fromisoformat(moment).timestamp())


def span(record: Record) -> tuple[int, int]:
    """Start and end of a cell in milliseconds; the end is its start and the seconds of its phases."""
    start = milliseconds(record.content["started"])
    return start, start + round(1000 * sum(record.phase(name, "seconds") or 0.0 for name in record.content["phases"]))


def _usage(prefix: str, usage: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{prefix}_{name}": usage.get(name) for name in ("entropy", "perplexity", "dead")}


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Six digits, as records have them and MLflow's columns show; more would be cut off with dots."""
    return {name: None if value is None else round(value, 6) for name, value in values.items()}


def _points(values: Mapping[str, Any], step: int, at: int | None) -> list[Point]:
    """Keep what is a finite number: MLflow draws nothing else."""
    return [
        Point(name, float(value), step, at)
        for name, value in values.items()
        if value is not None and math.isfinite(float(value))
    ]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
