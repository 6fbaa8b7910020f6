"""A rehearsal of a study: every setting at smoke size, through all that a run goes through, into a folder of its own.

Each cell is begun, killed after its first epoch, and run to its end from its checkpoint by the engine. Precision, batch,
channels, losses and everything else that is not size or length stay those of the study.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.errors import StudyError
from benchmarks.grid.durations import in_words
from benchmarks.grid.places import Places, read_json
from benchmarks.grid.plan import make_plan
from benchmarks.grid.process import CELL, cell_job, kill_all, run_job
from benchmarks.grid.study_run import Prepared, run_prepared
from benchmarks.study.presets import rehearsed
from benchmarks.study.settings import LEARNING_FREE, Cell

FOLDER = "rehearsal"
# What a cell's log says when it resumes (`benchmarks.run.cell`).
_RESUMED = "going on after epoch"


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal did. failures: sentence by cell; notes: what records say beside their numbers."""

    prepared: Prepared
    failures: dict[Cell, str]
    notes: tuple[str, ...]


def rehearse(prepared: Prepared, *, entry: tuple[str, ...] = CELL) -> Rehearsal:
    """Rehearse all settings of a study, done or not. Results and work lie in `FOLDER` under the study's work folder."""
    if prepared.workers.cluster is not None:
        raise StudyError("Expected to rehearse on this machine, but got --scheduler or --cluster; leave it out.")
    folder = prepared.places.work / FOLDER
    _empty(folder)
    places = Places(prepared.places.data_root, folder / "results", folder / "work")
    settings = dict.fromkeys(rehearsed(cell.settings) for cell in prepared.study.cells)
    cells = tuple(Cell(one, 0) for one in settings)
    study = replace(prepared.study, cells=cells, title=f"Rehearsal of: {prepared.study.title}", evaluate_every=0)
    small = replace(prepared, study=study, places=places, gpu_hours="")
    failures = _interrupt(small, [cell for cell in cells if cell.settings.epochs], entry)
    small = replace(small, plan=make_plan(cells, places, mode=study.mode))
    failures |= run_prepared(small, tracker=None, entry=entry)
    for cell in cells:
        if cell not in failures and cell.settings.epochs and not _resumed(places, cell):
            failures[cell] = (
                f"Expected the cell to resume from its checkpoint, but it began again; see {places.log(cell)}."
            )
    records = (read_json(places.record(cell)) or {} for cell in cells)
    notes = dict.fromkeys(note for record in records for note in record.get("notes", ()))
    return Rehearsal(small, failures, tuple(notes))


def clear(prepared: Prepared) -> None:
    """Remove what a rehearsal left. prepared: the study that was rehearsed."""
    _empty(prepared.places.work / FOLDER)


def _interrupt(small: Prepared, cells: Sequence[Cell], entry: tuple[str, ...]) -> dict[Cell, str]:
    """Begin each cell and kill it once it has a checkpoint; returns the sentence of each that ended otherwise."""
    failures: dict[Cell, str] = {}
    places, workers = small.places, small.workers
    for cell in cells:
        job = cell_job(
            cell, places, threads=workers.threads or 1, device=workers.device, entry=entry, mode=small.study.mode
        )
        try:
            ended = run_job(job, lambda cell=cell: _has_checkpoint(places, cell))  # type: ignore[misc]
        except BaseException:
            kill_all()
            raise
        if ended.state == "cancelled":
            print(f"  {cell.settings.name}: trained an epoch and was killed, {in_words(ended.seconds)}", flush=True)
        else:
            failures[cell] = ended.sentence or "Expected to kill the cell after an epoch, but it had ended before."
            print(f"  {cell.settings.name}: FAILED. {failures[cell]}", flush=True)
    return failures


def _has_checkpoint(places: Places, cell: Cell) -> bool:
    return bool((read_json(places.progress(cell)) or {}).get("epochs_done"))


def _resumed(places: Places, cell: Cell) -> bool:
    log = places.log(cell)
    return cell.settings.method in LEARNING_FREE or (log.is_file() and _RESUMED in log.read_text(encoding="utf-8"))


def _empty(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StudyError(f"Expected to empty {folder}, but {error}; delete it yourself.") from error
