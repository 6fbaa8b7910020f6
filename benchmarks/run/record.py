"""The record of a cell: what it was, what it ran on, and every number it gave. The truth of the study."""

import hashlib
import json
import math
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.data.video import Video
from benchmarks.errors import StudyError
from benchmarks.measure.evaluation import headline, measure_variant
from benchmarks.measure.fusion import Calibration, Score, fuse
from benchmarks.measure.metrics import frame_metrics
from benchmarks.measure.normalise import Moments
from benchmarks.measure.terms import ORIENTATION, psnr_from_mse, round_terms, write_terms
from benchmarks.measure.usage import memory_usage
from benchmarks.reading import DIGEST, json_digest
from benchmarks.run.contract import ScoreRule
from benchmarks.run.evaluation import Pass
from benchmarks.run.record_file import read_content
from benchmarks.run.scoring import THINNING
from benchmarks.run.video_labels import at
from benchmarks.study.settings import Cell
from benchmarks.writing import replace_text, replaced_whole

# Columns of these variants are kept frame by frame; of the others the metrics are enough, and small.
_KEPT = ("update", "no_update", "plain", "clean_input")
_NOT_KEPT_TERMS = ("point_score", "output_mse")
_LARGE_MEMORY = 100
# Variants that are scored on every fourth frame only.
_THINNED = ("read_", "bottleneck_")
# What a cell runs: the code and settings of all packages, wherever they lie.
_SOURCES = ("*.py", "*.toml", ":(exclude)tests")


def record_path(results: Path, cell: Cell) -> Path:
    """Return where a cell's record lies; the table of terms has the same name with ``.csv.gz``."""
    return results / "runs" / f"{cell.place}.json"


def terms_table(scored: Pass, videos: Sequence[Video]) -> pd.DataFrame:
    """Return one row per scored frame: video, frame, label, kind where known, then ``<variant>.<term>``, rounded.

    The label of a frame that has none is 0; of a test set `label_notes` says so.
    """
    columns: dict[str, Any] = {
        "video": [videos[index].name for index in scored.video],
        "frame": scored.frame,
        "label": [at(videos[video].labels, frame) for video, frame in zip(scored.video, scored.frame, strict=True)],
    }
    if all(video.kinds is not None for video in videos):
        columns["kind"] = [
            at(videos[video].kinds, frame) for video, frame in zip(scored.video, scored.frame, strict=True)
        ]
    for variant, terms in scored.terms.items():
        for term, values in terms.items():
            whole = values.astype(np.int64) if term == "updated" else values
            columns[f"{variant}.{term}"] = whole
    return round_terms(pd.DataFrame(columns))


def measure(
    table: pd.DataFrame, calibration: pd.DataFrame | Mapping[str, Mapping[str, Moments]] | None, rule: ScoreRule
) -> dict[str, Any]:
    """Return the record's metrics, kinds, headline, changes of output and notes from the tables of terms.

    calibration: terms of held-out frames, or the moments of each by variant. Raises StudyError for a term that is NaN in a frame that its variant scores.
    """
    published = Score(rule.name, rule.weights)
    others = [Score(name, weights) for name, weights in rule.others.items() if name != rule.name]
    metrics: dict[str, Any] = {}
    kinds: dict[str, Any] = {}
    changes: dict[str, Any] = {}
    notes: list[str] = []
    for variant in _variants_in(table):
        frames = _of_variant_or_fail(table, variant)
        held_out = _held_out(calibration, variant)
        usable = [score for score in (published, *others) if set(score.weights) <= set(frames.columns)]
        if published not in usable:
            # A bypassed memory has no feature distance: its frames are scored by their error alone.
            usable = [Score("psnr", {"psnr": 1.0})] if "psnr" in frames.columns else others
        if variant not in _KEPT:
            usable = usable[:1]
        measured = measure_variant(frames, held_out, usable)
        metrics[variant] = measured.metrics
        if measured.kinds:
            kinds[variant] = measured.kinds
        if "output_mse" in frames:
            unchanged = _of_variant_or_fail(table, rule.variant).loc[frames.index]
            changes[variant] = _change(frames, unchanged, usable[0])
        missing_calibration = calibration is not None and held_out is None
        notes += [
            f"{variant}: {note}" for note in measured.notes if not (missing_calibration and "calibration" in note)
        ]
    main = headline(_of_variant_or_fail(table, rule.variant), published, "per_video")
    chosen = {"variant": rule.variant, **main, "weights": dict(rule.weights)}
    result: dict[str, Any] = {"metrics": metrics, "headline": chosen, "notes": notes}
    if kinds:
        result["kinds"] = kinds
    if changes:
        result["changes"] = changes
    return result


def _held_out(
    calibration: pd.DataFrame | Mapping[str, Mapping[str, Moments]] | None, variant: str
) -> Calibration | None:
    if isinstance(calibration, pd.DataFrame):
        return _of_variant(calibration, variant)
    return None if calibration is None else calibration.get(variant)


def published_micro_auc(table: pd.DataFrame, rule: ScoreRule) -> float | None:
    """Return the micro AUC that `measure` would put in the headline, alone; None where it is undefined."""
    frames = _of_variant_or_fail(table, rule.variant)
    values = fuse(frames, Score(rule.name, rule.weights), "per_video").values  # noqa: PD011 - not pandas
    area = frame_metrics(values, frames["label"], frames["video"]).micro_auc
    return None if area is None else round(area, 6)


def usage_facts(scored: Pass, table: pd.DataFrame) -> dict[str, Any]:
    """Return usage of items by variant, with MemAE's share of dead queries and largest weight where it has them."""
    facts: dict[str, Any] = {}
    for variant, counts in scored.usage.items():
        # Shrinkage can leave no live query at all (STUDY trap 10): then there is no distribution to describe.
        described = memory_usage(counts).to_dict() if counts.sum() else {"counts": counts.tolist(), "dead": len(counts)}
        facts[variant] = described
        for term in ("dead_queries", "largest_weight"):
            if f"{variant}.{term}" in table:
                facts[variant][term] = round(float(table[f"{variant}.{term}"].mean()), 6)
    return facts


def calibration_facts(calibration: pd.DataFrame | None) -> dict[str, dict[str, list[float]]]:
    """Return mean and standard deviation of each term on held-out training frames: variant -> term -> [mean, std].

    With the table of terms they give every metric again, under the normalisation ``train`` too.
    """
    facts: dict[str, dict[str, list[float]]] = {}
    if calibration is None:
        return facts
    for variant in _variants_in(calibration):
        frames = _of_variant_or_fail(calibration, variant)
        terms = [name for name in frames.columns if name in ORIENTATION]
        moments = {term: Moments.of(frames[term]) for term in terms}
        facts[variant] = {term: [moment.mean, moment.std] for term, moment in moments.items()}
    return facts


def without_long_usage(epochs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the epochs with the usage of a large memory described; its counts are kept for the last epoch alone."""
    kept: list[dict[str, Any]] = []
    for epoch in epochs:
        described = dict(epoch)
        counts = described.get("usage")
        if counts is not None and sum(counts):
            facts = memory_usage(counts).to_dict()
            described |= {"entropy": facts["entropy"], "perplexity": facts["perplexity"], "dead": facts["dead"]}
        if counts is not None and len(counts) > _LARGE_MEMORY and epoch is not epochs[-1]:
            del described["usage"]
        kept.append(described)
    return kept


def write_record(path: Path, record: Mapping[str, Any], table: pd.DataFrame) -> None:
    """Write the record and its table of terms, whose checksum goes into the record; whenever it is killed, a record is there only with its own table.

    Both are written whole under temporary names; then an old record goes, the table comes, the record comes last.
    Raises StudyError if the disk refuses: then an old record is there with its table, or none is.
    """
    kept = [name for name in map(str, table.columns) if _is_kept(name)]
    table_path = path.with_suffix(".csv.gz")
    with replaced_whole(path) as new_record, replaced_whole(table_path) as new_table:
        write_terms(table[kept], new_table)
        checksum = hashlib.sha256(new_table.read_bytes()).hexdigest()
        known = {**record, "data": {**record["data"], "terms_checksum": checksum}}
        new_record.write_text(readable(_with_digest(known)), encoding="utf-8")
        path.unlink(missing_ok=True)


def add_sections(path: Path, sections: Mapping[str, Any]) -> None:
    """Put sections into a record that is there, in place of those of the same name; all else keeps its bytes.

    Raises StudyError if the record cannot be read or written.
    """
    replace_text(path, readable(_with_digest(read_content(path) | dict(sections))))


def _with_digest(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with the digest of all else in it, last; as JSON holds it, so that it can be checked."""
    plain = json.loads(json.dumps({name: value for name, value in record.items() if name != DIGEST}))
    return {**plain, DIGEST: json_digest(plain)}


def commit_facts(root: Path) -> dict[str, Any]:
    """Return the commit and whether a source file differs from it; None outside a git checkout, or without git."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
        except OSError:  # no such program, or one that may not be started
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    status = git("status", "--porcelain", "--untracked-files=all", "--", *_SOURCES)
    return {"commit": git("rev-parse", "HEAD"), "dirty": bool(status) if status is not None else None}


def _change(frames: pd.DataFrame, unchanged: pd.DataFrame, score: Score) -> dict[str, Any]:
    """Compare a replaced variant with the published one on the same frames, by the same score."""
    psnr = psnr_from_mse(frames["output_mse"].to_numpy())
    auc = {
        name: frame_metrics(fuse(rows, score, "per_video").values, rows["label"], rows["video"]).micro_auc
        for name, rows in (("micro_auc", frames), ("unchanged_micro_auc", unchanged))
    }
    return {
        "frames": len(frames),
        "mean_psnr": round(float(psnr.mean()), 4),
        "lowest_psnr": round(float(psnr.min()), 4),
        "score": score.name,
        **{name: None if area is None else round(area, 6) for name, area in auc.items()},
    }


def _variants_in(table: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(str(name).split(".")[0] for name in table.columns if "." in str(name)))


def _of_variant(table: pd.DataFrame, variant: str) -> pd.DataFrame | None:
    prefix = f"{variant}."
    terms = {name: name.removeprefix(prefix) for name in map(str, table.columns) if name.startswith(prefix)}
    if not terms:
        return None
    keys = [name for name in ("video", "frame", "label", "kind") if name in table]
    frames = table[[*keys, *terms]].rename(columns=terms)
    if variant.startswith(_THINNED):
        frames = frames[frames["frame"] % THINNING == 0]
    _refuse_nan(frames, list(terms.values()), variant)
    if "mse" in frames:
        frames["psnr"] = psnr_from_mse(frames["mse"].to_numpy())
    return frames


def _refuse_nan(frames: pd.DataFrame, terms: Sequence[str], variant: str) -> None:
    """Raise StudyError where a frame lacks a term: left out, it would raise or lower every metric without a word."""
    lacking = np.argwhere(frames[list(terms)].isna().to_numpy())
    if len(lacking):
        row, term = lacking[0]
        where = f"frame {frames['frame'].iloc[row]} of video {frames['video'].iloc[row]}"
        raise StudyError(
            f"Expected a number for every scored frame, but {variant}.{terms[term]} is NaN in {where}; "
            "look at that frame and at the method's score."
        )


def _of_variant_or_fail(table: pd.DataFrame, variant: str) -> pd.DataFrame:
    frames = _of_variant(table, variant)
    assert frames is not None, f"the published variant {variant} was scored"
    return frames


def _is_kept(column: str) -> bool:
    variant, _, term = column.partition(".")
    return not term or (variant in _KEPT and term not in _NOT_KEPT_TERMS)


def readable(record: Mapping[str, Any]) -> str:
    """Indent the record, but keep lists of numbers on one line. Raises StudyError for a number that is not finite."""
    if (found := _not_finite(record)) is not None:
        raise StudyError(
            f"Expected finite numbers in a record, but {found} is not; nothing was written. Look at the cell's losses "
            "and items, and report it if they are finite."
        )
    text = json.dumps(record, indent=1, ensure_ascii=False)
    flat = re.sub(r"\[\n\s+([^\[\]{}]*?)\n\s+\]", lambda found: f"[{_joined(found[1])}]", text)
    return flat + "\n"


def _not_finite(value: object, place: str = "") -> str | None:
    """Where the first number is that JSON cannot hold, as ``batch_norm.plain.variance_ratio (inf)``; None without one."""
    if isinstance(value, float):
        return None if math.isfinite(value) else f"{place} ({value})"
    parts: Iterable[tuple[object, object]] = ()
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, (list, tuple)):
        parts = enumerate(value)
    found = (_not_finite(part, f"{place}.{name}" if place else str(name)) for name, part in parts)
    return next((one for one in found if one is not None), None)


def _joined(lines: str) -> str:
    return re.sub(r"\n\s+", " ", lines)
