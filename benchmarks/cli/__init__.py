"""The command line: ``python -m benchmarks COMMAND ...``; the Makefile's targets call it.

Exit status: 0 all is well, 1 a cell failed or was left out or a set is not fit to use, 2 a wrong input (one sentence), 130
interrupted.
Whatever is heavy is imported by the command that needs it.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from benchmarks.cli import measuring, reproduction, runs, taking, views
from benchmarks.cli.options import (
    DEVICES,
    add_cell_options,
    add_data_root,
    add_folders,
    add_own_folders,
    add_worker_options,
)
from benchmarks.cli.parsing import Parser, add_choice, add_inches, add_number, folder
from benchmarks.errors import StudyError, printable_lines
from benchmarks.hints import given
from benchmarks.study.files import study_names
from benchmarks.study.settings import PRECISIONS, PROFILES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = argparse.Namespace(runs_cells=False)
    try:
        _parser().parse_args(arguments, options)
        with _ends_on_signals(), given(options):
            status: int = options.run(options)
    except StudyError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        cells = "cells that ran were stopped, and the same command continues"
        print(f"Interrupted; {cells if options.runs_cells else 'give the command again to finish'}.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `... | head`: who read has read enough; Python would complain once more when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:  # a file or folder that no check before this one has read
        print(printable_lines(_sentence(error)), file=sys.stderr)
        return 2
    return status


@contextmanager
def _ends_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the command as an exception would: what it started ends, its live runs are marked."""

    def leave(number: int, frame: FrameType | None) -> None:
        del frame
        for one in before:
            signal.signal(one, signal.SIG_IGN)  # a second signal must not stop the tidying up
        raise SystemExit(128 + number)

    before: dict[signal.Signals, object] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup sets SIGHUP
                before[number] = signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]


def _sentence(error: OSError) -> str:
    """What the system refused, as a sentence."""
    place = "the files that this command needs" if error.filename is None else os.fsdecode(error.filename)
    return (
        f"Expected to read or write {place}, but the system says: {error.strerror or error}; "
        f"correct its rights, free space or name another place."
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m benchmarks", description="Run the study and view its records.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    data = commands.add_parser("data", help="fetch a data set and check it")
    data.add_argument("name", help="data set, as ped2")
    data.add_argument(
        "--archive", type=Path, help="the release's file, or a folder of its files, instead of a download"
    )
    data.set_defaults(run=runs.data)

    doctor = commands.add_parser("doctor", help="check a data set and say what is wrong")
    doctor.add_argument("name", help="data set, as ped2")
    doctor.set_defaults(run=runs.doctor)
    for command in (data, doctor):
        add_data_root(command)

    plan = commands.add_parser("plan", help="list a study's cells, done or missing, with time; runs nothing")
    plan.set_defaults(run=runs.plan)
    plan.add_argument("--commands", action="store_true", help="print a line for a shell per run that is left, no more")
    reproduce = commands.add_parser("reproduce", help="run a study's missing cells, then show its table")
    reproduce.add_argument("--no-tracking", action="store_true", help="do not show runs in MLflow while they go")
    reproduce.add_argument(
        "--repair", action="store_true", help="first clear away what is damaged, so that it is made again"
    )
    reproduce.set_defaults(run=runs.reproduce, runs_cells=True)
    rehearse = commands.add_parser(
        "rehearse", help="run a study at smoke size, resume included, to see every part work; keeps nothing"
    )
    rehearse.set_defaults(run=runs.rehearse, runs_cells=True)
    for command in (reproduce, rehearse):
        add_number(
            command,
            "--time-steps",
            metavar="N",
            help="time N steps of each setting before the run, for the plan (100 on a GPU that is new here; 0: none)",
        )
    for command in (plan, reproduce, rehearse):
        command.add_argument("study", help=f"{', '.join(study_names())}, or the path of a .toml file")
        add_cell_options(command)
        add_worker_options(command)
        add_own_folders(command)

    verified = commands.add_parser(
        "verify", help="train one cell of the reference again and compare; exit status 0 or 1"
    )
    verified.add_argument(
        "cell", help="its name, or the digits that the name ends in; with :SEED for another seed than 0"
    )
    verified.set_defaults(run=reproduction.verify, runs_cells=True)
    add_data_root(verified)
    add_choice(verified, "--precision", PRECISIONS, help="what the machine computes natively where unset")
    add_choice(verified, "--device", DEVICES, default="auto", help="where it computes (auto)")
    adopted = commands.add_parser("reference", help="maintainers: take finished, clean, valid own runs over")
    adopted.add_argument("study", help=f"{', '.join(study_names())}, or the path of a .toml file")
    adopted.set_defaults(run=taking.adopt)
    gathered = commands.add_parser("gather", help="take finished runs of other machines over into own ones, checked")
    gathered.add_argument("source", type=folder, metavar="FOLDER", help="where they lie, at any depth")
    gathered.set_defaults(run=taking.gather)
    moved = commands.add_parser("processors", help="maintainers: how far this machine moves runs of the reference")
    moved.set_defaults(run=reproduction.processors)
    for command in (moved, verified, adopted, gathered):
        add_own_folders(command)

    inspected = commands.add_parser("inspect", help="look into trained cells again, from their checkpoints")
    inspected.add_argument("study", help=f"{', '.join(study_names())}, or the path of a .toml file")
    inspected.add_argument("--video", metavar="NAME", help="write all frames of this test video for an animation, too")
    inspected.set_defaults(run=runs.inspect)
    add_cell_options(inspected)
    add_own_folders(inspected)

    measured = commands.add_parser("measure", help="measure the records again from their terms; trains nothing")
    measured.set_defaults(run=measuring.measure)
    add_folders(measured)
    checked = commands.add_parser("verify-records", help="check every record's digest, table and metrics")
    checked.set_defaults(run=measuring.verify_records)
    add_folders(checked)

    tables = commands.add_parser("tables", help="write the tables of studies from their records")
    tables.set_defaults(run=views.tables)
    figures = commands.add_parser("figures", help="draw the figures of studies from their records and looks")
    add_choice(figures, "--format", ("png", "pdf", "svg"), default="png", help="other than png: in RESULTS/paper (png)")
    add_inches(
        figures, "--width", metavar="INCHES", help="inches, as 3.4 for a column; in RESULTS/paper (each its own)"
    )
    figures.add_argument(
        "--each-setting",
        action="store_true",
        help="draw losses, use of the memory, scores over time, stills and videos of single settings too",
    )
    figures.set_defaults(run=views.figures)
    table = commands.add_parser("table", help="show a study's table with chosen columns, as Markdown and LaTeX")
    table.add_argument("studies", nargs=1, metavar="study", help=f"{', '.join(study_names())}, or a .toml file")
    table.add_argument(
        "--columns", metavar="A,B", help="as method,memory,auc; all where unset (an unknown one lists them)"
    )
    table.add_argument("--out", type=Path, metavar="FILE", help="write FILE.md and FILE.tex")
    table.set_defaults(run=views.table)
    for command in (tables, figures):
        command.add_argument("studies", nargs="*", metavar="study", help="all with a record where none is named")
    for command in (tables, figures, table):
        add_choice(command, "--profile", PROFILES, help="in place of the study file's")
        add_number(command, "--seeds", help="at least so many seeds, where the study file has fewer")
        add_folders(command)

    verdict = commands.add_parser("verdict", help="judge every claim by the records")
    verdict.add_argument("--keep-stale", action="store_true", help="accept records that were made by older code")
    verdict.set_defaults(run=views.verdict)
    report = commands.add_parser("report", help="write the page that shows the whole study, one file")
    report.add_argument("--keep-stale", action="store_true", help="accept records that were made by older code")
    add_number(report, "--points", help="points of each run's score timeline (800)")
    report.add_argument("--out", type=Path, metavar="FILE", help="the page's file (report/index.html in the results)")
    report.set_defaults(run=views.report)
    simulate = commands.add_parser("simulate", help="measure what the intervals are worth on invented studies")
    add_number(simulate, "--draws", help="studies per scenario (1500)")
    simulate.set_defaults(run=runs.simulate)
    memorisation = commands.add_parser("memorisation", help="what a network learns by heart: a small study, minutes")
    add_number(memorisation, "--seeds", default=3, help="how many seeds: 0, 1, 2, ... (3)")
    memorisation.set_defaults(run=runs.memorisation)
    for command in (verdict, report, simulate, memorisation):
        add_folders(command)
    for command in (measured, tables, figures, verdict, report):
        add_data_root(command)

    imported = commands.add_parser("import", help="bring the records into MLflow; twice changes nothing")
    imported.set_defaults(run=views.import_into_mlflow)
    ui = commands.add_parser("ui", help="compare runs in the browser (MLflow)")
    add_number(ui, "--port", default=5000, help="on 127.0.0.1 (5000)")
    ui.add_argument("--auth", action="store_true", help="ask for a password, printed at the start")
    ui.set_defaults(run=views.ui)
    for command in (imported, ui):
        add_own_folders(command)
    return parser
