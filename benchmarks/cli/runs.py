"""Commands that fetch, run and look: what each imports is imported when it is asked for."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.cli.lazy_data import LazyData
from benchmarks.cli.measuring import measure_records
from benchmarks.cli.options import work_folder
from benchmarks.cli.reproduction import show_reproduction
from benchmarks.cli.views import write_study_tables, writing_views
from benchmarks.errors import StudyError
from benchmarks.grid.tracking import Tracker
from benchmarks.study.files import Study, load_study
from benchmarks.study.settings import GENERATED_DATASETS, MOST_SEEDS, Cell

if TYPE_CHECKING:
    from benchmarks.grid.study_run import Prepared


def data(options: argparse.Namespace) -> int:
    """Fetch a data set and check it."""
    from benchmarks.data.datasets import open_dataset

    if options.name in GENERATED_DATASETS:
        print(f"The {options.name} set needs no files: its frames are generated when a cell first wants them.")
        return 0
    from benchmarks.data.download import fetch

    made = fetch(options.name, options.data_root, options.archive)
    dataset = open_dataset(options.name, options.data_root)
    where = ", ".join(map(str, made)) or f"nothing new: it was in {options.data_root} already"
    print(
        f"{options.name} ({dataset.layout}): {len(dataset.train)} training and {len(dataset.test)} test videos; "
        f"{where}."
    )
    return 0


def doctor(options: argparse.Namespace) -> int:
    """Check a data set and say what is wrong."""
    from benchmarks.data.doctor import run_doctor

    return run_doctor(options.name, None if options.name in GENERATED_DATASETS else options.data_root)


def plan(options: argparse.Namespace) -> int:
    """List a study's cells; nothing is run."""
    from benchmarks.grid.plan import describe_plan, describe_total
    from benchmarks.grid.study_run import prepare

    data = LazyData(options, decode=True)
    prepared = prepare(options, work_folder(options), data.difference)
    if options.commands:
        from benchmarks.grid.commands import write_commands

        print("\n".join(write_commands(prepared)))
        print(describe_total(prepared.plan, prepared.workers.jobs), file=sys.stderr)
        return 0
    print(prepared.study.title)
    print(describe_plan(prepared.plan, prepared.workers.jobs))
    for note in (*prepared.notes, *filter(None, [prepared.gpu_hours])):
        print(note)
    data.say_unchecked()
    return 0


def reproduce(options: argparse.Namespace) -> int:
    """Run a study's missing cells, then show them next to the reference, or their table where there is none."""
    from benchmarks.grid.study_run import prepare, run_prepared

    if options.repair:
        from benchmarks.grid.study_run import refuse_reference
        from benchmarks.run.repair import repair

        refuse_reference(options.results, options.reference)
        print("\n".join(repair(options.results, work_folder(options))) or "Nothing is damaged.")
    data = LazyData(options, decode=True)
    prepared = prepare(options, work_folder(options), data.difference)
    _refuse_missing_data(prepared.study, options)
    if relabelled := prepared.plan.to_measure:
        measure_records([prepared.places.record(one.cell) for one in relabelled], data.opened)
    if steps := _steps_to_time(options, prepared):
        failures = _time(prepared, steps)
        if failures:
            print("Nothing was trained: what the first steps said would happen to the cells, too.", file=sys.stderr)
            return 1
        prepared = prepare(options, work_folder(options), data.difference)
    failures = run_prepared(prepared, tracker=None if options.no_tracking else partial(_live_tracker, options))
    with writing_views(options.results, data):
        compared = show_reproduction(prepared.study, options)
        write_study_tables(prepared.study, options, quiet=compared)
    for cell, sentence in failures.items():
        print(f"FAILED {cell.slug}: {sentence}", file=sys.stderr)
    return 1 if failures else 0


def rehearse(options: argparse.Namespace) -> int:
    """Run every setting of a study at smoke size, into a folder that is removed; on a GPU, time first steps at full size."""
    from benchmarks.grid.plan import describe_total
    from benchmarks.grid.rehearsal import clear
    from benchmarks.grid.rehearsal import rehearse as run_rehearsal
    from benchmarks.grid.study_run import prepare

    prepared = prepare(options, work_folder(options))
    _refuse_missing_data(prepared.study, options)
    device, jobs = prepared.workers.device, prepared.workers.jobs
    print(
        f"Rehearsal on {device}, profile {prepared.study.profile} at smoke size: each cell is killed once and resumed."
    )
    done = run_rehearsal(prepared)
    places = done.prepared.places
    write_study_tables(done.prepared.study, argparse.Namespace(results=places.results, work=places.work))
    failures = dict(done.failures)
    if steps := _steps_to_time(options, prepared):
        failures |= _time(prepared, steps)
        prepared = prepare(options, work_folder(options))
    for note in done.notes:
        print(f"Note: {note}")
    for cell, sentence in failures.items():
        print(f"FAILED {cell.slug}: {sentence}", file=sys.stderr)
    if failures:
        print(f"The rehearsal failed; its logs are in {places.work}.", file=sys.stderr)
        return 1
    clear(prepared)
    print(
        f"\nThe rehearsal went well: {len(done.prepared.study.cells)} settings ran to their records, those that "
        "train from a checkpoint; the table above means nothing, and nothing of it is kept."
    )
    print(f"The study itself: {describe_total(prepared.plan, jobs)}")
    if prepared.gpu_hours:
        print(prepared.gpu_hours)
    return 0


def _refuse_missing_data(study: Study, options: argparse.Namespace) -> None:
    """Raise StudyError, before anything is started, where a study's data is missing."""
    if study.needs_data:
        from benchmarks.data.datasets import open_dataset

        open_dataset(study.dataset, options.data_root)


def _steps_to_time(options: argparse.Namespace, prepared: Prepared) -> int:
    """How many first steps to time: as asked for, else some on a GPU of which no measurement is known."""
    from benchmarks.grid.first_steps import STEPS

    asked: int | None = options.time_steps
    if asked is not None and asked < 0:
        raise StudyError(f"Expected --time-steps to be at least 0, but got {asked}; correct it.")
    if prepared.workers.cluster is not None:
        if asked:
            raise StudyError("Expected --time-steps on this machine alone, but got a cluster too; leave one out.")
        return 0
    if asked is None:
        return STEPS if prepared.workers.device == "cuda" and prepared.gpu_hours else 0
    return asked


def _time(prepared: Prepared, steps: int) -> dict[Cell, str]:
    from benchmarks.grid.first_steps import time_first_steps

    print(f"The first {steps} steps of each setting, timed:")
    workers = prepared.workers
    return time_first_steps(
        prepared.plan,
        prepared.places,
        steps=steps,
        threads=workers.threads or 1,
        device=workers.device,
        mode=prepared.study.mode,
    )


def _live_tracker(options: argparse.Namespace, study: Study) -> Tracker:
    from benchmarks.track.live import LiveTracker, system_monitor

    # Cells on a cluster do not load this machine.
    monitor = system_monitor if options.scheduler is None and options.cluster is None else None
    return LiveTracker(study.name, work=work_folder(options), monitor=monitor)


def inspect(options: argparse.Namespace) -> int:
    """Look into trained cells again, from their checkpoints."""
    from benchmarks.grid.machine import native_precision
    from benchmarks.run.cell import pick_device
    from benchmarks.run.cell_data import Places
    from benchmarks.run.inspect.cells import describe_left_out, inspect_cells

    device = pick_device(options.device)
    study = load_study(
        options.study,
        profile=options.profile,
        seeds=options.seeds,
        only=options.only,
        cuda=device.type == "cuda",
        precision=native_precision(device.type),
    )
    places = Places(options.data_root if study.needs_data else None, options.results, work_folder(options))
    left_out = inspect_cells(study.cells, places, device, video=options.video, keep_stale=options.keep_stale)
    if left_out:
        print(describe_left_out(left_out, places), file=sys.stderr)
    return 1 if left_out else 0


def memorisation(options: argparse.Namespace) -> int:
    """Run the study of what a network learns by heart, and write its views."""
    import torch

    from benchmarks.report.tables.view import write_text
    from side_studies.memorisation.capacity import Capacity, run_capacity
    from side_studies.memorisation.capacity_views import write_capacity
    from side_studies.memorisation.study import Extent, run_study
    from side_studies.memorisation.views import write_views

    if not 1 <= options.seeds <= MOST_SEEDS:
        raise StudyError(
            f"Expected --seeds to be from 1 to {MOST_SEEDS}, but got {options.seeds}; leave it out for three."
        )
    torch.set_num_threads(1)  # the same order of sums, so the same numbers, on a machine with more cores
    curves = run_study(Extent(), range(options.seeds), report=print)
    folder = options.results / "memorisation"
    text = curves.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    for path in (write_text(folder / "curves.csv", text), *write_views(curves, folder)):
        print(f"Written: {path}")
    found = run_capacity(Extent(), Capacity(), range(options.seeds), report=print)
    for path in write_capacity(found, folder):
        print(f"Written: {path}")
    return 0


def simulate(options: argparse.Namespace) -> int:
    """Measure what the intervals are worth."""
    from side_studies.coverage.views import main

    return main(options)
