"""Commands that fetch, run and look: what each imports is imported when it is asked for."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from benchmarks.cli.options import work_folder
from benchmarks.cli.views import write_index, write_study_tables
from benchmarks.errors import StudyError
from benchmarks.grid.tracking import Tracker
from benchmarks.study.files import Study, load_study
from benchmarks.study.settings import GENERATED_DATASETS, MOST_SEEDS


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
    from benchmarks.grid.plan import describe_plan
    from benchmarks.grid.study_run import prepare

    prepared = prepare(options, work_folder(options))
    print(prepared.study.title)
    print(describe_plan(prepared.plan, prepared.workers.jobs))
    if prepared.gpu_hours:
        print(prepared.gpu_hours)
    return 0


def reproduce(options: argparse.Namespace) -> int:
    """Run a study's missing cells, then show its table."""
    from benchmarks.grid.study_run import prepare, run_prepared

    prepared = prepare(options, work_folder(options))
    if prepared.study.needs_data:
        from benchmarks.data.datasets import open_dataset

        open_dataset(prepared.study.dataset, options.data_root)  # raises before anything is started
    failures = run_prepared(prepared, tracker=None if options.no_tracking else partial(_live_tracker, options.results))
    # A filter and fewer seeds choose what is run, not what the table shows.
    write_study_tables(load_study(options.study, profile=prepared.study.profile, at_least=options.seeds), options)
    write_index(options)
    for cell, sentence in failures.items():
        print(f"FAILED {cell.slug}: {sentence}", file=sys.stderr)
    return 1 if failures else 0


def _live_tracker(results: Path, study: Study) -> Tracker:
    from benchmarks.track.live import LiveTracker

    return LiveTracker(study.name, results)


def inspect(options: argparse.Namespace) -> int:
    """Look into trained cells again, from their checkpoints."""
    from benchmarks.run.cell import pick_device
    from benchmarks.run.cell_data import Places
    from benchmarks.run.looks.inspect import describe_left_out, inspect_cells

    device = pick_device(options.device)
    study = load_study(
        options.study,
        profile=options.profile,
        seeds=options.seeds,
        only=options.only,
        cuda=device.type == "cuda",
    )
    places = Places(options.data_root if study.needs_data else None, options.results, work_folder(options))
    left_out = inspect_cells(study.cells, places, device, video=options.video, keep_stale=options.keep_stale)
    if left_out:
        print(describe_left_out(left_out, places), file=sys.stderr)
    return 1 if left_out else 0


def memorisation(options: argparse.Namespace) -> int:
    """Run the study of what a network learns by heart, and write its views."""
    import torch

    from benchmarks.report.memorisation import write_views
    from benchmarks.report.tables import write_text
    from benchmarks.run.memorisation import Extent, run_study

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
    return 0


def simulate(options: argparse.Namespace) -> int:
    """Measure what the intervals are worth."""
    from benchmarks.report.coverage import main

    return main(options)
