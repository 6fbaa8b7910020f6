"""Commands around the reference: own runs compared with it, one run verified, and finished runs taken over."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cli.options import work_folder
from benchmarks.errors import StudyError
from benchmarks.study.files import Study, at_precision, load_study
from benchmarks.study.settings import MOST_SEEDS, PRECISIONS, Cell

if TYPE_CHECKING:
    from benchmarks.report.read.records import Record


def show_reproduction(study: Study, options: argparse.Namespace) -> bool:
    """Print a study's own runs beside the reference and write the table; return False where there is none to compare."""
    from benchmarks.report.read.records import by_cell, load_records
    from benchmarks.report.tables.render import to_markdown
    from benchmarks.report.tables.reproduction import closing_lines, compare_all, reproduction_table
    from benchmarks.report.tables.write import table_stem, write_text

    records = by_cell(load_records(options.results, study.dataset, study.profile))
    own = {cell: records[cell] for cell in study.cells if cell in records}
    reference = by_cell(load_records(options.reference, study.dataset, study.profile))
    comparisons = compare_all(own, reference)
    if not comparisons:
        return False
    table = to_markdown(reproduction_table(f"{study.title}: yours beside the reference", comparisons, reference))
    closing = "\n".join(closing_lines(comparisons, len(own) - len(comparisons)))
    path = write_text(
        options.results / "tables" / f"{table_stem(study.label)}-reproduction.md", f"{table}\n{closing}\n"
    )
    print(f"{table}\nWritten: {path}\n\n{closing}")
    return True


def verify(options: argparse.Namespace) -> int:
    """Train one run of the reference again and compare it; 0 where it is reproduced, 1 where it is not."""
    from benchmarks.grid.device import choose_device
    from benchmarks.grid.engine import Workers, run_cells
    from benchmarks.grid.machine import native_precision
    from benchmarks.grid.places import Places
    from benchmarks.grid.plan import make_plan
    from benchmarks.grid.progress import Progress
    from benchmarks.grid.study_run import refuse_reference
    from benchmarks.report.read.records import by_cell, load_records, read_record
    from benchmarks.report.tables.reproduction import closing_lines, compare
    from benchmarks.study.settings import GENERATED_DATASETS

    refuse_reference(options.results, options.reference)
    records = by_cell(load_records(options.reference))
    reference = find_reference(options.cell, records)
    device = choose_device(options.device)
    precision = options.precision or native_precision(device)
    settings = at_precision(reference.settings, precision)
    cell, folder = Cell(settings, reference.seed), options.results / "verify"
    places = Places(
        None if settings.dataset in GENERATED_DATASETS else options.data_root, folder, options.work or folder / "work"
    )
    threads, mode = int(reference.content["hardware"]["threads"]), str(reference.content.get("mode", "record"))
    plan = make_plan([cell], places, device=device, threads=threads, mode=mode, reference=options.reference)
    again = (
        f"{settings.name} seed {cell.seed}, {settings.precision}, {threads} thread{'s' * (threads > 1)}, mode {mode}"
    )
    print(f"Training {again} again: {settings.dataset}, profile {settings.profile}.")
    if plan.to_run:
        with Progress(plan.to_run, places, jobs=1) as progress:
            ended = run_cells(
                [cell], places, Workers(1, threads, device), listeners=[progress], each_poll=progress.refresh, mode=mode
            )
        if ended[cell].state != "done":
            raise StudyError(ended[cell].sentence)
    seeds = [record for other, record in records.items() if other.settings == reference.settings]
    result = compare(read_record(places.record(cell)), reference, seeds)
    print("\n".join(closing_lines([result], 0)))
    return 0 if result.reproduced else 1


def find_reference(name: str, records: dict[Cell, Record]) -> Record:
    """The reference run of a name, or of the digits that a name ends in; ``NAME:3`` is seed 3, else the lowest.

    Raises StudyError where no run or more than one setting fits.
    """
    wanted, _, seed = name.partition(":")
    fitting = [record for record in records.values() if wanted and record.settings.name.endswith(wanted)]
    if seed:
        fitting = [record for record in fitting if str(record.seed) == seed]
    settings = {record.settings for record in fitting}
    if len(settings) != 1:
        found = (
            f"{len(settings)} settings fit ({', '.join(sorted(one.name for one in settings)[:5])})"
            if settings
            else "none fits"
        )
        raise StudyError(
            f"Expected the name of a run of the reference, or the eight digits that it ends in (CELL=3ba722bc, or "
            f"CELL=3ba722bc:4 for seed 4), but got {name!r} and {found}; the tables name them."
        )
    return min(fitting, key=lambda record: record.seed)


def adopt(options: argparse.Namespace) -> int:
    """Take a study's own runs over into the reference: those that are finished, of committed code and not stale."""
    from benchmarks.grid.places import Places
    from benchmarks.grid.plan import make_plan
    from benchmarks.grid.study_run import refuse_reference
    from benchmarks.report.read.records import read_record

    refuse_reference(options.results, options.reference)
    study = load_study(options.study)
    seeds = range(MOST_SEEDS)
    settings = dict.fromkeys(at_precision(cell.settings, precision) for cell in study.cells for precision in PRECISIONS)
    own, reference = (Places(None, folder, work_folder(options)) for folder in (options.results, options.reference))
    cells = [Cell(one, seed) for one in settings for seed in seeds if own.record(Cell(one, seed)).is_file()]
    taken = 0
    for planned in make_plan(cells, own, mode=study.mode).cells if cells else ():
        source, target = own.record(planned.cell), reference.record(planned.cell)
        record = read_record(source)
        refusal = planned.reason or planned.state if planned.state != "done" else _refusal(record, target)
        if refusal:
            print(f"Left: {planned.cell.settings.name} seed {planned.cell.seed} ({refusal})")
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        for suffix in (".csv.gz", ".json"):  # the record last: it is there only beside its terms
            shutil.copyfile(source.with_suffix(suffix), target.with_suffix(suffix))
        taken += 1
    print(f"{taken} of {len(cells)} runs taken over into {options.reference}; commit them, then make tables verdict.")
    return 0


def _refusal(record: Record, target: Path) -> str:
    """Why a finished run is not taken over; "" where it is."""
    if record.content.get("dirty") is not False:
        return "made by code that was not committed"
    record.frames()  # raises where the terms are lost or damaged
    return "the reference has this run already" if target.is_file() else ""
