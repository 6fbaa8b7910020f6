"""What the page holds of each run: small enough for hundreds, opened one at a time by the browser.

A payload is JSON, a zero byte, then bytes; it is gzipped without a date and written in base64. The runs of a data set and
profile share one payload of facts, settings and curves, since most of that repeats; each run has its timelines apart.
"""

import base64
import gzip
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from benchmarks.errors import StudyError
from benchmarks.hints import hint
from benchmarks.measure.metrics import KINDS
from benchmarks.measure.normalise import Normalisation
from benchmarks.report.page.timelines import timeline_of
from benchmarks.report.read.format import SCORES, percent
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row

RUN_BUDGET: Final = 8 * 1024
"""Bytes of one run's timelines."""
POINTS: Final = 800
"""Points of one run's timelines under one normalisation."""

_MOST_EPOCHS: Final = 60
_MOST_BARS: Final = 64  # beyond this many items single bars cannot be distinguished (as in figures/usage.py)
# Conventions of evaluation: printed name, metric, normalisation.
_CONVENTIONS: Final[tuple[tuple[str, str, Normalisation], ...]] = (
    ("Micro, per-video normalisation (published)", "micro_auc", "per_video"),
    ("Micro, pooled without normalisation", "micro_auc", "global"),
    ("Micro, normalised on held-out normal frames", "micro_auc", "train"),
    ("Macro, mean over videos", "macro_auc", "per_video"),
)


@dataclass(frozen=True)
class Payloads:
    """Payloads by name: groups hold facts by run, timelines the bytes of one run, videos a set of test frames."""

    groups: Mapping[str, str]
    timelines: Mapping[str, str]
    videos: Mapping[str, str]

    def lines(self) -> str:
        """Every payload on a line: its name, a blank, its base64."""
        return "\n".join(
            f"{name} {one}" for of in (self.videos, self.groups, self.timelines) for name, one in of.items()
        )


def run_id(record: Record) -> str:
    """Name of a run on the page and in its address; a record's names hold no blank (`benchmarks.run.record_file`)."""
    settings = record.settings
    return f"{settings.dataset}/{settings.profile}/{settings.name}/{record.seed}"


def group_id(name: str) -> str:
    """Name of the group that holds a run: its data set and profile."""
    return "/".join(name.split("/")[:2])


def pack(records: Sequence[Record], points: int = POINTS) -> Payloads:
    """Pack every run.

    Raises StudyError if a record's table of terms cannot be read, or the timelines of a run are larger than RUN_BUDGET.
    """
    groups: dict[str, dict[str, Any]] = {}
    timelines: dict[str, str] = {}
    videos: dict[str, str] = {}
    for record in records:
        name = run_id(record)
        timeline = timeline_of(record, points)
        content = _content(record)
        if timeline is not None:
            content |= timeline.content
            videos.setdefault(timeline.content["videos"], payload(timeline.shared))
            timelines[name] = payload({}, timeline.steps)
            if len(timelines[name]) > RUN_BUDGET:
                raise StudyError(
                    f"Expected at most {RUN_BUDGET} bytes of {record.path} on the page, but its timelines take "
                    f"{len(timelines[name])}; ask for fewer points a timeline ({hint('report', '', '--points', str(points // 2))})."
                )
        groups.setdefault(group_id(name), {})[name] = content
    return Payloads({name: payload(runs) for name, runs in groups.items()}, timelines, videos)


def payload(content: Mapping[str, Any], values: bytes = b"") -> str:
    """JSON, a zero byte and bytes, gzipped without a date, in base64."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode() + b"\0" + values, mtime=0)).decode()


def _content(record: Record) -> dict[str, Any]:
    """Facts, losses by epoch and use of items."""
    row = Row(record.settings, (record,))
    return {
        "label": row.label,
        "title": f"{settings_label(record.settings)}, seed {record.seed}",
        "seed": record.seed,
        "facts": _facts(record),
        "auc": [[words, _hundredths(record.metric(name, normalisation=how))] for words, name, how in _CONVENTIONS],
        "settings": {name: str(value) for name, value in record.settings.to_dict().items()},
        "curves": _curves(record.content["epochs"]),
        "usage": _usage(record),
    }


def _facts(record: Record) -> list[tuple[str, str]]:
    """Names and values, as they are printed; what was not measured is left out."""
    content = record.content
    interval = content["headline"].get("interval")
    found: list[tuple[str, str | None]] = [
        ("Score", f"{SCORES.get(record.score, record.score)}, variant {record.variant}"),
        ("AUC (%)", _percent(record.metric("micro_auc"))),
        ("AUC (%), pooled", _percent(record.metric("micro_auc", normalisation="global"))),
        ("95 % CI over test videos", f"{_percent(interval[0])} to {_percent(interval[1])}" if interval else None),
        ("EER (%)", _percent(record.metric("eer"))),
        *((f"AUC, {name.replace('_', '-')} (%)", _percent(record.kind(name))) for name in KINDS),
        ("Parameters", f"{content['parameters']:,}"),
        ("Training, s", _seconds(record.phase("train", "seconds"))),
        ("Scoring, s", _seconds(record.phase("evaluate", "seconds"))),
        ("Mode", str(content.get("mode", ""))),
        ("Commit", str(content["commit"])[:12] if content["commit"] else "unknown"),
        ("Started (UTC)", str(content.get("started", ""))[:16].replace("T", " ")),
    ]
    return [(name, value) for name, value in found if value]


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{100 * value:.1f}"


def _hundredths(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 2)


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:,.0f}"


def _curves(epochs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Loss terms by epoch, thinned to _MOST_EPOCHS and the last; where test frames were scored between epochs, the AUC."""
    step = max(1, math.ceil(len(epochs) / _MOST_EPOCHS))
    kept = [one for place, one in enumerate(epochs) if place % step == 0 or place == len(epochs) - 1]
    terms = list(dict.fromkeys(name for one in kept for name in one["losses"]))
    curves = {name: [_short(one["losses"].get(name)) for one in kept] for name in terms}
    if any("micro_auc" in one for one in kept):
        curves["AUC on the test set (%)"] = [
            None if one.get("micro_auc") is None else _short(100 * one["micro_auc"]) for one in kept
        ]
    return {"epochs": [one["epoch"] for one in kept], "terms": curves}


def _short(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.4g}")


def _usage(record: Record) -> list[dict[str, Any]]:
    """Shares of queries per item, in the last epoch and at test; more than _MOST_BARS items by use, thinned."""
    epochs = [one for one in record.content["epochs"] if sum(one.get("usage") or ())]
    found = [(f"last epoch ({one['epoch']})", one["usage"], one) for one in epochs[-1:]]
    test = record.content.get("usage", {}).get(record.variant)
    if test and sum(test.get("counts") or ()):
        found.append((f"test frames, {record.variant}", test["counts"], test))
    return [
        {
            "title": title,
            "items": len(counts),
            "shares": _shares(counts),
            "sorted": len(counts) > _MOST_BARS,
            "perplexity": _short(facts.get("perplexity")),
            "dead": facts.get("dead"),
        }
        for title, counts, facts in found
    ]


def _shares(counts: Sequence[int]) -> list[float]:
    """In per cent; of many items at most _MOST_BARS ranks, evenly spread on a logarithmic scale."""
    shares = 100 * np.asarray(counts, dtype=np.float64) / sum(counts)
    if len(shares) > _MOST_BARS:
        ranks = np.unique(np.geomspace(1, len(shares), _MOST_BARS).astype(int)) - 1
        shares = np.sort(shares)[::-1][ranks]
    return [float(f"{share:.3g}") for share in shares]


def auc_words(record: Record, normalisation: Normalisation = "per_video") -> str:
    """AUC of one run in per cent; "" where undefined."""
    row = Row(record.settings, (record,))
    summary = row.summary(lambda one: one.metric("micro_auc", normalisation=normalisation))
    return "" if summary is None else percent(summary)
