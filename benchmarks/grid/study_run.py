"""A study from command line to finished cells: what is asked for, what is left to do, and doing it."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.errors import StudyError
from benchmarks.grid.cluster import Cluster
from benchmarks.grid.device import accelerator_name, accelerators, choose_device
from benchmarks.grid.engine import Workers, run_cells
from benchmarks.grid.estimate import read_measured
from benchmarks.grid.events import IsolatedListener, Listener, warn_once_for_all
from benchmarks.grid.gpu_hours import describe_gpu_hours, is_measured
from benchmarks.grid.machine import available_mebibytes, jobs_that_fit, native_precision
from benchmarks.grid.places import Places
from benchmarks.grid.plan import Compare, Plan, PlannedCell, describe_total, make_plan
from benchmarks.grid.process import CELL, Ended
from benchmarks.grid.tracking import Tracker, Tracking
from benchmarks.hints import hint
from benchmarks.study.files import Study, load_study
from benchmarks.study.settings import Cell


@dataclass(frozen=True)
class Prepared:
    """A study, what is left of it, and who will do it.

    gpu_hours: what it takes on one GPU, card by card; empty where that is measured, or no GPU is asked about. notes: what
    is worth knowing beforehand. compare: records with the data here.
    """

    study: Study
    plan: Plan
    workers: Workers
    places: Places
    gpu_hours: str = ""
    notes: tuple[str, ...] = ()
    compare: Compare | None = None


def prepare(options: argparse.Namespace, work: Path, compare: Compare | None = None) -> Prepared:
    """Read the study file and look at its records; nothing is run. options: of `plan` and `reproduce`.

    compare: records with the data here.
    """
    refuse_reference(options.results, options.reference)
    cluster = Cluster.choose(
        scheduler=options.scheduler,
        slurm=options.cluster,
        tls=(options.tls_ca, options.tls_cert, options.tls_key),
        wait=options.wait,
        checkpoints=options.checkpoints,
    )
    device = choose_device(options.device) if cluster is None else cluster.device(options.device)
    # What this machine computes natively says nothing about a cluster's GPUs.
    remote_gpu = cluster is not None and device == "cuda"
    precision = options.precision or ("bfloat16" if remote_gpu else native_precision(device))
    workers = Workers.choose(jobs=options.jobs, threads=options.threads, device=device, cluster=cluster)
    study = load_study(
        options.study,
        profile=options.profile,
        seeds=own_seeds(options.study) if options.seeds is None else options.seeds,
        only=options.only,
        cuda=device == "cuda",
        mode=options.mode,
        precision=precision,
    )
    places = Places(options.data_root if study.needs_data else None, options.results, work)
    here = accelerator_name() if device == "cuda" and cluster is None else None
    plan = make_plan(
        study.cells,
        places,
        device=device,
        threads=workers.threads or 1,
        keep_stale=options.keep_stale,
        mode=study.mode,
        evaluate_every=study.evaluate_every,
        accelerator=here,
        share=1.0 if here is None else max(1.0, (workers.jobs or 1) / max(1, len(accelerators()))),
        reference=options.reference,
        compare=compare if study.needs_data else None,
    )
    notes = [] if options.precision else precision_notes(study, precision)
    if options.jobs is None and workers.jobs is not None and device == "cpu" and plan.peak is not None:
        available = available_mebibytes()
        jobs = jobs_that_fit(workers.jobs, plan.peak, available)
        if jobs < min(workers.jobs, len(plan.to_run)):
            notes.append(
                f"{jobs} at a time for {workers.jobs} cores: a run takes up to {plan.peak / 1024:.1f} GiB and "
                f"{available / 1024:.1f} GiB are free (JOBS= decides otherwise)."
            )
        # The threads of a run stay as they were: they change the order of sums, and so the last digits.
        workers = replace(workers, jobs=jobs)
    return Prepared(
        study,
        plan,
        workers,
        places,
        _gpu_hours(study, plan, places, options.reference, device, here),
        tuple(notes),
        compare if study.needs_data else None,
    )


def own_seeds(study: str) -> int | None:
    """Seeds of one's own runs where none are asked for: one of a study of the project's, else what the file says."""
    return None if study.endswith(".toml") else 1


def refuse_reference(results: Path, reference: Path) -> None:
    """Raise StudyError where own runs would go among the reference's."""
    if results.resolve() == reference.resolve():
        raise StudyError(
            f"Expected own runs in a folder of their own, but --results is the reference, {reference}; leave it out "
            "(own runs go to my-results)."
        )


def precision_notes(study: Study, precision: str) -> list[str]:
    """Say that runs take another precision than the reference's, where any of the study's does."""
    if precision == "bfloat16" or not any(cell.settings.precision == precision for cell in study.cells):
        return []
    notice = f"Precision {precision}: this machine has no instructions for bfloat16, in which reference runs were made "
    return [f"{notice}unless their study file says otherwise (PRECISION= decides otherwise)."]


def _gpu_hours(study: Study, plan: Plan, places: Places, reference: Path, device: str, here: str | None) -> str:
    """Asked about where cells run on a GPU, and at the profile that is meant for one."""
    if not plan.to_run or (device == "cpu" and study.profile != "paper"):
        return ""
    known = [*read_measured(places.results, places.work), *read_measured(reference)]
    if is_measured(plan, known, here):
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
    print(f"{len(plan.cells)} runs, {settled} done before. {describe_total(plan, workers.jobs)}")
    for note in (*prepared.notes, *filter(None, [prepared.gpu_hours])):
        print(note)
    for one in plan.cells:
        if one.state in ("stale", "damaged"):
            verb = "kept" if one not in plan.to_run else "run again"
            print(f"  {one.state}, {verb}: {one.cell.settings.name} seed {one.cell.seed} ({one.reason})")
    if not plan.to_run:
        return {}
    live = None if tracker is None else _start(tracker, prepared.study)
    tracking = None if live is None else IsolatedListener(Tracking(live, places), "Tracking")
    listeners: list[Listener] = [] if tracking is None else [tracking]
    try:
        ended = _run(plan.to_run, prepared, workers, listeners, entry)
        again = [one for one in plan.to_run if ended[one.cell].out_of_memory]
        if again and workers.jobs != 1:
            print(f"Memory ran out under {len(again)} of the runs; each is tried once more, alone.")
            ended |= _run(again, prepared, replace(workers, jobs=1), listeners, entry)
    finally:
        if live is not None and tracking is not None:
            _close(live, tracking)
    return {cell: end.sentence for cell, end in ended.items() if end.state != "done"}


def _run(
    planned: Sequence[PlannedCell],
    prepared: Prepared,
    workers: Workers,
    listeners: Sequence[Listener],
    entry: tuple[str, ...],
) -> dict[Cell, Ended]:
    from benchmarks.grid.progress import Progress

    study, places = prepared.study, prepared.places

    def settled(cell: Cell) -> bool:
        keep = prepared.plan.keep_stale
        plan = make_plan(
            [cell],
            places,
            keep_stale=keep,
            mode=study.mode,
            evaluate_every=study.evaluate_every,
            compare=prepared.compare,
        )
        return not plan.to_run

    with Progress(planned, places, jobs=workers.jobs or 1) as progress:

        def greeted(taken: Workers) -> None:
            if workers.cluster is not None:
                assert taken.jobs is not None
                progress.expect(taken.jobs)
                at = workers.cluster.where
                print(f"Workers of {at}: {taken.jobs} runs at a time, each with {taken.threads} threads.", flush=True)

        return run_cells(
            [one.cell for one in planned],
            places,
            workers,
            listeners=[progress, *listeners],
            each_poll=progress.refresh,
            entry=entry,
            mode=study.mode,
            evaluate_every=study.evaluate_every,
            known={one.cell: one.version for one in planned},
            settled=settled,
            greeted=greeted,
        )


def _start(tracker: Callable[[Study], Tracker], study: Study) -> Tracker | None:
    try:
        return tracker(study)
    except Exception as error:  # whatever a tracking server's client may raise: the study does not depend on it
        warn_once_for_all("Tracking", error)
        return None


def _close(tracker: Tracker, tracking: IsolatedListener) -> None:
    missing = tracking.catch_up()
    if missing:
        print(f"WARNING: Tracking lacks the ends of {missing} runs; import them ({hint('import')}).", file=sys.stderr)
        return
    try:
        tracker.close()
    except Exception as error:  # as above
        warn_once_for_all("Tracking", error)
