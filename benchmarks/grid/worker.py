"""What a Dask worker does: say what it runs cells with, and run them. Also the threads that are the local cluster's workers.

A worker that sees the client's work folder uses the client's folders. Any other one works below a folder of its own and
hands back what a cell leaves, with digests. Data lies where its own DATA_ROOT says, else where the client's does.
"""

import contextlib
import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.grid.device import visible_gpus
from benchmarks.grid.parcel import Parcel, pack
from benchmarks.grid.places import Places, read_json, version
from benchmarks.grid.process import CELL, ROOT, Ended, cell_job, run_job
from benchmarks.study.settings import Cell

# A folder for stores, checkpoints and records of a worker that does not see the client's.
HOME = "WORKER_FOLDER"
_ASK_SECONDS = 1800
_gpus_in_use: Counter[str] = Counter()
_choosing = threading.Lock()


@dataclass(frozen=True)
class Task:
    """A cell for a worker.

    places: the client's, absolute, but the worker's own data. shared: whether the worker sees them. gpus: that it has.

    checkpoint: whether it comes back, too. The rest as for `cell_job`.
    """

    cell: Cell
    places: Places
    threads: int
    device: str = "cpu"
    entry: tuple[str, ...] = CELL
    mode: str = "record"
    evaluate_every: int = 0
    known_record: int | None = None
    gpus: tuple[str, ...] = ()
    shared: bool = True
    checkpoint: bool = False


@dataclass(frozen=True)
class Returned:
    """How a cell ended, the last that it said of its progress, and its files where the client does not see them."""

    ended: Ended
    progress: Mapping[str, Any] = field(default_factory=dict)
    parcel: Parcel | None = None


class Call:
    """A call that happens where its pickle is loaded: ``client.submit(pickle.loads, pickle.dumps(Call(work, task, topic)))``.

    A scheduler reads the functions that pass through it, and has neither this project nor its packages.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._function, self._arguments = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._function, self._arguments


def submit(client: Any, address: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Let one worker call a function of this module; returns Dask's future."""
    call = pickle.dumps(Call(function, *arguments))
    key = f"{function.__name__}-{uuid.uuid4().hex}"
    return client.submit(pickle.loads, call, key=key, workers=[address], pure=False)


def describe(dataset: str | None, data_root: str | None, sign: str) -> dict[str, Any]:
    """Return what a worker is: `benchmarks.run.installation`, its host, processors, GPUs and Dask's resources.

    sign: a file of the client's; whoever sees it shares the client's disk. `error`: why nothing is known, in words.
    """
    from distributed import get_worker

    worker = get_worker()
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    root = _data_root(data_root)
    facts = {
        "data_root": root,
        "host": socket.gethostname(),
        "cpus": cpus,
        "slots": worker.state.nthreads,
        "resources": dict(worker.state.total_resources),
        "shared": Path(sign).exists(),
    }
    found = installation(dataset, root)
    count = len(found.get("gpus", ()))
    return {**found, **facts, "visible": list(visible_gpus(count)) if count else []}


def installation(dataset: str | None, data_root: str | None) -> dict[str, Any]:
    """Ask an interpreter as cells get one what it is (`benchmarks.run.installation`); `error` is why it did not answer."""
    more = [] if dataset is None else ["--dataset", dataset, "--data-root", str(data_root)]
    command = [sys.executable, "-m", "benchmarks.run.installation", *more]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=_ASK_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        said = done.stderr.strip().splitlines() if isinstance(error, ValueError) else []
        return {"error": said[-1] if said else str(error)}
    return answer


def work(task: Task, topic: str) -> Returned:
    """Run a cell, say under `topic` how far it is, and kill it if Dask's task is cancelled or its client is gone."""
    from distributed import get_worker

    worker, cell = get_worker(), task.cell
    key = worker.get_current_task()
    places = task.places if task.shared else _own_places(task.places.data_root)
    seen, progress = version(places.progress(cell)), {}
    worker.log_event(topic, {"cell": cell.slug})

    def tell() -> None:
        nonlocal seen, progress
        found = version(places.progress(cell))
        if found != seen and (said := read_json(places.progress(cell))) is not None:
            seen, progress = found, said
            worker.log_event(topic, {"cell": cell.slug, "progress": progress})

    def cancelled() -> bool:
        tell()
        dask_task = worker.state.tasks.get(key)
        return dask_task is None or dask_task.state == "cancelled"

    job = cell_job(
        cell,
        places,
        threads=task.threads,
        device=task.device,
        entry=task.entry,
        mode=task.mode,
        evaluate_every=task.evaluate_every,
        known_record=task.known_record,
    )
    with _gpu(task.gpus) as environment:
        ended = run_job(replace(job, environment={**job.environment, **environment}), cancelled)
    tell()
    if task.shared:
        return Returned(ended, progress)
    parcel = pack(cell, places, checkpoint=task.checkpoint)
    if ended.state == "done":
        # The client gets them from this process's memory; a disk of many cells would fill.
        places.record(cell).unlink(missing_ok=True)
        places.record(cell).with_suffix(".csv.gz").unlink(missing_ok=True)
        shutil.rmtree(places.folder(cell), ignore_errors=True)
    sentence = ended.sentence
    for own, clients in ((places.results, task.places.results), (places.work, task.places.work)):
        sentence = sentence.replace(str(own.absolute()), str(clients))
    return Returned(replace(ended, sentence=sentence), progress, parcel)


def _own_places(data_root: Path | None) -> Places:
    home = Path(os.environ.get(HOME) or ROOT / ".cache" / "worker").expanduser()
    return Places(data_root, home / "results", home / "work")


def _data_root(clients: str | None) -> str | None:
    own = os.environ.get("DATA_ROOT")
    return str(Path(own).expanduser().absolute()) if own and clients is not None else clients


@contextlib.contextmanager
def _gpu(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Give a cell the GPU that has the fewest of this process's cells, as its environment; nothing where there is none."""
    if not names:
        yield {}
        return
    with _choosing:
        name = min(names, key=_gpus_in_use.__getitem__)
        _gpus_in_use[name] += 1
    try:
        yield {"CUDA_VISIBLE_DEVICES": name}
    finally:
        with _choosing:
            _gpus_in_use[name] -= 1
