"""Runs in words: what MLflow shows as their description."""

from benchmarks.report.read.contrasts import Contrast
from benchmarks.report.read.format import interval_of, percent
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row
from benchmarks.study.settings import Settings


def seed(record: Record) -> str:
    """One training run, as: MNAD · prediction · memory on <label>, seed 0. Frame AUC 93.1 % (fused, ...)."""
    settings, content = record.settings, record.content
    hardware = content.get("hardware", {})
    where = hardware.get("accelerator") or f"{hardware.get('threads')} CPU thread(s), {hardware.get('processor')}"
    minutes = sum(record.phase(name, "seconds") or 0.0 for name in content["phases"]) / 60
    changed = ", with uncommitted changes" if content.get("dirty") else ""
    return (
        f"{_what(settings)}, seed {record.seed}. {_auc(record)} Ran {minutes:.1f} min on {where}; commit "
        f"{str(content['commit'])[:8]}{changed}."
    )


def setting(row: Row) -> str:
    """A setting over its seeds."""
    seeds = ", ".join(str(record.seed) for record in row.records)
    auc = row.auc()
    basis = {"seeds": " (mean and 95 % interval over seeds)", "videos": " (95 % bootstrap interval over videos)"}
    measured = "" if auc is None else f" Frame AUC {percent(auc)} %{basis.get(auc.basis, '')}."
    return f"{_what(row.settings)}, seeds {seeds}.{measured} A run for each seed lies below this one."


def contrast(one: Contrast) -> str:
    """Memory minus none, paired by seed."""
    seeds = ", ".join(str(each) for each in one.auc.seeds)
    interval = "" if one.auc.low is None else " (95 % interval of the mean)"
    return (
        f"Frame AUC with memory minus without, all else equal: {interval_of(one.auc)} points{interval}, paired over seeds "
        f"{seeds}. With memory: {_what(one.with_memory.settings)}. Each side has its published score; metrics that end in "
        f"the name of a score compare both under that one."
    )


def _what(settings: Settings) -> str:
    return f"{Row(settings, ()).label} on {settings_label(settings)}"


def _auc(record: Record) -> str:
    auc = record.metric("micro_auc")
    if auc is None:
        return "Frame AUC undefined."
    low_high = record.content["headline"].get("interval")
    interval = "" if low_high is None else f" [{100 * low_high[0]:.1f}, {100 * low_high[1]:.1f}]"
    return f"Frame AUC {100 * auc:.1f} %{interval}, score {record.score}, normalised per video."
