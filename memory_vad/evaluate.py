"""How good scores are: AUC, false alarms an hour and events on labelled videos; the study's own figures on its sets."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.errors import StudyError
from benchmarks.measure.events import VIDEOS_APART, event_quality, spans
from benchmarks.measure.metrics import frame_metrics
from benchmarks.measure.pixel_metrics import MappedVideo, pixel_metrics
from benchmarks.measure.regions import find_regions
from benchmarks.measure.score_levels import to_levels
from benchmarks.measure.score_maps import SIZE
from benchmarks.run import record as records
from benchmarks.run.cell_data import Places, open_data
from benchmarks.run.evaluation import evaluate as pass_over
from benchmarks.run.feed import Feed
from benchmarks.run.methods import build
from benchmarks.writing import replace_text
from memory_vad.calibration import Calibration
from memory_vad.decode import Picture, pictures
from memory_vad.footage import Source, find_sources
from memory_vad.labels import find_labels, holds_masks, read_labels, read_masks
from memory_vad.model import Model
from memory_vad.scoring import Result, score_video


def evaluate_footage(model: Model, footage: Sequence[Path], *, per_hour: float = 1.0) -> dict[str, Any]:
    """Score labelled videos and return frame metrics, false alarms an hour of normal footage, and event quality.

    Labels lie next to each video under its name (`memory_vad.labels.find_labels`); where they are masks, pixel metrics of the
    error maps are returned as well. Raises StudyError where a video has none.
    """
    sources = find_sources(footage)
    labelled = [(source, find_labels(source)) for source in sources]
    bare = [source.name for source, labels in labelled if labels is None]
    if bare:
        raise StudyError(
            f"Expected a label file next to each video, but {', '.join(bare[:3])} have none: without labels there is no AUC. "
            "Call memory-vad score for scores and intervals."
        )
    results: list[Result] = []
    abnormal: list[Any] = []
    mapped: list[MappedVideo] = []
    for source, labels in labelled:
        assert labels is not None, "refused above"
        own_times, maps = _own_times(source, model.fps), _Maps()
        side = min(SIZE, model.settings.size) if holds_masks(labels) else None
        result = score_video(model, source.path, per_hour=per_hour, map_side=side, drawn=None if side is None else maps)
        results.append(result)
        abnormal.append(read_labels(labels, result.times, own_times))
        if side is not None and maps.kept:
            masks = read_masks(labels, result.times, own_times, side)
            mapped.append(MappedVideo(to_levels(np.stack(maps.kept)), find_regions(masks, result.frames)))
    pixels = {"pixel": asdict(pixel_metrics(mapped))} if mapped else {}
    return _measured(results, abnormal, model.fps, _apart(model)) | pixels


class _Maps:
    """Keeps the error maps of scored pictures."""

    def __init__(self) -> None:
        self.kept: list[NDArray[np.float32]] = []

    def __call__(self, picture: Picture, error: NDArray[np.float32] | None, score: float) -> None:
        """Take what `score_video` draws."""
        del picture, score
        if error is not None:
            self.kept.append(error)


def _measured(results: Sequence[Result], abnormal: Sequence[Any], fps: float, apart: float) -> dict[str, Any]:
    events: list[tuple[float, float]] = []
    intervals: list[tuple[float, float]] = []
    alarms = []
    false_events, normal_frames = 0, 0
    for number, (result, labels) in enumerate(zip(results, abnormal, strict=True)):
        shift = number * VIDEOS_APART
        here = spans(result.times[labels], 1.5 / fps)
        events += [(event.start + shift, event.end + shift) for event in result.events]
        intervals += [(start + shift, end + shift) for start, end in here]
        alarms.append(result.times[result.alarm] + shift)
        # An event that a true one set off, or that rings on after it, is not a false one.
        false_events += sum(all(e.start > end + apart or e.end < start for start, end in here) for e in result.events)
        normal_frames += int((~labels).sum())
    scores = np.concatenate([result.scores for result in results])
    labels = np.concatenate(list(abnormal)).astype(np.uint8)
    videos = np.concatenate([[f"{number}"] * len(result.times) for number, result in enumerate(results)])
    hours = normal_frames / fps / 3600
    return {
        "videos": len(results),
        "frames": len(scores),
        "frame": asdict(frame_metrics(scores, labels, videos)),
        "event": asdict(event_quality(events, intervals, np.concatenate(alarms))),
        "false_alarms_per_hour": false_events / hours if hours else None,
        "normal_hours": hours,
    }


def evaluate_on_set(model: Model, data_root: Path | None, work: Path, dataset: str | None = None) -> dict[str, Any]:
    """Score the test set of the study that the weights were trained on, as a run of the study does.

    dataset: another set, as for imported weights, which name none. Returns the record's headline and metrics of the published
    score, under each normalisation. Raises StudyError for weights of own footage without `dataset`, or where the set's data
    are not at `data_root`.
    """
    settings = model.settings if dataset is None else dataclasses.replace(model.settings, dataset=dataset)
    if settings.dataset == "camera":
        raise StudyError(
            "Expected weights of a set of the study for --data-root, but these name none; add --dataset (ped2), or name videos."
        )
    device = torch.device("cpu")
    data = open_data(settings, Places(data_root, work, work))
    method = build(settings, int(model.facts.get("seed", 0)), device)
    method.load(model.method.state())
    variants = [name for name in ("update", "no_update", "plain") if name in method.variants()]
    calibration = None
    if data.held_out:
        held_out = pass_over(method, Feed(data.clips("held out", method.clip_length), device), variants)
        calibration = records.terms_table(held_out, data.dataset.train)
    scored = pass_over(method, Feed(data.clips("test", method.clip_length), device), variants)
    table = records.terms_table(scored, data.dataset.test)
    measured = records.measure(table, calibration, method.rule)
    by_variant = {
        variant: {how: values.get("micro_auc") for how, values in scores[method.rule.name].items()}
        for variant, scores in measured["metrics"].items()
        if method.rule.name in scores
    }
    imported = {"imported": True} if model.facts.get("imported") else {}
    return {"dataset": settings.dataset, **imported, "headline": measured["headline"], "micro_auc": by_variant}


def write_evaluation(path: Path, content: dict[str, Any]) -> None:
    """Write what `evaluate_footage` or `evaluate_on_set` returned as JSON."""
    replace_text(path, json.dumps(content, indent=1) + "\n")


def _own_times(source: Source, fps: float) -> Any:
    """Times of all of a video's own pictures, whatever the model's rate."""
    return np.asarray([picture.time for picture in pictures(source.path, folder_fps=fps)])


def _apart(model: Model) -> float:
    calibration: Calibration | None = model.calibration
    return 0.0 if calibration is None else calibration.block
