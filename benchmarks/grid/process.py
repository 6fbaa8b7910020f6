"""One cell in a fresh process: its command, its end, and what to say about it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmarks.grid.machine import memory_kills
from benchmarks.grid.places import Places
from benchmarks.run.cell_lock import HELD
from benchmarks.study.settings import Cell

ROOT = Path(__file__).resolve().parents[2]
# What follows the interpreter in a cell's command.
CELL = ("-m", "benchmarks.run.cell")

_GUARD = Path(__file__).with_name("guard.py")
_POLL_SECONDS = 0.5
_TAIL_BYTES = 65536
_STUDY_ERROR = 2
_SIGNALLED = 128
_KILLED = (_SIGNALLED + signal.SIGKILL, -signal.SIGKILL)
_running: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True)
class Job:
    """All that a worker needs to run a cell; it can be pickled, and its paths are absolute."""

    name: str
    arguments: tuple[str, ...]
    settings: dict[str, Any]
    settings_file: Path
    output: Path
    record: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How a cell ended; held: another command has it. sentence: empty when done. out_of_memory: whether the kernel killed it for want of memory."""

    state: Literal["done", "failed", "cancelled", "held"]
    sentence: str
    seconds: float
    out_of_memory: bool = False


def cell_job(
    cell: Cell,
    places: Places,
    *,
    threads: int,
    device: str,
    entry: tuple[str, ...] = CELL,
    mode: str = "record",
    evaluate_every: int = 0,
    time_steps: int = 0,
    known_record: int | None = None,
) -> Job:
    """Write down a cell as a command (nothing is started). entry: what follows the interpreter.

    time_steps: of training, to be timed in place of a run; what it leaves is the cell's timing, and no record.
    known_record: when the record was changed last (st_mtime_ns); a newer one is left as it is.
    """
    settings_file = places.folder(cell) / "settings.json"
    data = () if places.data_root is None else ("--data-root", str(places.data_root.absolute()))
    folders = ("--results", str(places.results.absolute()), "--work", str(places.work.absolute()))
    shares = ("--threads", str(threads), "--device", device, "--mode", mode, "--quiet")
    looks = ("--evaluate-every", str(evaluate_every)) if evaluate_every else ()
    timing = ("--time-steps", str(time_steps)) if time_steps else ()
    known = () if known_record is None else ("--known-record", str(known_record))
    options = (*data, *folders, *shares, *looks, *timing, *known)
    arguments = (*entry, "--settings", str(settings_file), "--seed", str(cell.seed), *options)
    environment = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    return Job(
        cell.slug,
        arguments,
        cell.settings.to_dict(),
        settings_file,
        places.output(cell),
        places.timing(cell) if time_steps else places.record(cell),
        environment,
    )


def run_job(job: Job, cancelled: Callable[[], bool] = lambda: False) -> Ended:
    """Run a cell to its end; a cell that fails in any way is an answer, not an exception.

    cancelled: asked twice a second; once it says yes, the cell and its children are killed.
    """
    started, kills = time.monotonic(), memory_kills()
    ended, was_cancelled = threading.Event(), threading.Event()
    try:
        job.settings_file.parent.mkdir(parents=True, exist_ok=True)
        job.settings_file.write_text(json.dumps(job.settings, indent=1), encoding="utf-8")
        with job.output.open("wb") as output:
            guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_GUARD), sys.executable, *job.arguments],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={**os.environ, **job.environment},
                start_new_session=True,  # so that Ctrl-C in the terminal does not reach it
            )
    except OSError as error:
        return Ended("failed", f"Expected to start the cell {job.name}, but {error}; put that right.", 0.0)
    _running.add(guard)

    def watch() -> None:
        while not ended.wait(_POLL_SECONDS):
            if cancelled():
                was_cancelled.set()
                _let_go(guard)
                return

    # The end is waited for in the kernel: asking for it now and then would cost each short cell a part of a second.
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        guard.wait()
    finally:
        ended.set()
        watcher.join()
        _let_go(guard)
        status = guard.wait()
        _running.discard(guard)
    seconds = time.monotonic() - started
    if was_cancelled.is_set():
        return Ended("cancelled", f"The cell {job.name} was cancelled.", seconds)
    if status == 0 and job.record.is_file():
        return Ended("done", "", seconds)
    if status == HELD:
        return Ended("held", _last_line(job.output), seconds)
    out_of_memory = status in _KILLED and memory_kills() > kills
    return Ended("failed", _why(job, status, out_of_memory=out_of_memory), seconds, out_of_memory)


def kill_all() -> None:
    """Kill the cells that this process has started, children included, and wait until they are gone."""
    guards = list(_running)
    for guard in guards:
        _let_go(guard)
    for guard in guards:
        guard.wait()


def _let_go(guard: subprocess.Popen[bytes]) -> None:
    """Close the guard's pipe: it kills what it guards and ends."""
    assert guard.stdin is not None
    with contextlib.suppress(OSError):
        guard.stdin.close()


def _why(job: Job, status: int, *, out_of_memory: bool) -> str:
    """One sentence on a cell that left no record."""
    said = _last_line(job.output)
    if status == 0:
        return f"Expected the cell {job.name} to leave {job.record}, but it ended without; see {job.output}."
    if status == _STUDY_ERROR:
        return said or f"The cell {job.name} was refused without a word; see {job.output}."
    if status in _KILLED:
        why = (
            "because memory ran out; run fewer at a time (JOBS=1)" if out_of_memory else "from outside; start it again"
        )
        return f"The cell {job.name} was killed {why}: it resumes from its last epoch."
    if status > _SIGNALLED:
        with contextlib.suppress(ValueError):
            name = signal.Signals(status - _SIGNALLED).name
            return f"The cell {job.name} was ended by {name}; see {job.output}."
    return f"The cell {job.name} crashed with status {status}: {said or 'it said nothing'} (see {job.output})."


def _last_line(file: Path) -> str:
    """The last line with something on it."""
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - _TAIL_BYTES))
            lines = stream.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
