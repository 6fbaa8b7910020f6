"""The workers of a cluster as the client knows them: who may have cells, how many at a time, and why others get none."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.errors import StudyError, printable_lines
from benchmarks.grid.worker import describe, submit

# Whatever calls through a client raise once its scheduler is gone: OSError and its kinds, closed clients, cancelled calls.
_GONE = "the connection to the scheduler was lost"


@dataclass
class Worker:
    """A worker that may have cells. threads: that each of its cells could take. busy: cells that it has."""

    slots: int
    cpus: tuple[int, ...] = ()
    host: str = ""
    gpus: tuple[str, ...] = ()
    shared: bool = True
    data_root: str | None = None
    busy: int = 0


@dataclass(frozen=True)
class Question:
    """What every worker is asked, and the answer of this machine: whoever makes other records gets no cells.

    sign: a file in the client's work folder. device: that cells compute on.
    """

    ours: Mapping[str, Any]
    dataset: str | None
    data_root: str | None
    sign: str
    device: str = "cpu"


class Fleet:
    """Workers by address, kept up to date by `refresh`.

    client: Dask's. question: None for the local cluster, whose workers are threads of this process. gpus: the local ones.
    say: takes a sentence on a worker that gets no cells.
    """

    def __init__(
        self,
        client: Any,
        question: Question | None,
        gpus: tuple[str, ...] = (),
        say: Callable[[str], None] = lambda sentence: print(sentence, file=sys.stderr, flush=True),
    ) -> None:
        self.workers: dict[str, Worker] = {}
        self.refused = 0
        self._client = client
        self._question = question
        self._gpus = gpus
        self._say = say
        self._asked: dict[str, Any] = {}
        self._said: set[tuple[str, str]] = set()

    @property
    def waiting(self) -> bool:
        """Whether a worker has not answered yet."""
        return any(future is not None for future in self._asked.values())

    @property
    def slots(self) -> int:
        """How many cells there is room for, in all."""
        return sum(worker.slots for worker in self.workers.values())

    def threads(self) -> int:
        """How many threads a cell has wherever it runs: processors that workers share, by their cells; the fewest."""
        shares: dict[tuple[str, tuple[int, ...]], int] = {}
        for worker in self.workers.values():
            shares[worker.host, worker.cpus] = shares.get((worker.host, worker.cpus), 0) + worker.slots
        return max(1, min(len(cpus) // slots for (_, cpus), slots in shares.items()))

    def free(self) -> str | None:
        """The worker with the most room; None where none has any."""
        address = max(self.workers, key=lambda one: self.workers[one].slots - self.workers[one].busy, default=None)
        return address if address is not None and self.workers[address].busy < self.workers[address].slots else None

    def refresh(self) -> list[str]:
        """Ask workers that are new, hear who has answered, and return those that are gone.

        Raises ConnectionError where the scheduler is gone.
        """
        try:
            there: Mapping[str, int] = self._client.nthreads()
        except Exception as error:  # Dask's own, asyncio's, or the system's
            raise ConnectionError(_GONE) from error
        if not there and self._client.status != "running":
            raise ConnectionError(_GONE)
        for address in there:
            if self._question is None:
                self.workers.setdefault(address, Worker(there[address], gpus=self._gpus))
            elif address not in self._asked:
                self._asked[address] = self._ask(address)
        for address, future in self._asked.items():
            if future is not None and future.done():
                self._asked[address] = None
                self._hear(address, future)
        gone = [address for address in self.workers if address not in there]
        for address in gone:
            del self.workers[address]
        for address in [one for one in self._asked if one not in there]:
            del self._asked[address]
        return gone

    def _ask(self, address: str) -> Any:
        question = self._question
        assert question is not None
        return submit(self._client, address, describe, question.dataset, question.data_root, question.sign)

    def _hear(self, address: str, future: Any) -> None:
        assert self._question is not None
        if future.status == "cancelled":
            return
        try:
            answer = future.result()
        except Exception as error:  # a worker that cannot import the project, or an older one
            answer = {"error": f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"}
        host, why = str(answer.get("host", address)), difference(self._question, answer)
        if not why:
            gpus = tuple(answer["visible"]) if self._question.device == "cuda" else ()
            if shared := [one for one in self.workers.values() if one.host == host and set(one.gpus) & set(gpus)]:
                why = (
                    f"another worker of {host} has GPU {shared[0].gpus[0]} too; start one worker for all GPUs of a host "
                    "(--nthreads 4 --resources GPU=4), or set CUDA_VISIBLE_DEVICES for each"
                )
            else:
                self.workers[address] = Worker(
                    _slots(answer, gpus), tuple(answer["cpus"]), host, gpus, bool(answer["shared"]), answer["data_root"]
                )
                return
        self.refused += 1
        # A job that SLURM starts again, or the tenth worker of a host, would say the same.
        if (host, why) not in self._said:
            self._said.add((host, why))
            self._say(printable_lines(f"The worker {address} on {host} gets no runs: {why}."))


def _slots(answer: Mapping[str, Any], gpus: tuple[str, ...]) -> int:
    """Cells at a time: a thread of the worker each, and where they need a GPU one each, or as --resources GPU= says."""
    slots = int(answer["slots"])
    return slots if not gpus else max(1, min(slots, int(answer["resources"].get("GPU", len(gpus)))))


def difference(question: Question, answer: Mapping[str, Any]) -> str:
    """Return why a worker would make other records than this machine, and what to do; empty where it would not."""
    ours = question.ours
    if "error" in answer:
        return (
            f"it cannot import this project ({answer['error']}); start it in a clone with its environment "
            "(PYTHONPATH=. .venv/bin/dask worker ...)"
        )
    code = sorted(
        name for name in {*ours["code"], *answer["code"]} if ours["code"].get(name) != answer["code"].get(name)
    )
    if code:
        more = f" and {len(code) - 3} more" if len(code) > 3 else ""
        return f"its code differs in {', '.join(code[:3])}{more}; check out there what is here and start it again"
    packages = [
        f"{name} {answer['versions'].get(name, 'none')} for {version}"
        for name, version in ours["versions"].items()
        if _release(name, answer["versions"].get(name, "")) != _release(name, version)
    ]
    if packages:
        return f"it has {', '.join(packages)}; set up its environment from the same requirements.lock"
    if "no_data" in answer:
        return f"it has no data to run on ({str(answer['no_data']).rstrip('.')}); set DATA_ROOT where it is started"
    if ours.get("data") != answer.get("data"):
        return f"its files or labels of {question.dataset} differ from those here; copy the data set there"
    if question.device == "cuda" and not answer["visible"]:
        return "torch sees no GPU there; start it where there is one, or choose DEVICE=cpu"
    return ""


def _release(name: str, version: str) -> str:
    """A version as far as numbers may depend on it: builds of torch differ by machine, Python's patches only mend."""
    return ".".join(version.split(".")[:2]) if name == "python" else version.partition("+")[0]


def no_worker(where: str, remedy: str, wait: float, fleet: Fleet) -> StudyError:
    """Return the error of a cluster that has no fit worker."""
    found = [
        f"{fleet.refused} of those that came cannot have runs (above)" if fleet.refused else "",
        "some have not answered yet" if fleet.waiting else "",
    ]
    return StudyError(
        f"Expected a worker at {where} within {wait:g} seconds, but {' and '.join(filter(None, found)) or 'none came'}; "
        f"{remedy}, or wait longer (WAIT=600)."
    )
