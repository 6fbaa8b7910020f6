"""Workers as SLURM jobs, by dask-jobqueue: a file says what a job asks for, and as many run as there are cells for them."""

import contextlib
import logging
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.errors import StudyError
from benchmarks.grid.process import ROOT
from benchmarks.reading import expected, read_toml

_FILE = "a table of strings, numbers and lists as docs/clusters.md shows it"
_REMEDY = "correct the file (docs/clusters.md lists its keys)"
# A cell may see the end of several jobs' walltime before its own end.
_MOST_LOST = 20


@dataclass(frozen=True)
class SlurmFile:
    """What ``slurm.toml`` says.

    jobs: most at a time. cores, memory ("16GB"), gpus, walltime ("04:00:00"): of a job. cells: of a job at a time.
    modules: to load. setup: more lines of shell before the worker. data_root: on the nodes. directives: more lines of
    #SBATCH. interface: of the network, where this machine has several. wait: seconds for the first job to start.
    """

    walltime: str
    memory: str
    jobs: int = 1
    cores: int = 1
    cells: int = 1
    gpus: int = 0
    partition: str | None = None
    account: str | None = None
    data_root: str | None = None
    interface: str | None = None
    modules: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    directives: tuple[str, ...] = ()
    wait: int | None = None

    @classmethod
    def read(cls, path: Path) -> "SlurmFile":
        """Read a file; raises StudyError where it is none or a value is of another kind."""
        with expected(_FILE, path, _REMEDY):
            values: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in read_toml(path).items()
            }
            known = {field.name: field.type for field in fields(cls)}
            if unknown := sorted(set(values) - set(known)):
                raise ValueError(f"it has {', '.join(unknown)}, which is none of {', '.join(known)}")
            if missing := [name for name in ("walltime", "memory") if name not in values]:
                raise ValueError(f"{' and '.join(missing)} is missing")
            for name, value in values.items():
                _check(name, value)
            return cls(**values)

    def script(self, logs: Path) -> dict[str, Any]:
        """Return dask-jobqueue's arguments for a job."""
        gpus = [f"--gres=gpu:{self.gpus}"] if self.gpus else []
        root = [f"export DATA_ROOT={shlex.quote(self.data_root)}"] if self.data_root else []
        return {
            "queue": self.partition,
            "account": self.account,
            "walltime": self.walltime,
            "memory": self.memory,
            "cores": self.cells,  # of Dask's: as many cells at a time
            "job_cpu": self.cores,
            "processes": 1,
            "python": sys.executable,
            "interface": self.interface,
            "local_directory": str(logs),
            "log_directory": str(logs),
            "job_name": "benchmarks",
            "job_extra_directives": [*gpus, *self.directives],
            "job_script_prologue": [
                *(f"module load {shlex.quote(module)}" for module in self.modules),
                *root,
                f"export PYTHONPATH={shlex.quote(str(ROOT))}",
                f"cd {shlex.quote(str(ROOT))}",
                *self.setup,
            ],
            "worker_extra_args": ["--resources", f"GPU={self.cells}"] if self.gpus else [],
        }

    @contextlib.contextmanager
    def started(self, logs: Path, security: Any = None) -> Iterator[tuple[Any, Callable[[int], None]]]:
        """Yield the cluster, and what sets how many jobs there are by how many cells are left; all end with this context.

        Dask keeps that many: a job that has reached its walltime is submitted again. Raises StudyError where SLURM or
        dask-jobqueue is not here, or SLURM refuses the job.
        """
        try:
            import dask
            from dask_jobqueue.slurm import SLURMCluster
        except ImportError as error:
            raise StudyError(
                "Expected dask-jobqueue for --cluster, but it is not installed; pip install '.[cluster]'."
            ) from error
        if shutil.which("sbatch") is None:
            raise StudyError("Expected SLURM's sbatch for --cluster, but it is not here; start on a login node.")
        logs.mkdir(parents=True, exist_ok=True)
        more = {} if security is None else {"security": security, "protocol": "tls://"}
        options = {"dashboard": False}  # which would be open to the network
        with (
            dask.config.set({"distributed.scheduler.allowed-failures": _MOST_LOST}),
            SLURMCluster(
                scheduler_options=options, silence_logs=logging.CRITICAL, **self.script(logs), **more
            ) as cluster,
        ):
            _refuse_what_slurm_does(cluster.job_script())
            adaptive: list[Any] = []

            def scale(left: int) -> None:
                wanted = max(1, min(self.jobs, -(-left // self.cells)))
                if not adaptive:
                    adaptive.append(cluster.adapt(minimum=wanted, maximum=wanted, interval="2s", wait_count=1))
                adaptive[0].minimum = adaptive[0].maximum = wanted

            yield cluster, scale


def _check(name: str, value: object) -> None:
    kind = {"jobs": int, "cores": int, "cells": int, "gpus": int, "wait": int}.get(
        name, tuple if name in ("modules", "setup", "directives") else str
    )
    lowest = 0 if name == "gpus" else 1
    if not isinstance(value, kind) or isinstance(value, bool) or (isinstance(value, int) and value < lowest):
        words = {int: f"a whole number of at least {lowest}", str: "a string", tuple: "a list of strings"}[kind]
        raise ValueError(f"{name} is not {words}")
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(value, tuple) and not isinstance(text, str):
            raise ValueError(f"{name} is not a list of strings")
        if isinstance(text, str) and (not text.isprintable() or not text):
            raise ValueError(f"{name} holds an empty text or a control character")


def _refuse_what_slurm_does(script: str) -> None:
    """Raise StudyError with SLURM's own words where it would not take the job: a job that is never there is waited for."""
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(["sbatch", "--test-only", file.name], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise StudyError(
            f"Expected SLURM to take the cluster file's job, but {said[-1] if said else 'it refused'}; {_REMEDY}."
        )
