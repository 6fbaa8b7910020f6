"""Inspect cells again, from their checkpoints: what `inspect_cell` gives is put into their records, nothing is trained."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.data.store import FrameStore
from benchmarks.errors import StudyError
from benchmarks.reading import expected
from benchmarks.run import record as records
from benchmarks.run.cell_data import CellData, Places, open_data
from benchmarks.run.cell_lock import alone_at
from benchmarks.run.checkpoint import load_checkpoint, read_facts
from benchmarks.run.contract import Method
from benchmarks.run.evaluation import Pass, evaluate
from benchmarks.run.feed import Feed
from benchmarks.run.fingerprint import made_by_todays_code
from benchmarks.run.inspect.file import VideoFile
from benchmarks.run.inspect.pixels import map_size
from benchmarks.run.inspect.sections import SECTIONS, inspect_cell
from benchmarks.run.inspect.stills import require_video, whole_video
from benchmarks.run.labelling import differing_videos, read_labelling
from benchmarks.run.methods import build
from benchmarks.run.record_file import REMEDY, read_content
from benchmarks.run.video_labels import labels_of
from benchmarks.study.settings import Cell

_ROOT = Path(__file__).resolve().parents[3]
_SPLITS = {"train": "training", "test": "test"}


class _LeftOutError(Exception):
    """A cell cannot be inspected; the text is why, and a semicolon before what to do."""


def inspect_cells(
    cells: Sequence[Cell],
    places: Places,
    device: torch.device,
    *,
    video: str | None = None,
    keep_stale: bool = False,
) -> dict[Cell, str]:
    """Inspect each cell that has a record and its checkpoint; return why the others were left out.

    Sections and ``looked_at`` go into the record, ``look.npz`` into the work folder; video: with all frames of this test
    video next to it. keep_stale: accept records that were made by older code. Raises StudyError as reading data does, if
    a record lacks what is needed, if somebody else works on a cell, or if the video's name is none.
    """
    left_out: dict[Cell, str] = {}
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    opened: dict[tuple[Any, ...], CellData] = {}
    for cell in cells:
        try:
            content = _record(cell, places, keep_stale=keep_stale)
            folder = places.work / cell.slug
            folder.mkdir(parents=True, exist_ok=True)
            with alone_at(folder, "an inspection"):
                found = _inspect(cell, content, places, device, opened, video)
        except _LeftOutError as reason:
            left_out[cell] = str(reason)
            continue
        print("; ".join(found), flush=True)
    return left_out


def restored(cell: Cell, places: Places, device: torch.device, *, keep_stale: bool = False) -> tuple[Method, CellData]:
    """Build a cell's trained method from its record and checkpoint, with the data that it was made from.

    Raises StudyError if there is no record or checkpoint, if one is not of the other or of this data, or, unless
    keep_stale, if older code made the record.
    """
    try:
        content = _record(cell, places, keep_stale=keep_stale)
        data = open_data(cell.settings, places)
        return _restore(cell, content, data, places, device), data
    except _LeftOutError as reason:
        raise StudyError(
            f"Expected a record in {places.results} and its checkpoint in {places.work} for {cell.slug}, but: {reason}."
        ) from None


def describe_left_out(left_out: dict[Cell, str], places: Places) -> str:
    """Return a sentence a reason: which cells were left out, and what to do."""
    by_reason: dict[str, list[str]] = {}
    for cell, reason in left_out.items():
        by_reason.setdefault(reason, []).append(cell.slug)
    return "\n".join(
        f"Left out, {reason} (records in {places.results}, checkpoints in {places.work}): {', '.join(names)}."
        for reason, names in by_reason.items()
    )


def _record(cell: Cell, places: Places, *, keep_stale: bool) -> dict[str, Any]:
    path = records.record_path(places.results, cell)
    if not path.exists():
        raise _LeftOutError("no record yet; run the study first")
    content = read_content(path)
    with expected("a record that says what it was made of", path, REMEDY):
        _ = content["fingerprint"]["digest"], content["mode"]
        _ = content["epochs"], [content["data"][f"{split}_checksum"] for split in _SPLITS]
    if not keep_stale and not made_by_todays_code(content, cell.settings):
        raise _LeftOutError("made by older code; run the study again or give --keep-stale")
    if content["epochs"] and not _checkpoint(cell, places).exists():
        raise _LeftOutError("no checkpoint; remove the record and run the study again, which trains the cell again")
    return content


def _checkpoint(cell: Cell, places: Places) -> Path:
    return places.work / cell.slug / "checkpoint.safetensors"


def _inspect(
    cell: Cell,
    content: dict[str, Any],
    places: Places,
    device: torch.device,
    opened: dict[tuple[Any, ...], CellData],
    video: str | None,
) -> list[str]:
    """Inspect a cell and put into its record what is found; return what that is, in words."""
    settings, folder = cell.settings, places.work / cell.slug
    geometry = (settings.dataset, settings.size, settings.channels, settings.calibration_videos)
    if geometry not in opened:
        opened[geometry] = open_data(settings, places)
    data = opened[geometry]
    method = _restore(cell, content, data, places, device)
    table = records.record_path(places.results, cell).with_suffix(".csv.gz")
    if differing_videos(read_labelling(table, content["data"]), labels_of(data.dataset.test)):
        raise _LeftOutError(
            "the record was measured on other labels than those of the data here; run make measure first"
        )
    if video is not None:
        require_video(data.dataset.test, video)
    sections = inspect_cell(method, data, device, folder, _score_again(method, data, device))
    seen_at = {"looked_at": records.commit_facts(_ROOT)}
    records.add_sections(records.record_path(places.results, cell), sections | seen_at)
    found = [f"{cell.slug}: {', '.join(name for name in SECTIONS if name in sections) or 'nothing to record'}"]
    if video is not None:
        feed = Feed(data.clips("test", method.clip_length), device)
        frames = whole_video(method, feed, data.dataset.test, video)
        if frames is not None:
            frames.save(folder / VideoFile.name(video))
            found.append(f"{len(frames.frame)} frames of video {video}")
    return found


def _restore(cell: Cell, content: dict[str, Any], data: CellData, places: Places, device: torch.device) -> Method:
    """Build the method that left a record: from its checkpoint, or fitted again where it was not trained."""
    for split, what in _SPLITS.items():
        store: FrameStore = getattr(data, split)
        if store.checksum != content["data"][f"{split}_checksum"]:
            raise _LeftOutError(f"the record is of other {what} frames; give the data that it was made from")
    method = build(cell.settings, cell.seed, device)
    if not content["epochs"]:
        method.prepare(data.training_clips(cell.settings, method.clip_length))
        return method
    checkpoint = _checkpoint(cell, places)
    facts = read_facts(checkpoint)
    identity = {
        "settings_hash": cell.settings.hash,
        "seed": cell.seed,
        "fingerprint": content["fingerprint"]["digest"],
        "train_checksum": data.train.checksum,
    }
    # A checkpoint from before they were part of it does not say which anomalies were known.
    if "known_anomalies" in facts["identity"]:
        identity["known_anomalies"] = content["method"]["known_anomalies_checksum"]
    # The labels of its evaluations between epochs say nothing about the weights.
    made_by = {name: value for name, value in facts["identity"].items() if name != "labels"}
    if made_by != identity or len(facts["epochs"]) != cell.settings.epochs:
        raise _LeftOutError("the checkpoint is not the one of the record; remove both and run the study again")
    load_checkpoint(checkpoint, method)
    return method


def _score_again(method: Method, data: CellData, device: torch.device) -> Pass:
    """Evaluate under the published variant: error maps, and the items as its test-time updates leave them."""
    videos, feed = data.dataset.test, Feed(data.clips("test", method.clip_length), device)
    return evaluate(method, feed, [method.rule.variant], map_size=map_size(feed.clips.frames.shape[1], videos))
