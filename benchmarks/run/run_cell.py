"""What a run does, from its frames to its record: train, evaluate, inspect, measure."""

import dataclasses
import datetime as dt
import itertools
import logging
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from benchmarks.data.store_key import made_by
from benchmarks.errors import StudyError
from benchmarks.run import record as records
from benchmarks.run.accelerator import Mode, refuse_unfit, set_mode, sped_up
from benchmarks.run.cell_data import CellData, Places, open_data
from benchmarks.run.checkpoint import load_checkpoint, read_facts, save_checkpoint
from benchmarks.run.contract import Method
from benchmarks.run.evaluation import Pass, evaluate
from benchmarks.run.feed import Feed
from benchmarks.run.fingerprint import fingerprint
from benchmarks.run.hardware import Phase, hardware, release_free_memory, versions
from benchmarks.run.inspect.pixels import map_size
from benchmarks.run.inspect.response import response_notes
from benchmarks.run.inspect.sections import inspect_cell
from benchmarks.run.methods import build
from benchmarks.run.progress import Progress
from benchmarks.run.record_file import SCHEMA
from benchmarks.run.training import train_epoch
from benchmarks.run.video_labels import label_digests, label_notes
from benchmarks.study.settings import Cell, Settings
from benchmarks.study.validation import refuse_invalid

_log = logging.getLogger("benchmarks.run.cell")
_ROOT = Path(__file__).resolve().parents[2]
# Held-out frames calibrate the `train` normalisation for these variants; the others have no use for it.
_CALIBRATED = ("update", "no_update", "plain", "clean_input")

# Batches after which scoring gives freed memory back.
_RELEASE_EVERY = 16


def run_cell(
    cell: Cell, places: Places, device: torch.device, mode: Mode = "record", *, evaluate_every: int = 0
) -> Path:
    """Run a cell from where it stands and return the path of its record. Raises StudyError as its parts do.

    Nobody else may work on the cell meanwhile (`benchmarks.run.cell_lock`).
    evaluate_every: put the published micro AUC of every so many epochs into the record; nothing is chosen by it.
    """
    refuse_invalid(cell.settings)
    refuse_unfit(cell.settings, device)
    settings = cell.settings
    set_mode(mode)
    path = records.record_path(places.results, cell)
    make_folder(path.parent, "records")
    folder = places.work / cell.slug
    progress = Progress(folder / "progress.json")
    code = fingerprint(settings, mode)
    identity = {"settings_hash": settings.hash, "seed": cell.seed, "fingerprint": code.digest}
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "name": settings.name,
        "settings": settings.to_dict(),
        "settings_hash": settings.hash,
        "seed": cell.seed,
        **records.commit_facts(_ROOT),
        "fingerprint": dataclasses.asdict(code),
        "mode": mode,
        "started": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "hardware": hardware(device),
    }
    phases: dict[str, Any] = {}
    progress.phase("frames")
    with Phase(device) as phase:
        data = open_data(settings, places, progress)
    phases["frames"] = phase.facts
    identity["train_checksum"] = data.train.checksum
    if evaluate_every:
        identity["labels"] = label_digests(data.dataset.test)
    method = build(settings, cell.seed, device)
    slower = sped_up(method, device) if mode == "fast" else []
    with Phase(device) as phase:
        if settings.negative_weight is not None:
            identity["known_anomalies"] = method.facts()["known_anomalies_checksum"]
        between = _BetweenEpochs(method, data, device, evaluate_every, settings.epochs)
        epochs = _train(method, data, cell, device, folder / "checkpoint.safetensors", progress, identity, between)
    seconds = sum(epoch["seconds"] for epoch in epochs)
    frames = sum(epoch["frames"] for epoch in epochs)
    # Without epochs it is the time of the fit.
    of_epochs = {"seconds": round(seconds, 2), **_rate(frames, seconds)} if epochs else {}
    phases["train"] = {**phase.facts, **of_epochs}
    progress.phase("evaluate")
    with Phase(device) as phase:
        scored, held_out = _score(method, data, device, progress)
    phases["evaluate"] = {**phase.facts, **_rate(len(scored.frame) * len(scored.terms), phase.facts["seconds"])}
    progress.phase("look")
    with Phase(device) as phase:
        sections = inspect_cell(method, data, device, folder, scored)
    phases["look"] = phase.facts
    table = records.terms_table(scored, data.dataset.test)
    calibration = records.terms_table(held_out, data.dataset.train) if held_out is not None else None
    measured = records.measure(table, calibration, method.rule)
    measured["notes"] = [*slower, *label_notes(data.dataset.test), *response_notes(sections), *measured["notes"]]
    if evaluate_every and epochs:
        epochs[-1] |= {"micro_auc": measured["headline"]["micro_auc"]}
    record |= {
        "data": _data_facts(data, method, settings, table),
        "parameters": method.parameter_count(),
        "method": dict(method.facts()),
        "phases": phases,
        "epochs": records.without_long_usage(epochs),
        "usage": records.usage_facts(scored, table),
        "calibration": records.calibration_facts(calibration),
        **measured,
        **sections,
    }
    records.write_record(path, record, table)
    progress.phase("done", record=str(path))
    return path


@dataclasses.dataclass(frozen=True)
class _BetweenEpochs:
    """Evaluation of the test frames between epochs; the last epoch's is the record's own evaluation."""

    method: Method
    data: CellData
    device: torch.device
    every: int
    epochs: int

    def due(self, epoch: int) -> bool:
        """Whether an epoch, counted from 1, is followed by an evaluation."""
        return self.every > 0 and epoch < self.epochs and epoch % self.every == 0

    def micro_auc(self) -> float | None:
        """Score the test frames under the published variant alone. Training goes on as if nothing had been scored."""
        clips = self.data.clips("test", self.method.clip_length)
        scored = evaluate(self.method, Feed(clips, self.device), [self.method.rule.variant])
        return records.published_micro_auc(records.terms_table(scored, self.data.dataset.test), self.method.rule)


def _train(
    method: Method,
    data: CellData,
    cell: Cell,
    device: torch.device,
    checkpoint: Path,
    progress: Progress,
    identity: dict[str, Any],
    between: _BetweenEpochs,
) -> list[dict[str, Any]]:
    """Train to the last epoch, going on from a checkpoint of the same cell, code and data if there is one."""
    settings = cell.settings
    clips = data.training_clips(settings, method.clip_length)
    epochs: list[dict[str, Any]] = []
    if checkpoint.exists():
        facts = read_facts(checkpoint)
        unseen = [one["epoch"] for one in facts["epochs"] if between.due(one["epoch"]) and "micro_auc" not in one]
        if facts["identity"] == identity and not unseen:
            load_checkpoint(checkpoint, method)
            epochs = facts["epochs"]
            _log.info("going on after epoch %d", len(epochs))
        elif unseen:
            _log.info("starting again: epoch %d was to be evaluated, but the checkpoint is past it", unseen[0])
        else:
            _log.info("starting again: the checkpoint was made by other settings, code or data")
    if not epochs:
        method.prepare(clips)
    # Not before: what a method was fitted to can decide what it minimises.
    objectives = method.objectives()
    if epochs:
        load_checkpoint(checkpoint, method, objectives)
    progress.phase("train", epochs=settings.epochs, epochs_done=epochs, resumed_epochs=len(epochs))
    if not objectives:
        return epochs
    feed = Feed(clips, device)
    for epoch in range(len(epochs) + 1, settings.epochs + 1):
        epochs.append(train_epoch(method, objectives, feed, settings, cell.seed, epoch, progress.train_step))
        if between.due(epoch):
            epochs[-1]["micro_auc"] = between.micro_auc()
        save_checkpoint(checkpoint, method, objectives, {"identity": identity, "epochs": epochs})
        progress.epoch_done(settings.epochs, epochs)
        _log.info("epoch %d of %d: %s", epoch, settings.epochs, epochs[-1]["losses"])
    return epochs


def _score(method: Method, data: CellData, device: torch.device, progress: Progress) -> tuple[Pass, Pass | None]:
    """Score the held-out training frames, then the test frames; each pass starts with the trained items."""
    batches = itertools.count(1)

    def report(done: int, clips: int) -> None:
        progress.step(done, clips)
        if next(batches) % _RELEASE_EVERY == 0:
            release_free_memory()

    held_out = None
    if data.held_out:
        calibrated = [name for name in method.variants() if name in _CALIBRATED]
        held_out = evaluate(method, Feed(data.clips("held out", method.clip_length), device), calibrated, report=report)
    clips = data.clips("test", method.clip_length)
    side = map_size(data.test.frames.shape[1], data.dataset.test)
    return evaluate(method, Feed(clips, device), method.variants(), report=report, map_size=side), held_out


def _rate(frames: int, seconds: float) -> dict[str, float]:
    """Frames a second, where any time was measured: a tiny cell can take none."""
    return {"frames_per_second": round(frames / seconds, 2)} if seconds else {}


def _data_facts(data: CellData, method: Method, settings: Settings, table: pd.DataFrame) -> dict[str, Any]:
    return {
        "layout": data.dataset.layout,
        "labels_from": data.dataset.labels_from,
        "labels": label_digests(data.dataset.test),
        **made_by((*data.dataset.train, *data.dataset.test)),
        "train_checksum": data.train.checksum,
        "test_checksum": data.test.checksum,
        "train_videos": len(data.trained),
        "calibration_videos": len(data.held_out),
        "test_videos": len(data.test.lengths),
        "train_clips": len(data.training_clips(settings, method.clip_length)),
        "test_frames": sum(data.test.lengths),
        "scored_frames": len(table),
    }


def make_folder(folder: Path, purpose: str) -> None:
    """Make a folder where there is none; raises StudyError, saying what it is for, if that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(f"Expected a folder for {purpose} in {folder}, but {error}; choose another place.") from error
