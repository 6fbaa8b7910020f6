"""The first steps of a cell against the clock, at its own geometry: what a plan rests on before the first record.

The cell is built, trained and scored by the code that a run uses, on the same frames; what it learns is thrown away.
"""

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any, cast

import torch

from benchmarks.errors import StudyError
from benchmarks.run.accelerator import Mode, refuse_unfit, set_mode, sped_up
from benchmarks.run.cell_data import CellData, Places, open_data
from benchmarks.run.contract import Batch, Method
from benchmarks.run.feed import Feed
from benchmarks.run.hardware import Phase, hardware
from benchmarks.run.inspect.pixels import map_size
from benchmarks.run.methods import build
from benchmarks.run.progress import Progress
from benchmarks.run.training import train_epoch
from benchmarks.study.settings import Cell, Settings
from benchmarks.study.validation import refuse_invalid
from benchmarks.writing import replace_text

NAME = "timing.json"
# Steps that are not timed: kernels are loaded, chosen and compiled in them.
_WARM_UP = 10
_SCORED_BATCHES = 10
_WARM_SCORED = 2


class _FirstSteps:
    """A feed that ends after so many steps."""

    def __init__(self, feed: Feed, steps: int) -> None:
        self.clips = feed.clips
        self.device = feed.device
        self._feed, self._steps = feed, steps

    def shuffled(self, seed: int, epoch: int, size: int) -> Iterator[Batch]:
        """Yield the first batches of an epoch."""
        return itertools.islice(self._feed.shuffled(seed, epoch, size), self._steps)


def time_cell(cell: Cell, places: Places, device: torch.device, mode: Mode, steps: int) -> dict[str, Any]:
    """Time so many training steps and some scoring, and write ``timing.json`` into the cell's work folder.

    It has what a plan reads from a record (settings, hardware, mode, seconds of both phases for the whole cell), and
    timed_steps, seconds_per_step, seconds_per_scored_clip. Raises StudyError as a run does.
    """
    settings = cell.settings
    refuse_invalid(settings)
    refuse_unfit(settings, device)
    set_mode(mode)
    folder = places.work / cell.slug
    progress = Progress(folder / "progress.json")
    data = open_data(settings, places, progress)
    method = build(settings, cell.seed, device)
    notes = sped_up(method, device) if mode == "fast" else []
    progress.phase("train")
    with Phase(device) as phase:
        feed = Feed(data.training_clips(settings, method.clip_length), device)
        method.prepare(feed.clips)
        timed, per_step = _time_training(method, feed, settings, cell.seed, steps)
        del feed
        progress.phase("evaluate")
        per_clip = _time_scoring(method, data, device)
    clips = len(data.training_clips(settings, method.clip_length))
    facts = {
        "settings": settings.to_dict(),
        "mode": mode,
        "hardware": hardware(device),
        "notes": notes,
        "timed_steps": timed,
        "seconds_per_step": float(f"{per_step:.4g}"),
        "seconds_per_scored_clip": float(f"{per_clip:.4g}"),
        "train_clips": clips,
        "memory": phase.facts,
        "phases": {
            "train": {"seconds": round(settings.epochs * (clips // settings.batch) * per_step, 2)},
            "evaluate": {"seconds": round(sum(data.test.lengths) * per_clip, 2)},
        },
    }
    replace_text(folder / NAME, json.dumps(facts, indent=1) + "\n")
    progress.phase("timed")
    return facts


def _time_training(method: Method, feed: Feed, settings: Settings, seed: int, steps: int) -> tuple[int, float]:
    """Return how many steps were timed, and the seconds of one."""
    objectives = method.objectives()
    if not objectives:
        raise StudyError(f"Expected a cell that trains, but {settings.name} has no step to time; leave it out.")
    # Fewer where an epoch is shorter; a few of them warm up.
    steps = min(steps, len(feed.clips) // settings.batch)
    warm_up = min(_WARM_UP, steps // 2)
    seconds = 0.0
    for epoch, count in enumerate((warm_up, steps - warm_up), start=1):
        begun = time.perf_counter()
        if count or not steps:  # an epoch without a batch is refused by the loop itself
            first = cast("Feed", _FirstSteps(feed, count))
            train_epoch(method, objectives, first, settings, seed, epoch, lambda *_: None)  # waits for the device
        seconds = time.perf_counter() - begun
    return steps - warm_up, seconds / max(1, steps - warm_up)


def _time_scoring(method: Method, data: CellData, device: torch.device) -> float:
    """Return the seconds of a clip under all variants."""
    feed = Feed(data.clips("test", method.clip_length), device)
    side = map_size(data.test.frames.shape[1], data.dataset.test)
    method.begin_evaluation(method.variants())
    video, batches = next(feed.by_video(method.evaluation_batch))
    method.begin_video(video)
    begun, clips = time.perf_counter(), 0
    for number, batch in enumerate(itertools.islice(batches, _SCORED_BATCHES)):
        if number == _WARM_SCORED:
            _wait(device)
            begun, clips = time.perf_counter(), 0
        method.score(batch, side)
        clips += len(batch.index)
    _wait(device)
    return (time.perf_counter() - begun) / clips


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
