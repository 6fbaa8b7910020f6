"""Commands around the reference: own runs compared with it, and one run verified."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmarks.errors import StudyError
from benchmarks.study.files import Study, at_precision
from benchmarks.study.settings import Cell

if TYPE_CHECKING:
    from benchmarks.report.read.records import Record


def show_reproduction(study: Study, options: argparse.Namespace) -> bool:
    """Print a study's own runs next to the reference and write the table; return False where there is none to compare."""
    from benchmarks.report.read.records import by_cell, load_records
    from benchmarks.report.tables.render import to_markdown
    from benchmarks.report.tables.reproduction import closing_lines, compare_all, reproduction_table
    from benchmarks.report.tables.view import write_text
    from benchmarks.report.tables.write import table_stem

    records = by_cell(load_records(options.results, study.dataset, study.profile))
    own = {cell: records[cell] for cell in study.cells if cell in records}
    reference = by_cell(load_records(options.reference, study.dataset, study.profile))
    comparisons = compare_all(own, reference)
    if not comparisons:
        return False
    table = to_markdown(reproduction_table(f"{study.title}: your runs and the reference", comparisons, reference))
    closing = "\n".join(closing_lines(comparisons, len(own) - len(comparisons)))
    path = write_text(
        options.results / "tables" / f"{table_stem(study.label)}-reproduction.md", f"{table}\n{closing}\n"
    )
    print(f"{table}\nWritten: {path}\n\n{closing}")
    return True


def processors(options: argparse.Namespace) -> int:
    """Compare own runs with the reference's of the same setting and seed; add them to results/statistics/processors."""
    from benchmarks.report.read.records import by_cell, load_records
    from benchmarks.report.tables.processors import differences, write_processors

    own, reference = (by_cell(load_records(folder)) for folder in (options.results, options.reference))
    for path in write_processors(differences(own, reference), options.reference):
        print(f"Written: {path}")
    return 0


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
