"""What the page holds of each run: small enough for hundreds, opened one at a time by the browser.

A parcel is JSON, a zero byte, then the score timelines as one byte per point (steps from point to point, modulo 256); it
is gzipped without a date and written in base64. Timelines of a long test set are thinned to the lowest and the highest
score of each stretch, so that peaks stay. Videos and abnormal ranges are held once for all runs that score the same frames.
"""

import base64
import gzip
import hashlib
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.errors import StudyError
from benchmarks.measure.metrics import KINDS
from benchmarks.measure.normalise import Normalisation
from benchmarks.report.frame_scores import score_of, scored, variant_frames
from benchmarks.report.groups import settings_label
from benchmarks.report.records import Record
from benchmarks.report.rows import Row
from benchmarks.report.wording import SCORES, percent

RUN_BUDGET: Final = 32 * 1024
"""Bytes of one run's parcel, stills apart."""
POINTS: Final = 3000
"""Points of one run's timeline under one normalisation."""
LEVELS: Final = 250
"""Steps between the lowest and the highest score that a timeline can show."""

_MOST_EPOCHS: Final = 120
_MOST_BARS: Final = 64  # beyond this many items single bars cannot be told apart (as in figures/usage.py)
_SHOWN: Final[tuple[Normalisation, ...]] = ("per_video", "global")
_KIND_NAMES: Final = {number: name.replace("_", "-") for name, number in KINDS.items()}


@dataclass(frozen=True)
class Parcels:
    """runs: parcel of each run by its name on the page. videos: parcel of each set of test frames by its name."""

    runs: Mapping[str, str]
    videos: Mapping[str, str]

    def lines(self) -> str:
        """Every parcel on a line: its name, a blank, its base64."""
        return "\n".join(f"{name} {parcel}" for name, parcel in sorted({**self.videos, **self.runs}.items()))


def run_id(record: Record) -> str:
    """Name of a run on the page and in its address; the settings' name ends in their hash."""
    settings = record.settings
    return quote(f"{settings.dataset}/{settings.profile}/{settings.name}/{record.seed}")


def pack(records: Sequence[Record], stills: Mapping[str, Sequence[str]] | None = None, points: int = POINTS) -> Parcels:
    """Pack every run; stills: names of the pictures of a run's setting, by the run's name.

    Raises StudyError if a record's table of terms cannot be read, or a parcel is larger than RUN_BUDGET.
    """
    runs: dict[str, str] = {}
    videos: dict[str, str] = {}
    for record in records:
        name = run_id(record)
        timeline = _timeline(record, points)
        content = _content(record) | {"stills": list((stills or {}).get(name, ()))}
        values = b""
        if timeline is not None:
            content |= timeline.content
            values = timeline.steps
            videos.setdefault(timeline.content["videos"], parcel(timeline.shared))
        runs[name] = parcel(content, values)
        if len(runs[name]) > RUN_BUDGET:
            raise StudyError(
                f"Expected at most {RUN_BUDGET} bytes of {record.path} on the page, but its curves take "
                f"{len(runs[name])}; ask for fewer points a timeline (make report ARGS='--points {points // 2}')."
            )
    return Parcels(runs, videos)


def parcel(content: Mapping[str, Any], values: bytes = b"") -> str:
    """JSON, a zero byte and bytes, gzipped without a date, in base64."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode() + b"\0" + values, mtime=0)).decode()


def _content(record: Record) -> dict[str, Any]:
    """Facts, losses by epoch and use of items."""
    row = Row(record.settings, (record,))
    return {
        "label": row.label,
        "title": f"{settings_label(record.settings)}, seed {record.seed}",
        "facts": _facts(record),
        "settings": {name: str(value) for name, value in record.settings.to_dict().items()},
        "curves": _curves(record.content["epochs"]),
        "usage": _usage(record),
    }


def _facts(record: Record) -> list[tuple[str, str]]:
    """Names and values, as they are printed; what was not measured is left out."""
    content = record.content
    how: Mapping[str, Normalisation] = {"": "per_video", ", pooled": "global", ", held-out normal frames": "train"}
    interval = content["headline"].get("interval")
    found: list[tuple[str, str | None]] = [
        ("Score", f"{SCORES.get(record.score, record.score)}, variant {record.variant}"),
        *((f"AUC (%){words}", _percent(record.metric("micro_auc", normalisation=kind))) for words, kind in how.items()),
        ("95 % over test videos", f"{_percent(interval[0])} to {_percent(interval[1])}" if interval else None),
        ("AUC, macro (%)", _percent(record.metric("macro_auc"))),
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
    return None if value is None or not math.isfinite(value) else float(f"{value:.5g}")


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


@dataclass(frozen=True)
class _Timeline:
    """content: entries of a run's parcel. steps: its bytes. shared: what runs on the same frames have in common."""

    content: dict[str, Any]
    steps: bytes
    shared: dict[str, Any]


def _timeline(record: Record, points: int) -> _Timeline | None:
    """The published score of every test video; None where the table does not keep the published variant."""
    score = score_of(record, record.score)
    frames = variant_frames(record, record.variant)
    tables = {how: scored(record, record.variant, score, how) for how in _SHOWN}
    published = tables["per_video"]
    if frames is None or published is None:
        return None
    kinds = frames["kind"] if "kind" in frames else frames["label"]
    starts = [0, *(np.flatnonzero(published["video"].ne(published["video"].shift()).to_numpy())[1:]), len(published)]
    spans = [slice(int(first), int(last)) for first, last in itertools.pairwise(starts)]
    shared: dict[str, Any] = {"videos": [_video(published.iloc[span], kinds.iloc[span].to_numpy()) for span in spans]}
    shared["kinds"] = {str(number): name for number, name in _KIND_NAMES.items()} if "kind" in frames else {}
    name = "videos-" + hashlib.sha256(json.dumps(shared, sort_keys=True).encode()).hexdigest()[:12]
    drawn, means = [], {}
    for how, table in tables.items():
        if table is None:
            continue
        anomaly = table["anomaly"].to_numpy(dtype=np.float64)
        drawn.append(np.concatenate([_thin(anomaly[span], _share(span, len(anomaly), points)) for span in spans]))
        means[how] = [_means(table.iloc[span]) for span in spans]
    lengths = [min(span.stop - span.start, _share(span, len(published), points)) for span in spans]
    content = {"videos": name, "lengths": lengths, "means": means, "levels": LEVELS}
    return _Timeline(content, b"".join(map(_steps, drawn)), shared)


def _video(frames: pd.DataFrame, kinds: NDArray[Any]) -> dict[str, Any]:
    """Name, number of the first scored frame, how many are scored, abnormal ranges: first, last, kind."""
    numbers = frames["frame"].to_numpy()
    abnormal = np.where(frames["label"].to_numpy() > 0, np.maximum(kinds, 1), 0)
    edges = np.flatnonzero(np.diff(np.r_[0, abnormal, 0]))
    ranges = [
        [int(numbers[first]), int(numbers[last - 1]), int(abnormal[first])]
        for first, last in itertools.pairwise(edges)
        if abnormal[first]
    ]
    return {
        "name": str(frames["video"].iloc[0]),
        "first": int(numbers[0]),
        "last": int(numbers[-1]),
        "frames": len(numbers),
        "ranges": ranges,
    }


def _share(span: slice, frames: int, points: int) -> int:
    """Points of one video: all its frames where all videos fit, else its share, even, of at least 20."""
    length = int(span.stop - span.start)
    if frames <= points:
        return length
    return min(length, max(20, 2 * round(points * length / frames / 2)))


def _thin(values: NDArray[np.float64], points: int) -> NDArray[np.float64]:
    """Lowest and highest of each of points / 2 stretches, in the order in which they come."""
    if len(values) <= points:
        return values
    parts = np.array_split(values, points // 2)
    return np.concatenate([part[sorted((int(part.argmin()), int(part.argmax())))] for part in parts])


def _steps(values: NDArray[np.float64]) -> bytes:
    """Steps from level to level; scores lie between 0 and 1 under every normalisation that is shown."""
    levels = np.clip(np.rint(LEVELS * values), 0, LEVELS).astype(np.int64)
    return (np.diff(levels, prepend=0) % 256).astype(np.uint8).tobytes()


def _means(frames: pd.DataFrame) -> list[float | None]:
    """Mean score of a video's normal and of its abnormal frames, for who reads numbers in place of a curve."""
    abnormal = frames["label"].to_numpy() > 0
    anomaly = frames["anomaly"].to_numpy()
    return [round(float(anomaly[chosen].mean()), 3) if chosen.any() else None for chosen in (~abnormal, abnormal)]


def auc_words(record: Record, normalisation: Normalisation = "per_video") -> str:
    """AUC of one run in per cent; "" where undefined."""
    row = Row(record.settings, (record,))
    summary = row.summary(lambda one: one.metric("micro_auc", normalisation=normalisation))
    return "" if summary is None else percent(summary)
