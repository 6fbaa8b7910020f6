"""What tests of the grid share: cells, folders, and cells' commands that do as they are asked."""

import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.grid.places import Places
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

_HEAD = """
import argparse, json, os, pathlib, signal, subprocess, sys, time
sys.path.insert(0, os.getcwd())
from benchmarks.study.settings import Cell, Settings
parser = argparse.ArgumentParser()
for name in ("--settings", "--data-root", "--results", "--work", "--threads", "--device", "--mode", "--evaluate-every",
             "--time-steps", "--known-record"):
    parser.add_argument(name)
parser.add_argument("--seed", type=int)
parser.add_argument("--quiet", action="store_true")
options = parser.parse_args()
settings = Settings.from_dict(json.loads(pathlib.Path(options.settings).read_text()))
work = pathlib.Path(options.work) / Cell(settings, options.seed).slug

def progress(**content):
    temporary = work / "progress.tmp"
    temporary.write_text(json.dumps(content))
    temporary.replace(work / "progress.json")

def leave_record():
    folder = pathlib.Path(options.results) / "runs" / settings.dataset / settings.profile / settings.name
    folder.mkdir(parents=True, exist_ok=True)
    headline = {"variant": "update", "score": "fused", "normalisation": "per_video", "micro_auc": 0.931}
    (folder / f"seed-{options.seed}.json").write_text(json.dumps({"schema": 1, "headline": headline}))
"""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Fresh folders."""
    return Places(None, tmp_path / "results", tmp_path / "work")


@pytest.fixture
def cells() -> list[Cell]:
    """Four seeds of one setting."""
    settings = resolve(dataset="synthetic", method="mnad", task="reconstruction", profile="smoke")
    return [Cell(settings, seed) for seed in range(4)]


@pytest.fixture
def fake_cell(tmp_path: Path) -> Callable[[str], tuple[str, ...]]:
    """A function from the body of a script (`options`, `progress` and `leave_record` can be used) to a cell's entry."""

    def write(body: str) -> tuple[str, ...]:
        script = tmp_path / "fake_cell.py"
        script.write_text(_HEAD + textwrap.dedent(body))
        return (str(script),)

    return write


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def alive() -> Callable[[list[int]], int]:
    """A function that counts the processes that run."""
    return lambda pids: sum(map(_is_alive, pids))


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], bool]:
    """A function that waits for a condition, at most a minute; it returns whether the condition came."""

    def wait(condition: Callable[[], bool]) -> bool:
        end = time.monotonic() + 60
        while not (met := condition()) and time.monotonic() < end:
            time.sleep(0.05)
        return met

    return wait
