"""The command line: ``python -m benchmarks COMMAND ...``; the Makefile's targets call it.

Exit status: 0 all is well, 1 a cell failed or a set is not fit to use, 2 a wrong input (one sentence), 130 interrupted.
Whatever is heavy is imported by the command that needs it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import StudyError
from benchmarks.grid.tracking import Tracker
from benchmarks.study.files import Study, load_study, study_names
from benchmarks.study.settings import GENERATED_DATASETS, MODES, PROFILES

if TYPE_CHECKING:
    from benchmarks.report.records import Record


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except StudyError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; cells that ran were stopped, and the same command continues.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `... | head`: who read has read enough; Python would complain once more when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run the study and view its records.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    data = commands.add_parser("data", help="fetch a data set and check it")
    data.add_argument("name", help="data set, as ped2")
    data.add_argument(
        "--archive", type=Path, help="the release's file, or a folder of its files, instead of a download"
    )
    data.set_defaults(run=_data)

    doctor = commands.add_parser("doctor", help="check a data set and say what is wrong")
    doctor.add_argument("name", help="data set, as ped2")
    doctor.set_defaults(run=_doctor)
    for command in (data, doctor):
        command.add_argument("--data-root", type=Path, default=Path("data"), help="folder of data sets (data)")

    plan = commands.add_parser("plan", help="list a study's cells, done or missing, with time; runs nothing")
    plan.set_defaults(run=_plan)
    reproduce = commands.add_parser("reproduce", help="run a study's missing cells, then show its table")
    reproduce.add_argument("--no-tracking", action="store_true", help="do not show runs in MLflow while they go")
    reproduce.set_defaults(run=_reproduce)
    for command in (plan, reproduce):
        command.add_argument("study", help=f"{', '.join(study_names())}, or the path of a .toml file")
        _add_cell_options(command)
        _add_worker_options(command)
        _add_folders(command)

    inspected = commands.add_parser("inspect", help="look into trained cells again, from their checkpoints")
    inspected.add_argument("study", help=f"{', '.join(study_names())}, or the path of a .toml file")
    inspected.add_argument("--video", metavar="NAME", help="write all frames of this test video for an animation, too")
    inspected.set_defaults(run=_inspect)
    _add_cell_options(inspected)
    _add_folders(inspected)

    tables = commands.add_parser("tables", help="write the tables of studies from their records")
    tables.set_defaults(run=_tables)
    figures = commands.add_parser("figures", help="draw the figures of studies from their records and looks")
    figures.set_defaults(run=_figures)
    for command in (tables, figures):
        command.add_argument("studies", nargs="*", metavar="study", help="all with a record where none is named")
        command.add_argument("--profile", choices=PROFILES, help="in place of the study file's")
        command.add_argument("--seeds", type=int, help="how many seeds, in place of the study file's")
        _add_folders(command)

    verdict = commands.add_parser("verdict", help="judge every claim by the records at hand")
    verdict.add_argument("--keep-stale", action="store_true", help="accept records that were made by older code")
    verdict.set_defaults(run=_verdict)
    report = commands.add_parser("report", help="write the page that shows the whole study, one file")
    report.add_argument("--keep-stale", action="store_true", help="accept records that were made by older code")
    report.add_argument("--points", type=int, help="points of each run's score timeline (3000)")
    report.set_defaults(run=_report)
    simulate = commands.add_parser("simulate", help="measure what the intervals are worth on invented studies")
    simulate.add_argument("--draws", type=int, help="studies per scenario (1500)")
    simulate.set_defaults(run=_simulate)
    memorisation = commands.add_parser("memorisation", help="what a network learns by heart: a small study, minutes")
    memorisation.add_argument("--seeds", type=int, default=3, help="how many seeds: 0, 1, 2, ... (3)")
    memorisation.set_defaults(run=_memorisation)
    for command in (verdict, report, simulate, memorisation):
        _add_folders(command)

    proof = commands.add_parser("pixel-proof", help="measure the pixel metrics where their values are known")
    proof.set_defaults(run=_pixel_proof)
    _add_folders(proof)

    imported = commands.add_parser("import", help="bring the records into MLflow; twice changes nothing")
    imported.set_defaults(run=_import)
    ui = commands.add_parser("ui", help="compare runs in the browser (MLflow)")
    ui.add_argument("--port", type=int, default=5000, help="on 127.0.0.1 (5000)")
    ui.set_defaults(run=_ui)
    for command in (imported, ui):
        _add_folders(command)
    return parser


def _add_cell_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data-root", type=Path, default=Path("data"), help="folder of data sets (data)")
    command.add_argument("--seeds", type=int, help="how many seeds: 0, 1, 2, ...; the study file decides where unset")
    command.add_argument("--profile", choices=PROFILES, help="in place of the study file's")
    command.add_argument("--only", metavar="FILTER", help="the cells that match, as task=prediction,memory=none")
    command.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where cells compute (auto)")
    command.add_argument("--keep-stale", action="store_true", help="accept records that were made by older code")


def _add_worker_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--mode", choices=MODES, help="fast: quicker, with other last digits; the study file decides where unset"
    )
    command.add_argument("--jobs", type=int, help="cells at a time; as many as there are cores where unset")
    command.add_argument("--threads", type=int, help="threads of a cell; cores shared out over the jobs where unset")
    command.add_argument("--scheduler", metavar="tcp://...", help="a Dask cluster of your own instead of a local one")


def _add_folders(command: argparse.ArgumentParser) -> None:
    command.add_argument("--results", type=Path, default=Path("results"), help="folder of records, tables, figures")
    command.add_argument("--work", type=Path, help="folder of stores, checkpoints and logs (RESULTS/work)")


def _work(options: argparse.Namespace) -> Path:
    results: Path = options.results
    work: Path | None = options.work
    return work or results / "work"


def _data(options: argparse.Namespace) -> int:
    from benchmarks.data.datasets import open_dataset

    if options.name in GENERATED_DATASETS:
        print(f"The {options.name} set needs no files: its frames are generated when a cell first wants them.")
        return 0
    from benchmarks.data.download import fetch

    made = fetch(options.name, options.data_root, options.archive)
    dataset = open_dataset(options.name, options.data_root)
    where = ", ".join(map(str, made)) or f"nothing new: it was in {options.data_root} already"
    print(
        f"{options.name} ({dataset.layout}): {len(dataset.train)} training and {len(dataset.test)} test videos; {where}."
    )
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from benchmarks.data.doctor import run_doctor

    return run_doctor(options.name, None if options.name in GENERATED_DATASETS else options.data_root)


def _plan(options: argparse.Namespace) -> int:
    from benchmarks.grid.plan import describe_plan
    from benchmarks.grid.study_run import prepare

    prepared = prepare(options, _work(options))
    print(prepared.study.title)
    print(describe_plan(prepared.plan, prepared.workers.jobs))
    return 0


def _reproduce(options: argparse.Namespace) -> int:
    from benchmarks.grid.study_run import prepare, run_prepared

    prepared = prepare(options, _work(options))
    if prepared.study.needs_data:
        from benchmarks.data.datasets import open_dataset

        open_dataset(prepared.study.dataset, options.data_root)  # raises before anything is started
    failures = run_prepared(prepared, tracker=None if options.no_tracking else partial(_live_tracker, options.results))
    # A filter chooses what is run, not what the table shows.
    _write_tables(load_study(options.study, profile=prepared.study.profile, seeds=options.seeds), options)
    _write_index(options)
    for cell, sentence in failures.items():
        print(f"FAILED {cell.slug}: {sentence}", file=sys.stderr)
    return 1 if failures else 0


def _inspect(options: argparse.Namespace) -> int:
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
    places = Places(options.data_root if study.needs_data else None, options.results, _work(options))
    left_out = inspect_cells(study.cells, places, device, video=options.video, keep_stale=options.keep_stale)
    if left_out:
        print(describe_left_out(left_out, places), file=sys.stderr)
    return 1 if len(left_out) == len(study.cells) else 0


def _live_tracker(results: Path, study: Study) -> Tracker:
    from benchmarks.track.live import LiveTracker

    return LiveTracker(study.name, results)


def _tables(options: argparse.Namespace) -> int:
    from benchmarks.report.readme import update_readme

    studies = _studies(options)
    for study in studies:
        main = _write_tables(study, options)
        # The README shows whole studies as their files have them, from the project's own records.
        if options.results == Path("results") and not (options.seeds or options.profile):
            update_readme(Path("README.md"), study.label, main)
    for dataset in sorted({study.dataset for study in studies}):
        _write_bottleneck(dataset, options.results)
    if options.results == Path("results"):
        update_readme(Path("README.md"), "answer", _answer(options.results))
    _write_place_tables(options)
    _write_index(options)
    return 0


def _write_bottleneck(dataset: str, results: Path) -> None:
    from benchmarks.report.bottleneck import write_bottleneck_table
    from benchmarks.report.records import by_cell, load_records
    from benchmarks.report.rows import make_rows

    records = load_records(results, dataset)
    for path in write_bottleneck_table(dataset, make_rows([one.cell for one in records], by_cell(records)), results):
        print(f"Written: {path}")


def _answer(results: Path) -> str:
    from benchmarks.report.answer import answer
    from benchmarks.report.evidence import without_stale
    from benchmarks.report.records import load_records

    records, _ = without_stale(load_records(results), _stale())
    return answer("UCSD Ped2", load_study("ped2").cells, records)


def _write_tables(study: Study, options: argparse.Namespace) -> str:
    from benchmarks.report.tables import write_tables

    written = write_tables(study.name, study.cells, options.results, work=_work(options), stem=study.label)
    print(written.main)
    print(f"\nWritten: {', '.join(map(str, written.paths.values()))}")
    return written.main


def _write_place_tables(options: argparse.Namespace) -> None:
    """Where methods see anomalies: in pixels and in boxes."""
    from benchmarks.report.box_table import write_box_tables
    from benchmarks.report.pixel_table import write_pixel_tables
    from benchmarks.report.records import load_records

    records = load_records(options.results)
    if paths := write_pixel_tables(records, options.results) | write_box_tables(records, options.results):
        print(f"Written: {', '.join(map(str, paths.values()))}")


def _write_index(options: argparse.Namespace) -> None:
    from benchmarks.report.index import write_results_index

    studies = {name: load_study(name).cells for name in study_names()}
    print(f"Written: {write_results_index(options.results, studies, work=_work(options))}")


def _figures(options: argparse.Namespace) -> int:
    from benchmarks.report.figures import write_figures
    from benchmarks.report.figures.from_looks import write_look_figures
    from benchmarks.report.index import drawn_elsewhere
    from benchmarks.report.records import by_cell, load_records

    studies = {name: load_study(name).cells for name in study_names()}
    for study in _studies(options):
        records = by_cell(load_records(options.results, study.dataset))
        drawn = [records[cell] for cell in study.cells if cell in records]
        elsewhere = drawn_elsewhere(study.name, studies) if study.name in studies else frozenset()
        looks = write_look_figures(study.label, drawn, options.results, _work(options), elsewhere)
        for path in (*write_figures(study.label, drawn, options.results, elsewhere), *looks.paths):
            print(path)
        if looks.missing:
            print(looks.sentence(study.name, _work(options)))
    _write_index(options)
    return 0


def _verdict(options: argparse.Namespace) -> int:
    from benchmarks.report.verdict import main

    return main(options, None if options.keep_stale else _stale())


def _report(options: argparse.Namespace) -> int:
    from benchmarks.report.page import main

    studies = {name: load_study(name).cells for name in study_names()}
    return main(options, studies, None if options.keep_stale else _stale())


def _stale() -> Callable[[Record], bool]:
    """Whether today's code would not make a record again."""
    from benchmarks.run.fingerprint import fingerprint

    digest = cache(lambda settings, mode: fingerprint(settings, mode).digest)
    return lambda record: record.content["fingerprint"]["digest"] != digest(record.settings, record.content["mode"])


def _simulate(options: argparse.Namespace) -> int:
    from benchmarks.report.coverage import main

    return main(options)


def _memorisation(options: argparse.Namespace) -> int:
    import torch

    from benchmarks.report.memorisation import write_views
    from benchmarks.report.tables import write_text
    from benchmarks.run.memorisation import Extent, run_study

    if options.seeds < 1:
        raise StudyError(f"Expected at least one seed, but got --seeds {options.seeds}; leave it out for three.")
    torch.set_num_threads(1)  # the same order of sums, so the same numbers, on a machine with more cores
    curves = run_study(Extent(), range(options.seeds), report=print)
    folder = options.results / "memorisation"
    text = curves.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    for path in (write_text(folder / "curves.csv", text), *write_views(curves, folder)):
        print(f"Written: {path}")
    return 0


def _pixel_proof(options: argparse.Namespace) -> int:
    from benchmarks.data.datasets import open_dataset
    from benchmarks.report.pixel_proof import main
    from benchmarks.run.looks.pixels import whole_truth

    return main(options, whole_truth(open_dataset("synthetic", None).test))


def _studies(options: argparse.Namespace) -> list[Study]:
    """The studies named, or all that are begun."""
    from benchmarks.grid.places import Places
    from benchmarks.report.index import begun

    named = options.studies or study_names()
    studies = [load_study(name, profile=options.profile, seeds=options.seeds) for name in named]
    if options.studies:
        return studies
    places = Places(None, options.results, _work(options))
    recorded = [cell for study in studies for cell in study.cells if places.record(cell).exists()]
    names = begun({study.name: study.cells for study in studies}, recorded)
    if not names:
        raise StudyError(
            f"Expected records of a study ({', '.join(named)}) in {options.results / 'runs'}, but there are none; "
            f"run one first (make reproduce-synthetic)."
        )
    return [study for study in studies if study.name in names]


def _import(options: argparse.Namespace) -> int:
    from benchmarks.track.importer import import_records

    counts = import_records(options.results, progress=True)
    print(f"MLflow: {counts.added} records added, {counts.replaced} replaced, {counts.unchanged} unchanged.")
    return 0


def _ui(options: argparse.Namespace) -> int:
    from benchmarks.track.ui import serve

    return serve(options.results, options.port)
