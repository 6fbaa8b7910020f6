"""The work behind each cost curve: from a size to a call that does it once."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.data.clips import Clips
from benchmarks.errors import StudyError
from benchmarks.grid.places import Places
from benchmarks.grid.plan import make_plan
from benchmarks.measure.metrics import frame_metrics
from benchmarks.measure.statistics import bootstrap_over_videos
from benchmarks.perf.sparse_store import even_lengths, open_sparse_store
from benchmarks.report.tables.index import write_results_index
from benchmarks.report.tables.write import write_tables
from benchmarks.run.contract import Batch
from benchmarks.run.methods import build
from benchmarks.run.parts import MEMORIES, load_part
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell, Settings
from mnad.network import Encoder

Work = Callable[[], object]
_STORE_SIZE = 32
_VIDEO = 200  # frames
_LENGTH = 5
_BATCHES, _BATCH = 32, 4


def size_step(size: int) -> Work:
    """One MNAD training step on two clips of this height and width."""
    return _training_step(size, 2)


def batch_step(batch: int) -> Work:
    """One MNAD training step on so many clips of 64x64."""
    return _training_step(64, batch)


def _training_step(size: int, batch: int) -> Work:
    settings = resolve(
        dataset="ped2", method="mnad", task="prediction", profile="smoke", size=size, width=0.125, batch=batch
    )
    method = build(settings, 0, torch.device("cpu"))
    (objective,) = method.objectives()
    rng = np.random.default_rng(0)
    frames = torch.from_numpy(rng.integers(0, 256, (batch, method.clip_length, size, size, 1), dtype=np.uint8))
    positions = np.arange(batch)
    clips = Batch(frames, positions, positions, positions, 1)

    def step() -> None:
        objective.optimiser.zero_grad(set_to_none=True)
        method.losses(clips, objective.name).total.backward()
        objective.optimiser.step()

    return step


def length_step(length: int) -> Work:
    """Forward and backward of the 2D encoder with so many grey frames of 128x128 stacked as channels."""
    encoder = Encoder(length, 8).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    frames = torch.randn(2, length, 128, 128).contiguous(memory_format=torch.channels_last)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16):
            query, _ = encoder(frames)
        query.float().square().mean().backward()

    return step


def memory_step(memory: str, items: int) -> Work:
    """One training step of a memory alone: address, losses, read, gradient, and MNAD's update of the items.

    512 queries of 128 channels. One item has no second nearest, so separateness is left out at every size.
    """
    weights: dict[str, Any] = {"separateness_weight": 0.0} if memory == "mnad" else {}
    settings = resolve(dataset="ped2", method=memory, task="reconstruction", profile="smoke", items=items, **weights)
    part = load_part(MEMORIES, memory).build(settings, 128, 0)
    query = torch.randn(2, 128, 16, 16, generator=torch.Generator().manual_seed(0)).requires_grad_()

    def step() -> None:
        learned = part.training_read(query)
        loss = learned.features.square().mean()
        for name, term in learned.losses.items():
            loss = loss + part.weights[name] * term
        loss.backward()

    return step


def cut(folder: Path, frames: int) -> Work:
    """Cut 32 batches of four random clips, each time others, from a store of so many frames of 32x32 in memory.

    All frames are read once before: what a disk takes to bring a page is no cost of cutting.
    """
    clips = index_clips(folder, frames)()
    clips.frames.max()
    rng = np.random.default_rng(0)
    out = np.empty((_BATCH, _LENGTH, _STORE_SIZE, _STORE_SIZE, 1), dtype=np.uint8)

    def work() -> None:
        for _ in range(_BATCHES):
            clips.take(rng.integers(0, len(clips), _BATCH), out=out)

    return work


def index_clips(folder: Path, frames: int) -> Callable[[], Clips]:
    """Find where every clip of a store begins, as each cell does before its first epoch."""
    _, store = open_sparse_store(even_lengths(frames, max(1, frames // _VIDEO)), size=_STORE_SIZE, folder=folder)
    return lambda: Clips(store.frames, store.lengths, length=_LENGTH)


def measure_frames(frames: int) -> Work:
    """All frame-level metrics of one score, videos of 200 frames."""
    anomaly, label, video = _scores(frames)
    return lambda: frame_metrics(anomaly, label, video)


def bootstrap(frames: int) -> Work:
    """The interval of an AUC over videos of 200 frames, with the record's number of draws."""
    anomaly, label, video = _scores(frames)
    return lambda: bootstrap_over_videos(anomaly, label, video)


def _scores(frames: int) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.str_]]:
    rng = np.random.default_rng(0)
    position = np.arange(frames)
    label = (position % _VIDEO > _VIDEO // 2).astype(np.uint8)
    return (
        rng.normal(label),
        label,
        np.asarray([f"{number:05d}" for number in range(frames // _VIDEO + 1)])[position // _VIDEO],
    )


def plan_and_tables(folder: Path, records: Path, cells: int) -> Work:
    """Plan a study of so many cells that all have records, write its tables and the index of results.

    Cells are copies of one committed MNAD record with memory and one without, at ever other learning rates.
    """
    results = folder / f"cells-{cells}"
    pair = [_a_record(records, memory) for memory in ("mnad", "none")]
    made = []
    for number in range(cells):
        source = pair[number % 2]
        content = json.loads(source.read_text(encoding="utf-8"))
        settings = Settings.from_dict(content["settings"])
        settings = replace(settings, learning_rate=settings.learning_rate * (1 + number // 2 / 1000))
        cell = Cell(settings, 0)
        content |= {"settings": settings.to_dict(), "settings_hash": settings.hash, "name": settings.name, "seed": 0}
        path = Places(None, results, results / "work").record(cell)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
        shutil.copy(source.with_name(f"{source.stem}.csv.gz"), path.with_name("seed-0.csv.gz"))
        made.append(cell)

    def work() -> None:
        make_plan(made, Places(None, results, results / "work"), keep_stale=True)
        write_tables("many", made, results)
        write_results_index(results, {"many": made})

    return work


def _a_record(records: Path, memory: str) -> Path:
    """Return the first MNAD prediction record with or without memory."""
    word = "memory" if memory == "mnad" else "no_memory"
    found = sorted(records.glob(f"runs/*/*/mnad-prediction-skip-{word}-*/seed-*.json"))
    if not found:
        raise StudyError(
            f"Expected a record of MNAD's prediction, memory {memory}, in {records / 'runs'}, but there is none; name "
            "a results folder with --records."
        )
    return found[0]
