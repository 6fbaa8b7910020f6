"""Dask clusters: a local one whose workers are threads of this process, a user's through its scheduler, SLURM jobs."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.errors import StudyError
from benchmarks.grid.device import Device
from benchmarks.grid.slurm import SlurmFile

WAIT_SECONDS = 120
_CONNECT_SECONDS = 15
_SCHEMES = ("tcp", "tls", "ucx", "ws", "wss")
# By default Dask profiles its own threads and ticks fifty times a second: a tenth of a core that cells have use for.
_CALM = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}


@dataclass(frozen=True)
class Tls:
    """Certificates for an encrypted connection: of the authority, and the client's with its key."""

    ca: Path
    cert: Path
    key: Path


@dataclass(frozen=True)
class Cluster:
    """A cluster of the user's: the address of its scheduler, or a scheduler file, or a file that says how SLURM starts one.

    wait: seconds to wait for a worker. checkpoints: whether they come back from workers without the client's disk.
    """

    scheduler: str = ""
    slurm: SlurmFile | None = None
    tls: Tls | None = None
    wait: float = WAIT_SECONDS
    checkpoints: bool = False

    @classmethod
    def choose(
        cls,
        *,
        scheduler: str | None = None,
        slurm: Path | None = None,
        tls: tuple[Path | None, Path | None, Path | None] = (None, None, None),
        wait: int | None = None,
        checkpoints: bool = False,
    ) -> "Cluster | None":
        """Return what the user asked for; None where that is the local machine. Nobody is asked whether it answers.

        Raises StudyError for an address that is none, files that are not there, and options that do not go together.
        """
        if scheduler is None and slurm is None:
            if any(tls) or wait is not None or checkpoints:
                raise StudyError(
                    "Expected --scheduler or --cluster with --tls-ca, --tls-cert, --tls-key, --wait and --checkpoints, "
                    "but got neither; name a cluster or leave them out."
                )
            return None
        if scheduler is not None and slurm is not None:
            raise StudyError("Expected either --scheduler or --cluster, but got both; leave one out.")
        if wait is not None and wait < 1:
            raise StudyError(f"Expected --wait to be at least 1 second, but got {wait}; correct it.")
        given = _tls(tls)
        if slurm is not None:
            file = SlurmFile.read(slurm)
            return cls("", file, given, wait or file.wait or WAIT_SECONDS, checkpoints)
        assert scheduler is not None
        _refuse_no_address(scheduler)
        return cls(scheduler, None, given, wait or WAIT_SECONDS, checkpoints)

    def device(self, asked: str) -> Device:
        """The device of its cells: what is asked for; for ``auto`` a GPU where SLURM's file asks for some, else the CPU.

        What the machine that gives the command has says nothing about it.
        """
        if asked == "auto":
            return "cuda" if self.slurm is not None and self.slurm.gpus else "cpu"
        return "cuda" if asked == "cuda" else "cpu"

    @property
    def where(self) -> str:
        """What people know it by."""
        return self.scheduler or "the SLURM cluster"

    @property
    def remedy(self) -> str:
        """How it comes to a worker."""
        if self.slurm is not None:
            return "see squeue for why its jobs wait and the work folder's slurm/ for what they said"
        address = f"--scheduler-file {self.scheduler}" if _is_file(self.scheduler) else self.scheduler
        return f"start one in a clone of the project (PYTHONPATH=. .venv/bin/dask worker {address} --nthreads 1)"


def _is_file(scheduler: str) -> bool:
    return "://" not in scheduler and scheduler.endswith(".json")


def _refuse_no_address(scheduler: str) -> None:
    """Dask would wait half a minute for an address that it cannot read, and end in a traceback."""
    if _is_file(scheduler) and Path(scheduler).is_file():
        return
    try:
        parts = urlsplit(scheduler)
        whole = bool(parts.hostname and parts.port and not parts.path)
    except ValueError:  # a port that is no number, or none that there can be
        whole = False
    if not whole or scheduler.partition("://")[0] not in _SCHEMES:
        raise StudyError(
            f"Expected --scheduler to be an address such as tcp://127.0.0.1:8786 (or {', '.join(_SCHEMES[1:])}) or the "
            f"file of `dask scheduler --scheduler-file FILE.json`, but got {scheduler!r}; correct it."
        )


def _tls(files: tuple[Path | None, Path | None, Path | None]) -> Tls | None:
    ca, cert, key = files
    if ca is None and cert is None and key is None:
        return None
    if ca is None or cert is None or key is None:
        raise StudyError("Expected --tls-ca, --tls-cert and --tls-key together, but one is missing; name all three.")
    for file in (ca, cert, key):
        if not file.is_file():
            raise StudyError(f"Expected a certificate or key in {file}, but there is no such file; correct the path.")
    return Tls(ca, cert, key)


Scale = Callable[[int], None]


@contextlib.contextmanager
def opened(cluster: Cluster | None, jobs: int, logs: Path) -> Iterator[tuple[Any, Scale]]:
    """Yield a Dask client, and a function to call with the number of cells that are left.

    jobs: workers of a local cluster. logs: a folder for what SLURM's jobs say. What was started ends with this context.
    """
    import dask
    from distributed import Client, LocalCluster

    for name in ("distributed", "distributed.client"):  # the second has a level of its own; what it says, sentences say
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if cluster is None:
        with dask.config.set(_CALM):
            local = LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                processes=False,
                memory_limit=0,  # a cell's memory is not the worker's
                dashboard_address="127.0.0.1:0",  # None would open port 8787 to the network
                worker_dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
        with local, Client(local, set_as_default=False) as client:
            yield client, lambda _: None
    elif cluster.slurm is not None:
        with (
            cluster.slurm.started(logs, security(cluster.tls)) as (started, scale),
            Client(started, set_as_default=False) as client,
        ):
            yield client, scale
    else:
        client = _connect(cluster)
        try:
            yield client, lambda _: None
        finally:
            with contextlib.suppress(Exception):  # a scheduler that is gone
                client.close(timeout=5)


def security(tls: Tls | None) -> Any:
    """Return Dask's object for certificates; None for a plain connection."""
    if tls is None:
        return None
    from distributed.security import Security

    ours = {f"tls_{role}_{kind}": str(path) for role in ("client", "scheduler", "worker") for kind, path in (("cert", tls.cert), ("key", tls.key))}  # fmt: skip
    return Security(tls_ca_file=str(tls.ca), require_encryption=True, **ours)


def _connect(cluster: Cluster) -> Any:
    """Return a client of a scheduler that answers.

    In a thread: where something else than Dask listens, Dask reads its answer as the length of a message and waits for
    the rest without end.
    """
    from distributed import Client

    made: list[Any] = []
    failed: list[Exception] = []

    def connect() -> None:
        where = {"scheduler_file": cluster.scheduler} if _is_file(cluster.scheduler) else {"address": cluster.scheduler}
        try:
            # A scheduler file may have been left by a scheduler that is gone.
            made.append(Client(**where, timeout=_CONNECT_SECONDS, set_as_default=False, security=security(cluster.tls)))
        except Exception as error:  # whatever Dask, a certificate or a foreign service brings about
            failed.append(error)

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(_CONNECT_SECONDS + 5)
    if made:
        return made[0]
    why = f"{failed[0]}".strip().rstrip(".") if failed else "what listens there does not answer as one"
    raise StudyError(
        f"Expected a Dask scheduler at {cluster.scheduler}, but {why.splitlines()[0] if why else type(failed[0]).__name__}; "
        "start it or correct --scheduler."
    )
