"""A study from command line to finished cells: what is asked for, what is left to do, and doing it."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.grid.device import accelerator_name, accelerators, choose_device
from benchmarks.grid.engine import Workers, run_cells
from benchmarks.grid.estimate import read_measured
from benchmarks.grid.events import Listener, Spared, warn_once_for_all
from benchmarks.grid.gpu_hours import describe_gpu_hours, is_measured
from benchmarks.grid.places import Places
from benchmarks.grid.plan import Plan, describe_total, make_plan
from benchmarks.grid.process import CELL
from benchmarks.grid.tracking import Tracker, Tracking
from benchmarks.study.files import Study, load_study
from benchmarks.study.settings import Cell


@dataclass(frozen=True)
class Prepared:
    """A study, what is left of it, and who will do it.

    gpu_hours: what it takes on one GPU, card by card; empty where that is measured, or no GPU is asked about.
    """

    study: Study
    plan: Plan
    workers: Workers
    places: Places
    gpu_hours: str = ""


def prepare(options: argparse.Namespace, work: Path) -> Prepared:
    """Read the study file and look at its records; nothing is run. options: of `plan` and `reproduce`."""
    device = choose_device(options.device, remote=options.scheduler is not None)
    workers = Workers.choose(jobs=options.jobs, threads=options.threads, device=device, scheduler=options.scheduler)
    study = load_study(
        options.study,
        profile=options.profile,
        seeds=options.seeds,
        only=options.only,
        cuda=device == "cuda",
        mode=options.mode,
    )
    places = Places(options.data_root if study.needs_data else None, options.results, work)
    here = accelerator_name() if device == "cuda" and options.scheduler is None else None
    plan = make_plan(
        study.cells,
        places,
        device=device,
        threads=workers.threads,
        keep_stale=options.keep_stale,
        mode=study.mode,
        evaluate_every=study.evaluate_every,
        accelerator=here,
        share=1.0 if here is None else max(1.0, workers.jobs / max(1, len(accelerators()))),
    )
    return Prepared(study, plan, workers, places, _gpu_hours(study, plan, places, device, here))


def _gpu_hours(study: Study, plan: Plan, places: Places, device: str, here: str | None) -> str:
    """Asked about where cells run on a GPU, and at the profile that is meant for one."""
    if not plan.to_run or (device == "cpu" and study.profile != "paper"):
        return ""
    if is_measured(plan, read_measured(places.results, places.work), here):
        return ""
    return describe_gpu_hours(plan, evaluate_every=study.evaluate_every, here=here)


def run_prepared(
    prepared: Prepared, *, tracker: Callable[[Study], Tracker] | None, entry: tuple[str, ...] = CELL
) -> dict[Cell, str]:
    """Run what is left, showing progress; returns the sentence of each cell that failed.

    tracker: makes what shows runs live; None for no tracking. entry: what follows the interpreter in a cell's command.
    """
    plan, workers, places = prepared.plan, prepared.workers, prepared.places
    print(prepared.study.title)
    settled = len(plan.cells) - len(plan.to_run)
    print(f"{len(plan.cells)} cells, {settled} with a record. {describe_total(plan, workers.jobs)}")
    if prepared.gpu_hours:
        print(prepared.gpu_hours)
    for one in plan.cells:
        if one.state == "stale":
            verb = "kept" if plan.keep_stale else "run again"
            print(f"  stale, {verb}: {one.cell.settings.name} seed {one.cell.seed} ({one.reason})")
    if not plan.to_run:
        return {}
    from benchmarks.grid.progress import Progress

    live = None if tracker is None else _start(tracker, prepared.study)
    listeners: list[Listener] = [] if live is None else [Spared(Tracking(live, places), "Tracking")]
    try:
        with Progress(plan.to_run, places, jobs=workers.jobs) as progress:
            ended = run_cells(
                [one.cell for one in plan.to_run],
                places,
                workers,
                listeners=[progress, *listeners],
                each_poll=progress.refresh,
                entry=entry,
                mode=prepared.study.mode,
                evaluate_every=prepared.study.evaluate_every,
            )
    finally:
        if live is not None:
            _close(live)
    return {cell: end.sentence for cell, end in ended.items() if end.state != "done"}


def _start(tracker: Callable[[Study], Tracker], study: Study) -> Tracker | None:
    try:
        return tracker(study)
    except Exception as error:  # whatever a tracking server's client may raise: the study does not depend on it
        warn_once_for_all("Tracking", error)
        return None


def _close(tracker: Tracker) -> None:
    try:
        tracker.close()
    except Exception as error:  # as above
        warn_once_for_all("Tracking", error)
