"""Options that commands share, and where a command's work folder is."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.cli.parsing import add_choice, add_number
from benchmarks.study.settings import MODES, PROFILES

_DEVICES = ("auto", "cpu", "cuda")


def add_cell_options(command: argparse.ArgumentParser) -> None:
    """Which cells, from which data."""
    command.add_argument("--data-root", type=Path, default=Path("data"), help="folder of data sets (data)")
    add_number(command, "--seeds", help="how many seeds: 0, 1, 2, ...; the study file decides where unset")
    add_choice(command, "--profile", PROFILES, help="in place of the study file's")
    command.add_argument("--only", metavar="FILTER", help="the cells that match, as task=prediction,memory=none")
    add_choice(command, "--device", _DEVICES, default="auto", help="where cells compute (auto)")
    command.add_argument("--keep-stale", action="store_true", help="accept records that were made by older code")


def add_worker_options(command: argparse.ArgumentParser) -> None:
    """How cells are run."""
    add_choice(
        command, "--mode", MODES, help="fast: quicker, with other last digits; the study file decides where unset"
    )
    add_number(command, "--jobs", help="cells at a time; as many as there are cores where unset")
    add_number(command, "--threads", help="threads of a cell; cores shared out over the jobs where unset")
    command.add_argument("--scheduler", metavar="tcp://...", help="a Dask cluster of your own instead of a local one")


def add_folders(command: argparse.ArgumentParser) -> None:
    """Where records, views and work go."""
    command.add_argument("--results", type=Path, default=Path("results"), help="folder of records, tables, figures")
    command.add_argument("--work", type=Path, help="folder of stores, checkpoints and logs (RESULTS/work)")


def work_folder(options: argparse.Namespace) -> Path:
    """Return the folder of stores, checkpoints and logs."""
    results: Path = options.results
    work: Path | None = options.work
    return work or results / "work"
