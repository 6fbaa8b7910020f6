"""A record measured again from its terms, without training: on corrected labels, or by a new metric.

What rests on terms that the table does not hold (variants that are kept as metrics alone, areas after each epoch) stays
as it was while the labels do; after a change of labels it is left out, since no record may mix two labellings.

A record whose numbers were damaged is mended where the terms give back what was written. Its digest shows that: it covers
all that no term can give, so damage anywhere else is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.data.video import Dataset
from benchmarks.errors import StudyError
from benchmarks.measure.normalise import Moments
from benchmarks.measure.terms import ORIENTATION, read_terms
from benchmarks.reading import expected, read_json
from benchmarks.run import record as records
from benchmarks.run.available_data import AvailableData
from benchmarks.run.contract import ScoreRule
from benchmarks.run.labelling import read_labelling
from benchmarks.run.record_file import REMEDY, parse_record, read_content
from benchmarks.run.video_labels import UNLABELLED, label_digests, label_notes, relabelled_table
from benchmarks.study.settings import Settings
from benchmarks.writing import replace_text

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Measured:
    """What measuring again did to a record.

    changed: whether its file was written. labels: the videos whose labels it took from the data. kept: variants whose
    metrics could not be measured again and stay; left_out: variants whose metrics went with the old labels.
    frames: how the frames here differ from the record's, which then was left alone; or "".
    """

    changed: bool
    labels: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    frames: str = ""


def measure_again(path: Path, data: AvailableData | None = None) -> Measured:
    """Measure a record by today's metrics, and on the labels of the data here where there is some.

    The record keeps its bytes where nothing changes. Raises StudyError where it or its table cannot be read or written, or
    where it is damaged in more than the numbers that its table gives.
    """
    content, mended = _read(path)
    table_path = path.with_suffix(".csv.gz")
    labels: tuple[str, ...] = ()
    dataset: Dataset | None = None
    labelling = read_labelling(table_path, content["data"])
    if data is not None:
        settings = Settings.from_dict(content["settings"])
        difference = data.difference(settings, content, labelling)
        if difference.frames:
            return Measured(changed=False, frames=difference.frames)
        labels = difference.labels
        dataset = data.truth(settings.dataset) if labels else None
    if mended:
        replace_text(path, mended)
    table = read_terms(table_path)
    if dataset is not None:
        table = relabelled_table(table, dataset.test)
    measured, others = _measured(content, table, relabelled=dataset is not None)
    if dataset is not None:
        general = [note for note in measured["notes"] if not note.endswith(UNLABELLED)]
        measured = _without_old_areas(measured) | {
            "notes": [*label_notes(dataset.test), *general],
            "data": measured["data"] | {"labels_from": dataset.labels_from, "labels": label_digests(dataset.test)},
        }
    elif measured == content:
        return Measured(changed=bool(mended), kept=others)
    measured["measured_at"] = records.commit_facts(_ROOT)
    if dataset is None:
        records.add_sections(path, measured)
        return Measured(changed=True, kept=others)
    records.write_record(path, measured, table)
    return Measured(changed=True, labels=labels, left_out=others)


def measured_again(content: Mapping[str, Any], table: pd.DataFrame) -> dict[str, Any]:
    """Return what a record would hold if it were measured again from its table, on the labels there."""
    return _measured(content, table, relabelled=False)[0]


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """Return what a record holds, and its text as it was written where the file is damaged; else an empty text."""
    text = ""
    try:
        content = read_content(path)
    except StudyError as damage:
        try:
            content, text = _as_written(path)
        except StudyError:
            raise damage from None
    with expected("a record that says how it was scored", path, REMEDY):
        _ = content["data"], content["notes"], _weights(content)
    return content, text


def _as_written(path: Path) -> tuple[dict[str, Any], str]:
    """Return a damaged record with the numbers that its table gives, and its text. Raises StudyError if its digest differs."""
    with expected("a record whose numbers alone are damaged", path, REMEDY):
        damaged = read_json(path)
        text = records.readable(measured_again(damaged, read_terms(path.with_suffix(".csv.gz"))))
        return parse_record(text.encode(), path), text


def _measured(
    content: Mapping[str, Any], table: pd.DataFrame, *, relabelled: bool
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a record's content, all measured again that its table holds, and the variants that it does not hold."""
    found = records.measure(table, _calibration(content), _rule(content))
    variants = list(content["metrics"])
    others = tuple(variant for variant in variants if variant not in found["metrics"])
    stay = () if relabelled else others
    result = dict(content)
    # A record that did not state its weights goes on without them.
    result["headline"] = {
        name: value for name, value in found["headline"].items() if name != "weights" or name in content["headline"]
    }
    for section in ("metrics", "kinds"):
        before, now = content.get(section, {}), found.get(section, {})
        parts = {name: now.get(name, before.get(name) if name in stay else None) for name in variants}
        known = {name: part for name, part in parts.items() if part is not None}
        if section in content or known:
            result[section] = known
    by_variant = {name: [note for note in content["notes"] if note.startswith(f"{name}: ")] for name in variants}
    general = [note for note in content["notes"] if not note.startswith(tuple(f"{name}: " for name in variants))]
    for name in variants:
        if name not in stay:
            by_variant[name] = [note for note in found["notes"] if note.startswith(f"{name}: ")]
    result["notes"] = [*general, *(note for notes in by_variant.values() for note in notes)]
    return result, others


def _without_old_areas(content: Mapping[str, Any]) -> dict[str, Any]:
    """Take out of a relabelled record each area under the curve that only the trained network could give again."""
    result = dict(content)
    last = len(content["epochs"]) - 1
    result["epochs"] = [
        {
            name: content["headline"]["micro_auc"] if name == "micro_auc" else value
            for name, value in epoch.items()
            if name != "micro_auc" or place == last
        }
        for place, epoch in enumerate(content["epochs"])
    ]
    for section, names in (("changes", ("micro_auc", "unchanged_micro_auc")), ("batch_norm", ("micro_auc",))):
        if section in content:
            result[section] = {
                variant: facts | {name: None for name in names if name in facts}
                for variant, facts in content[section].items()
            }
    return result


def _rule(content: Mapping[str, Any]) -> ScoreRule:
    """The published score, and each further one that the record has, which are single terms."""
    former = content["headline"]
    others = {
        name: {name: 1.0}
        for name in content["metrics"][former["variant"]]
        if name != former["score"] and name in ORIENTATION
    }
    return ScoreRule(former["score"], _weights(content), former["variant"], others)


def _weights(content: Mapping[str, Any]) -> dict[str, float]:
    """Weights of the published score. Records that do not state them are of single terms, or of MNAD's sum."""
    former, alpha = content["headline"], content["settings"].get("alpha")
    if "weights" in former:
        return dict(former["weights"])
    return {"psnr": alpha, "feature_distance": 1.0 - alpha} if former["score"] == "fused" else {former["score"]: 1.0}


def _calibration(content: Mapping[str, Any]) -> dict[str, dict[str, Moments]] | None:
    facts = content.get("calibration") or {}
    moments = {
        variant: {term: Moments(mean, std) for term, (mean, std) in terms.items()} for variant, terms in facts.items()
    }
    return moments or None
