"""``results/tables/evaluation_<set>.{md,csv}`` and LaTeX: the same scores under every convention of evaluation.

Metrics are the records' own, which follow from their per-frame terms; alarms, common frames and oracle are
computed from those terms here. What is chosen on the test set stands apart as oracle.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from benchmarks.measure.alarms import false_alarms_per_hour
from benchmarks.measure.events import events_at_recall
from benchmarks.measure.fusion import Score
from benchmarks.measure.metrics import roc_area
from benchmarks.measure.normalise import Normalisation
from benchmarks.report.read.format import signed
from benchmarks.report.read.frame_scores import KEY, common_frames, score_of, scored
from benchmarks.report.read.groups import Group, group_of, settings_label
from benchmarks.report.read.labels import set_name
from benchmarks.report.read.quantities import score_name
from benchmarks.report.read.records import Record, reported
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.study_tables import label_notes
from benchmarks.report.tables.view import csv_frame, write_view
from benchmarks.study.settings import SEEDLESS

ASSUMED_RATE: Final = 25.0
# Frames a second; UCSD's footage runs at ten. Sets that are not named are assumed to run at 25.
FRAME_RATES: Final = {"ped1": 10.0, "ped2": 10.0}
_PREFIXES: Final[dict[Normalisation, str]] = {"per_video": "", "global": "raw_", "train": "train_"}
_ALPHAS: Final = np.linspace(0, 1, 21)


Conventions = dict[str, float | None]
"""One record's published score under every convention, or means of several; fractions, None where undefined or not kept.

micro, macro, padded: AUC by normalisation per_video; raw_, train_: micro under global and train. common_*: micro on the
frames that all methods of the table score. error_*: the error alone (psnr or squared error), per video and raw.
regularity_micro: micro of a score e as (e - min) / max per video. fpr, train_fpr: share of normal frames above the
threshold that finds 95 % of the abnormal ones; alarms, train_alarms: false alarms per hour of normal footage there, an
alarm being a run of such frames. event_precision, event_recall, delay (s): of events at that threshold under train.
oracle: best micro over the fusion's weight, chosen on the test set, at oracle_alpha. epoch_oracle: best micro of an
epoch, at oracle_epoch, where more than the last one was evaluated.
"""
NAMES: Final = (
    *("micro", "raw_micro", "train_micro", "macro", "padded", "common_micro", "common_raw_micro"),
    *("error_micro", "error_raw_micro", "regularity_micro", "fpr", "alarms", "train_fpr", "train_alarms"),
    *("event_precision", "event_recall", "delay"),
    *("oracle", "oracle_alpha", "epoch_oracle", "oracle_epoch"),
)


def write_evaluation_tables(records: Sequence[Record], results: Path) -> dict[str, Path]:
    """Write one table per data set that has records; returns ``evaluation_<set>`` -> Markdown file.

    Raises StudyError if a record's terms cannot be read or a file cannot be written.
    """
    paths = {}
    shown = reported(records)
    for dataset in sorted({record.settings.dataset for record in shown}):
        rows = _rows([record for record in shown if record.settings.dataset == dataset])
        stem = f"evaluation_{dataset}"
        tables = {"conventions": _conventions_table(dataset, rows), "parts": _parts_table(rows)}
        frame = csv_frame(rows, names=("name", "setting", "seeds"))
        title = f"Evaluation laid bare: {set_name(dataset)}"
        paths[f"{stem}.md"] = write_view(results, stem, tables, frame, title=title, digits=5)["md"]
    return paths


def conventions(record: Record, common: pd.DataFrame | None = None) -> Conventions:
    """Every convention for one record; common: the frames that all methods score, or None to leave those out."""
    variant, name = record.variant, record.score
    score = score_of(record, name)
    error = score_name(record, variant, "error")
    rate = FRAME_RATES.get(record.settings.dataset, ASSUMED_RATE)
    found: Conventions = {
        "macro": record.metric("macro_auc"),
        "padded": record.metric("macro_auc_padded"),
        "fpr": record.metric("fpr_at_95_tpr"),
        "train_fpr": record.metric("fpr_at_95_tpr", normalisation="train"),
    }
    for how, prefix in _PREFIXES.items():
        found[f"{prefix}micro"] = record.metric("micro_auc", normalisation=how)
        table = None if how == "global" and common is None else scored(record, variant, score, how)
        if table is not None and how != "global":
            found[f"{prefix}alarms"] = false_alarms_per_hour(table, rate)
        if table is not None and how == "train" and (events := events_at_recall(table, rate)) is not None:
            found |= {"event_precision": events.precision, "event_recall": events.recall, "delay": events.delay}
        if table is not None and common is not None and how != "train":
            whole = len(table) == len(common)  # no method of the group leaves out more frames than this one
            found[f"common_{prefix}micro"] = _auc(table if whole else table.merge(common[KEY], on=KEY))
    if error is not None:
        found["error_micro"] = record.metric("micro_auc", score=error)
        found["error_raw_micro"] = record.metric("micro_auc", score=error, normalisation="global")
    if name == "fused" and record.settings.alpha is not None:
        found |= _best_alpha(record)
    found["regularity_micro"] = _regularity(record)
    found |= _best_epoch(record)
    return dict.fromkeys(NAMES) | found


def _best_alpha(record: Record) -> dict[str, float | None]:
    terms = [scored(record, record.variant, Score(term, {term: 1.0})) for term in ("psnr", "feature_distance")]
    psnr, distance = (None if table is None else table["anomaly"].to_numpy() for table in terms)
    if terms[0] is None or psnr is None or distance is None:
        return {}
    areas = roc_area(np.outer(_ALPHAS, psnr) + np.outer(1 - _ALPHAS, distance), terms[0]["label"].to_numpy() > 0)
    best, alpha = (None, None) if np.isnan(areas).any() else max(zip(areas.tolist(), _ALPHAS.tolist(), strict=True))
    return {"oracle": best, "oracle_alpha": alpha}


def _best_epoch(record: Record) -> dict[str, float | None]:
    known = [
        (one["micro_auc"], one["epoch"]) for one in record.content.get("epochs", ()) if one.get("micro_auc") is not None
    ]
    best, epoch = max(known) if len(known) > 1 else (None, None)
    return {"epoch_oracle": best, "oracle_epoch": epoch}


def _auc(table: pd.DataFrame) -> float | None:
    area = float(roc_area(table["anomaly"].to_numpy(), table["label"].to_numpy() > 0))
    return None if math.isnan(area) else area


def _regularity(record: Record) -> float | None:
    """Micro AUC of the published score as (e - min e) / max e of its video (Hasan et al. 2016), where it is one error."""
    table, term = record.frames(), f"{record.variant}.{record.score}"
    if term not in table:  # fused of several terms, or computed from one, as PSNR is
        return None
    by_video = table.groupby("video")[term]
    highest = by_video.transform("max")
    return _auc(table.assign(anomaly=(table[term] - by_video.transform("min")) / highest.where(highest > 0, 1.0)))


def _rows(records: Sequence[Record]) -> list[tuple[Row, Conventions]]:
    """A row per setting with the mean of every convention over its seeds."""
    by_group: dict[Group, list[Record]] = {}
    for record in records:
        by_group.setdefault(group_of(record.settings), []).append(record)
    found = []
    for group in sorted(by_group, key=str):
        inside = by_group[group]
        common = _common(inside)
        settings = dict.fromkeys(record.settings for record in inside)
        for one in settings:
            own = tuple(record for record in inside if record.settings == one)
            # nothing is drawn, so every seed holds the same scores
            each = [conventions(record, common) for record in (own[:1] if one.method in SEEDLESS else own)]
            found.append((Row(one, own), {name: _mean(values[name] for values in each) for name in NAMES}))
    return found


def _common(records: Iterable[Record]) -> pd.DataFrame | None:
    """Frames that all of them score: one record per method and task, which decide what is left out."""
    kinds = {(record.settings.method, record.settings.task): record for record in records}
    tables = [record.frames() for record in kinds.values()]
    return common_frames(tables) if len(tables) > 1 else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


# Heading -> name of the convention, and how its value is written.
_COLUMNS: Final[Mapping[str, tuple[str, Callable[[float], str]]]] = {
    "Micro": ("micro", _percent),
    "Raw": ("raw_micro", _percent),
    "Train": ("train_micro", _percent),
    "Macro": ("macro", _percent),
    "Macro padded": ("padded", _percent),
    "Common": ("common_micro", _percent),
    "Common raw": ("common_raw_micro", _percent),
    "(e−min)/max": ("regularity_micro", _percent),
    "FPR@95TPR": ("fpr", _percent),
    "Alarms/h": ("alarms", "{:,.0f}".format),
    "FPR train": ("train_fpr", _percent),
    "Alarms/h train": ("train_alarms", "{:,.0f}".format),
    "Event precision": ("event_precision", _percent),
    "Event recall": ("event_recall", _percent),
    "Delay (s)": ("delay", "{:.1f}".format),
    "Oracle α: AUC": ("oracle", _percent),
    "Oracle α": ("oracle_alpha", "{:.2f}".format),
    "Oracle epoch: AUC": ("epoch_oracle", _percent),
    "Oracle epoch": ("oracle_epoch", "{:.1f}".format),
}


def _conventions_table(dataset: str, rows: Sequence[tuple[Row, Conventions]]) -> Table:
    rate = FRAME_RATES.get(dataset)
    shown = f"{rate:g}" if rate else f"an assumed {ASSUMED_RATE:g}"
    notes = (
        note("evaluation_table.averages"),
        note("evaluation_table.macro"),
        note("evaluation_table.alarms", rate=shown),
        note("evaluation_table.events"),
        note("evaluation_table.oracle"),
    )
    cells = tuple(
        (
            *_names(row),
            str(len(row.records)),
            *("" if (value := means[name]) is None else write(value) for name, write in _COLUMNS.values()),
        )
        for row, means in rows
    )
    numeric = ("Seeds", *_COLUMNS)
    table = Table("One score, every convention", ("Runs", "Setting", *numeric), cells, frozenset(numeric), notes)
    return table.without_empty_columns() if cells else table


def _parts_table(rows: Sequence[tuple[Row, Conventions]]) -> Table:
    """What of the published figure is the method, what normalisation, what fusion, what choice on the test set."""
    cells = []
    for row, means in rows:
        published = row.published()
        raw, error, whole, oracle = (means[name] for name in ("error_raw_micro", "error_micro", "micro", "oracle"))
        cells.append(
            (
                *_names(row),
                _percent(raw),
                _gain(error, raw),
                _gain(whole, error),
                _percent(whole),
                _gain(oracle, whole),
                f"{published.auc:.1f} {published.status}" if published else "",
            )
        )
    columns = ("Runs", "Setting", "Error, raw", "+ per video", "+ score", "= micro", "+ oracle α", "Published")
    notes = (
        note("evaluation_table.parts"),
        *label_notes([row for row, means in rows if means["error_raw_micro"] is not None]),
    )
    kept = tuple(row for row in cells if row[2])
    table = Table("What the published figure is made of (AUC, %)", columns, kept, frozenset(columns[2:]), notes)
    return table.without_empty_columns() if kept else table


def _names(row: Row) -> tuple[str, str]:
    return settings_label(row.settings), row.label


def _gain(value: float | None, base: float | None) -> str:
    return "" if value is None or base is None else signed(100 * (value - base))
