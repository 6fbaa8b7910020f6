"""A laboratory for clusters: a scheduler, workers and commands as processes of their own, which it ends.

Where the system allows it, each worker has a mount namespace in which the command's folders are empty, and, for root, a
network namespace with a cable that can be cut.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

from benchmarks.faults.artefacts import write_tiny_set

ROOT = Path(__file__).resolve().parents[2]
_STUDY = """
[study]
name = "cluster-test"
title = "A tiny set on a cluster"
dataset = "tiny"
seeds = {seeds}
profile = "smoke"

[settings]
train_stride = 1
batch = 4
epochs = 8

[[cells]]
method = "mnad"
task = "reconstruction"
"""
_HIDE = 'mount -t tmpfs none "$1" || exit 9; shift; exec "$@"'
_SECONDS = 900
_NO_THREADS = {"THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass
class Command:
    """A `reproduce` that runs, and what it prints."""

    process: "subprocess.Popen[bytes]"
    output: Path
    results: Path

    def said(self) -> str:
        """All that it has printed so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def wait(self) -> int:
        """Its exit status; it is killed where it does not end."""
        try:
            return self.process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@dataclass
class Lab:
    """Clones, data and processes below a folder that is removed; a context, so that no process is left."""

    folder: Path
    _processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    _networks: list[str] = field(default_factory=list)
    _numbers: int = 0
    unshared: bool = False
    cables: bool = False

    def lay_out(self) -> None:
        """Write clones and data of workers, apart from the command's, and find out what the system allows."""
        write_tiny_set(self.folder / "client" / "data")
        for name in ("data", "other-data"):
            shutil.copytree(self.folder / "client" / "data", self.folder / name)
        (self.folder / "other-data" / "tiny" / "test" / "01.txt").write_text("0\n" * 5 + "1\n" * 7)
        (self.folder / "no-data").mkdir()
        for name in ("clone", "other-clone"):
            for package in ("benchmarks", "mnad", "memae", "baselines", "synthetic"):
                shutil.copytree(
                    ROOT / package, self.folder / name / package, ignore=shutil.ignore_patterns("__pycache__")
                )
        with (self.folder / "other-clone" / "mnad" / "losses.py").open("a") as file:
            file.write("\nOTHER = True\n")
        self.unshared = _succeeds([*self._unshare(), "true"])
        self.cables = self.unshared and os.geteuid() == 0 and shutil.which("ip") is not None and self._can_cable()

    def __enter__(self) -> Self:
        """Begin with no process."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes and networks."""
        for process in self._processes:
            kill(process)
        self._processes.clear()
        for name in self._networks:
            _succeeds(["ip", "netns", "del", name])
        self._networks.clear()

    def _unshare(self) -> list[str]:
        return ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]

    def _can_cable(self) -> bool:
        name = f"cl{os.getpid()}x"
        return _succeeds(["ip", "netns", "add", name]) and _succeeds(["ip", "netns", "del", name])

    def scheduler(self, port: int = 0) -> int:
        """Start a scheduler and return its port."""
        self._numbers += 1
        file = self.folder / f"scheduler-{self._numbers}.json"
        command = ["distributed.cli.dask_scheduler", "--host", "0.0.0.0", "--port", str(port), "--no-dashboard"]  # noqa: S104 -- in a laboratory of networks of its own
        environment = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "15s"}
        self.scheduler_process = self.start(
            [sys.executable, "-m", *command, "--scheduler-file", str(file)], self.folder, environment
        )
        wait_until(file.is_file)
        return int(json.loads(file.read_text())["address"].rpartition(":")[2])

    def worker(self, port: int, name: str, *, clone: str = "clone", data: str = "data") -> "subprocess.Popen[bytes]":
        """Start a worker with folders, and where possible a network, of its own."""
        self._numbers += 1
        host = "127.0.0.1"
        prefix: list[str] = []
        if self.cables:
            host, prefix = self._cable(f"cl{os.getpid()}n{self._numbers}", self._numbers)
        if self.unshared:
            prefix += [*self._unshare(), "sh", "-c", _HIDE, "sh", str(self.folder / "client")]
        home = self.folder / "workers" / name
        home.mkdir(parents=True, exist_ok=True)
        command = ["-m", "distributed.cli.dask_worker", f"tcp://{host}:{port}", "--nthreads", "1", "--no-dashboard"]
        command += ["--name", name, "--local-directory", str(home / "dask")]
        environment = {
            "PYTHONPATH": str(self.folder / clone),
            "DATA_ROOT": str(self.folder / data),
            "WORKER_FOLDER": str(home),
        }
        return self.start([*prefix, sys.executable, *command], self.folder / clone, environment)

    def _cable(self, name: str, number: int) -> tuple[str, list[str]]:
        """Make a network of its own, and return the address of this machine there and what runs a command in it."""
        outside = f"10.213.{number // 60}.{4 * (number % 60) + 1}"
        inside = f"10.213.{number // 60}.{4 * (number % 60) + 2}"
        self._networks.append(name)
        for line in (
            f"ip netns add {name}",
            f"ip link add {name} type veth peer name eth0 netns {name}",
            f"ip addr add {outside}/30 dev {name}",
            f"ip link set {name} up",
            f"ip -n {name} addr add {inside}/30 dev eth0",
            f"ip -n {name} link set eth0 up",
            f"ip -n {name} link set lo up",
        ):
            subprocess.run(line.split(), check=True, capture_output=True)
        return outside, ["ip", "netns", "exec", name]

    def cut(self) -> None:
        """Cut the cable of the worker that was started last."""
        subprocess.run(["ip", "link", "set", self._networks[-1], "down"], check=True, capture_output=True)

    def command(self, name: str, seeds: int, *arguments: str) -> Command:
        """Start `reproduce` of so many cells, with results of its own."""
        folder = self.folder / "client" / name
        folder.mkdir(parents=True, exist_ok=True)
        study = folder / "study.toml"
        study.write_text(_STUDY.format(seeds=seeds))
        places = ["--data-root", str(self.folder / "client" / "data"), "--results", str(folder / "results")]
        self._numbers += 1
        output = folder / f"output-{self._numbers}.txt"
        with output.open("wb") as file:
            process = self.start(
                [
                    *(sys.executable, "-m", "benchmarks", "reproduce", str(study), "--no-tracking", "--threads", "1"),
                    *("--precision", "float32", *places, *arguments),
                ],
                ROOT,
                {},
                file,
            )
        return Command(process, output, folder / "results")

    def is_training(self, name: str) -> bool:
        """Whether a worker has a cell that has finished an epoch."""
        return any(
            '"epochs_done": [\n' in text or '"epochs_done": [{' in text
            for path in (self.folder / "workers" / name).glob("work/*/progress.json")
            for text in [path.read_text(errors="replace")]
        )

    def orphans(self) -> list[int]:
        """Processes of cells whose worker is gone."""
        found = []
        for process in psutil.process_iter(["cmdline", "status"]):
            line = " ".join(process.info["cmdline"] or ())
            if "benchmarks.run.cell" in line and str(self.folder) in line and process.info["status"] != "zombie":
                found.append(process.pid)
        return found

    def start(
        self, command: Sequence[str], cwd: Path, environment: dict[str, str], output: Any = subprocess.DEVNULL
    ) -> "subprocess.Popen[bytes]":
        """Start a process that ends with this laboratory."""
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **_NO_THREADS, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._processes.append(process)
        return process


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and its children at once, as a machine that goes down does."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for one in family:
            # Cells are in sessions of their own: a machine takes them along, a killed worker leaves them to their guard.
            if "guard.py" not in " ".join(_line(one)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.send_signal(signal.SIGKILL)
    process.wait()


def _line(process: psutil.Process) -> list[str]:
    try:
        line: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return line


def wait_until(condition: Callable[[], bool], seconds: float = _SECONDS) -> bool:
    """Wait until something is so, and return whether it came to be."""
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return met


def _succeeds(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0
    except OSError:
        return False
