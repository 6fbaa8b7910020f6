"""Options that commands share, and where a command's work folder is."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.cli.parsing import add_choice, add_number, folder
from benchmarks.hints import OWN, REFERENCE
from benchmarks.study.settings import MODES, PRECISIONS, PROFILES

DEVICES = ("auto", "cpu", "cuda")


def add_data_root(command: argparse.ArgumentParser) -> None:
    """Where data lies."""
    command.add_argument("--data-root", type=folder, default=Path("data"), help="folder of data sets (data)")


def add_cell_options(command: argparse.ArgumentParser) -> None:
    """Which cells, from which data."""
    add_data_root(command)
    add_number(command, "--seeds", help="how many seeds: 0, 1, 2, ... (1; of a study file of your own what it says)")
    add_choice(command, "--profile", PROFILES, help="in place of the study file's")
    command.add_argument("--only", metavar="FILTER", help="the cells that match, as task=prediction,memory=none")
    add_choice(command, "--device", DEVICES, default="auto", help="where cells compute (auto)")
    command.add_argument("--keep-stale", action="store_true", help="accept records that were made by older code")


def add_worker_options(command: argparse.ArgumentParser) -> None:
    """How cells are run."""
    add_choice(
        command, "--mode", MODES, help="fast: quicker, with other last digits; the study file decides where unset"
    )
    add_choice(
        command, "--precision", PRECISIONS, help="of the default cells; what the machine computes natively where unset"
    )
    add_number(command, "--jobs", help="cells at a time; as many as cores and memory allow where unset")
    add_number(command, "--threads", help="threads of a cell; cores shared out over the jobs where unset")
    command.add_argument(
        "--scheduler", metavar="tcp://...", help="a Dask cluster of your own; or the file that its scheduler writes"
    )
    command.add_argument("--cluster", type=folder, metavar="FILE", help="SLURM jobs as workers, as slurm.toml says")
    add_number(command, "--wait", metavar="SECONDS", help="for a worker of the cluster (120)")
    for role, what in (("ca", "the authority's certificate"), ("cert", "your certificate"), ("key", "its key")):
        command.add_argument(f"--tls-{role}", type=folder, metavar="FILE", help=f"for an encrypted cluster: {what}")
    command.add_argument(
        "--checkpoints", action="store_true", help="bring checkpoints back, too, from workers without this disk"
    )


def add_own_folders(command: argparse.ArgumentParser) -> None:
    """Where own runs go, and where the reference lies that they are compared with and never written to."""
    add_folders(command, default=OWN)
    command.add_argument("--reference", type=Path, default=REFERENCE, help=f"folder of the reference ({REFERENCE})")


def add_folders(command: argparse.ArgumentParser, default: Path = REFERENCE) -> None:
    """Where records, views and work are."""
    command.add_argument("--results", type=Path, default=default, help=f"folder of records and views ({default})")
    command.add_argument("--work", type=Path, help="folder of stores, checkpoints and logs (RESULTS/work)")


def work_folder(options: argparse.Namespace) -> Path:
    """Return the folder of stores, checkpoints and logs."""
    results: Path = options.results
    work: Path | None = options.work
    return work or results / "work"
