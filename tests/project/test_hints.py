"""Hints that commands print: pasted into a shell they reach the command line with what the user has given."""

import argparse
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cli import _parser
from benchmarks.hints import given, hint
from benchmarks.report.tables.write import continue_command

ROOT = Path(__file__).parents[2]
ODD = "/da ta/$HOME/it's `x`;"


def pasted(line: str, folder: Path) -> argparse.Namespace:
    """What the command line reads of a hint that was pasted into a shell in the repository."""
    python = folder / "python"
    python.write_text(
        f"#!{sys.executable}\nimport json, os, shlex, sys\n"
        "print(json.dumps(sys.argv[3:] + shlex.split(os.environ.get('BENCHMARKS_ARGS', ''))))\n"
    )
    python.chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", f"{line} VENV_PYTHON={shlex.quote(str(python))}"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return _parser().parse_args(json.loads(done.stdout.splitlines()[-1]), argparse.Namespace(runs_cells=False))


def options(*arguments: str) -> argparse.Namespace:
    return _parser().parse_args(arguments, argparse.Namespace(runs_cells=False))


GIVEN = {
    "nothing": options("reproduce", "ped2"),
    "much": options(
        *("reproduce", "ped2", "--data-root", ODD, "--results", "my results", "--seeds", "3", "--profile", "cpu"),
        *("--only", "memory=none,task=prediction", "--precision", "float32", "--threads", "1", "--keep-stale"),
        *("--work", "/w ork", "--reference", "ref"),
    ),
    "the reference": options("tables", "--data-root", "/data"),
}
HINTS: tuple[tuple[str, str], ...] = (
    ("reproduce", "ped2"),
    ("reproduce", "my own.toml"),
    ("plan", "ped2"),
    ("inspect", "ped2"),
    ("rehearse", "ped2"),
    ("measure", ""),
    ("tables", ""),
    ("tables", "ped2"),
    ("figures", ""),
    ("verdict", ""),
    ("report", ""),
    ("import", ""),
    ("ui", ""),
    ("reference", "ped2"),
)


class TestHint:
    @pytest.mark.parametrize("who", GIVEN)
    @pytest.mark.parametrize(("command", "study"), HINTS)
    def test_reaches_the_command_with_what_was_given(self, who: str, command: str, study: str, tmp_path: Path) -> None:
        """Every option that the command has and that the user gave arrives as it was; the folder of records, too."""
        with given(GIVEN[who]):
            line = hint(command, study)
        found: dict[str, Any] = vars(pasted(line, tmp_path))
        wanted = vars(GIVEN[who])
        for name in {"data_root", "seeds", "profile", "only", "precision", "threads", "work", "keep_stale"} & set(
            found
        ):
            if name in wanted:
                assert found[name] == wanted[name], name
        if who != "the reference" or command not in ("reproduce", "plan", "rehearse"):
            assert found["results"] == wanted["results"]
        if study:
            assert study in (found.get("study"), *(found.get("studies") or ()))

    def test_more_arguments_and_another_folder(self, tmp_path: Path) -> None:
        """A hint may add options of its own, and leave out what does not belong to it."""
        with given(GIVEN["much"]):
            found = pasted(hint("ui", "", "--auth", PORT=6000), tmp_path)
            assert (found.auth, found.port) == (True, 6000)
            found = pasted(hint("tables", results=Path("ref"), SEEDS=None), tmp_path)
            assert (found.results, found.seeds) == (Path("ref"), None)

    def test_a_table_of_own_runs_says_what_was_typed(self, tmp_path: Path) -> None:
        """The command that continues a study of the user's own is the one that began it; the reference's is the same for all."""
        with given(options("reproduce", "my own.toml", "--data-root", ODD, "--results", "mine", "--only", "seed=1")):
            found = pasted(continue_command("mine", ()), tmp_path)
        assert (found.study, found.only, found.results, str(found.data_root)) == (
            "my own.toml",
            "seed=1",
            Path("mine"),
            ODD,
        )
        with given(GIVEN["the reference"]):
            assert continue_command("ped2", ()) == "make reproduce-ped2"

    def test_without_a_command_that_runs(self) -> None:
        """From a library a hint is the bare command."""
        assert hint("measure") == "make measure"
        assert hint("reproduce", "synthetic") == "make reproduce-synthetic"
