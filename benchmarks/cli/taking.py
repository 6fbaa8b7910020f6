"""Finished runs taken over from one folder into another: own ones into the reference, and those of other machines."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from benchmarks.cli.options import work_folder
from benchmarks.errors import StudyError
from benchmarks.hints import hint
from benchmarks.study.files import at_precision, load_study
from benchmarks.study.settings import MOST_SEEDS, PRECISIONS, Cell

if TYPE_CHECKING:
    from benchmarks.grid.places import Places
    from benchmarks.report.read.records import Record


def adopt(options: argparse.Namespace) -> int:
    """Take a study's own runs over into the reference: those that are finished, of committed code and not stale."""
    from benchmarks.grid.places import Places
    from benchmarks.grid.study_run import refuse_reference
    from benchmarks.run.record_file import write_manifest

    refuse_reference(options.results, options.reference)
    study = load_study(options.study)
    settings = dict.fromkeys(at_precision(cell.settings, precision) for cell in study.cells for precision in PRECISIONS)
    own, reference = (Places(None, folder, work_folder(options)) for folder in (options.results, options.reference))
    cells = [Cell(one, seed) for one in settings for seed in range(MOST_SEEDS) if own.record(Cell(one, seed)).is_file()]
    taken, known = _take(cells, own, reference, study.mode, _not_committed)
    if taken:
        write_manifest(options.reference / "runs")
    print(
        f"{taken} of {len(cells)} runs taken over into {options.reference}, {known} were there already; commit them, then "
        f"{hint('tables', results=options.reference)} and {hint('verdict', results=options.reference)}."
    )
    return 0


def gather(options: argparse.Namespace) -> int:
    """Take finished runs of another folder over, each checked; 1 where one was left that is not here already.

    Raises StudyError where the folder holds no record.
    """
    from benchmarks.grid.places import Places
    from benchmarks.grid.study_run import refuse_reference
    from benchmarks.report.read.records import read_record

    refuse_reference(options.results, options.reference)
    files = sorted(options.source.expanduser().rglob("runs/*/*/*/seed-*.json"))
    if not files:
        raise StudyError(
            f"Expected records in {options.source} (as runs/SET/PROFILE/NAME/seed-0.json), but there are none; name the "
            "folder that other machines wrote their results to (FROM=)."
        )
    target = Places(None, options.results, work_folder(options))
    taken = known = 0
    for file in files:
        source = Places(None, file.parents[4], work_folder(options))
        try:
            cell = read_record(file).cell
        except StudyError as error:
            print(f"Left: {error}")
            continue
        if source.record(cell) != file.absolute():
            print(f"Left: {file} ({cell.settings.name} seed {cell.seed} stands in another run's place)")
            continue
        more, here = _take([cell], source, target, "fast", lambda _: "")
        taken, known = taken + more, known + here
    print(f"{taken} of {len(files)} runs taken over into {options.results}, {known} were there already.")
    return 0 if taken + known == len(files) else 1


def _take(
    cells: Sequence[Cell], source: Places, target: Places, mode: str, refusal: Callable[[Record], str]
) -> tuple[int, int]:
    """Copy the records of cells that are whole, of today's code and not in the target; say why others are left.

    mode: as of `make_plan`. refusal: why a record is not taken; "" where it is. Returns how many were copied, and how many
    the target had, equal to the last byte.
    """
    from benchmarks.grid.plan import make_plan
    from benchmarks.report.read.records import read_record

    taken = known = 0
    for planned in make_plan(cells, source, mode=mode).cells if cells else ():
        old, new = source.record(planned.cell), target.record(planned.cell)
        why = planned.reason or planned.state if planned.state != "done" else refusal(read_record(old))
        if not why and new.is_file():
            if old.read_bytes() == new.read_bytes():
                known += 1
                continue
            why = f"{target.results} has another record of this run"
        if why:
            print(f"Left: {planned.cell.settings.name} seed {planned.cell.seed} ({why})")
            continue
        new.parent.mkdir(parents=True, exist_ok=True)
        for suffix in (".csv.gz", ".json"):  # the record last: it is there only with its terms
            shutil.copyfile(old.with_suffix(suffix), new.with_suffix(suffix))
        taken += 1
    return taken, known


def _not_committed(record: Record) -> str:
    return "" if record.content.get("dirty") is False else "made by code that was not committed"
