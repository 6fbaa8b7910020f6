from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.grid.fleet import Fleet, Question, Worker, difference, no_worker

OURS = {"code": {"mnad/memory.py": "a", "mnad/losses.py": "b"}, "versions": {"python": "3.11.2", "torch": "2.13.0+cpu"}}
ANSWER = {
    **OURS,
    "host": "node1",
    "cpus": [0, 1, 2, 3],
    "slots": 2,
    "resources": {},
    "shared": False,
    "visible": [],
    "data_root": "/d",
}


class Client:
    """A Dask client whose workers answer as they should."""

    status = "running"

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers

    def nthreads(self) -> dict[str, int]:
        """The workers that are there."""
        return dict.fromkeys(self.answers, 1)

    def submit(self, *_: Any, workers: list[str], **__: Any) -> Any:
        """The answer of a worker; one that is an exception is raised, None has not come yet."""
        answer = self.answers[workers[0]]

        def result() -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return SimpleNamespace(status="finished", done=lambda: answer is not None, result=result)


def question(**more: Any) -> Question:
    """What the client asks, with data of a set."""
    return Question({**OURS, "data": "d"}, "ped2", "/data", "/sign", **more)


class TestDifference:
    def test_a_worker_of_the_same_code_and_data_is_fit(self) -> None:
        """The build of torch and the patch of Python may be others."""
        versions = {"python": "3.11.9", "torch": "2.13.0+cu126"}
        assert difference(question(), {**ANSWER, "data": "d", "versions": versions}) == ""

    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            ({"error": "No module named 'benchmarks'"}, "cannot import this project (No module named 'benchmarks')"),
            ({**ANSWER, "code": {"mnad/memory.py": "a", "mnad/losses.py": "x"}}, "its code differs in mnad/losses.py;"),
            ({**ANSWER, "code": {"a": "1", "b": "2"}}, "differs in a, b, mnad/losses.py and 1 more;"),
            (
                {**ANSWER, "versions": {"python": "3.12.1"}},
                "it has python 3.12.1 for 3.11.2, torch none for 2.13.0+cpu;",
            ),
            (
                {**ANSWER, "no_data": "Data was expected in /d; set DATA_ROOT."},
                "(Data was expected in /d; set DATA_ROOT)",
            ),
            ({**ANSWER, "data": "other"}, "its files or labels of ped2 differ"),
        ],
    )
    def test_says_what_differs_and_what_to_do(self, answer: dict[str, Any], why: str) -> None:
        """The first cause alone, with its remedy."""
        assert why in difference(question(), answer)

    def test_needs_a_gpu_for_cuda(self) -> None:
        """A worker whose torch sees none is named."""
        assert "torch sees no GPU there" in difference(question(device="cuda"), {**ANSWER, "data": "d"})


class TestRefresh:
    def test_only_fit_workers_get_cells(self) -> None:
        """Others are said once by host and cause; one that has not answered is waited for."""
        said: list[str] = []
        other = {**ANSWER, "data": "x"}
        client = Client({"a": {**ANSWER, "data": "d"}, "b": other, "c": other, "d": ValueError("old"), "e": None})
        fleet = Fleet(client, question(), say=said.append)
        fleet.refresh()
        assert list(fleet.workers) == ["a"]
        assert fleet.waiting
        assert fleet.refused == 3
        assert [line.split(" gets no runs: ")[0] for line in said] == ["The worker b on node1", "The worker d on d"]

    def test_says_who_is_gone_and_hears_of_newcomers(self) -> None:
        """A worker that leaves takes its room with it, and one that comes later is asked, too."""
        client = Client({"a": {**ANSWER, "data": "d"}})
        fleet = Fleet(client, question())
        fleet.refresh()
        client.answers = {"b": {**ANSWER, "data": "d", "slots": 3}}
        assert fleet.refresh() == ["a"]
        fleet.refresh()
        assert fleet.slots == 3

    def test_a_scheduler_that_is_gone_is_an_error(self) -> None:
        """Whatever Dask raises."""

        def nthreads() -> dict[str, int]:
            raise RuntimeError("closed")

        with pytest.raises(ConnectionError, match="the connection to the scheduler was lost"):
            Fleet(SimpleNamespace(nthreads=nthreads, status="closed"), None).refresh()

    def test_a_gpu_has_one_worker(self) -> None:
        """Two workers of a host that see the same GPU would both use it; cells a GPU are those of Dask's resource."""
        gpu = {**ANSWER, "data": "d", "visible": ["0", "1"], "slots": 8}
        client = Client({"a": gpu, "b": gpu, "c": {**gpu, "host": "node2", "resources": {"GPU": 4.0}}})
        said: list[str] = []
        fleet = Fleet(client, question(device="cuda"), say=said.append)
        fleet.refresh()
        assert {address: worker.slots for address, worker in fleet.workers.items()} == {"a": 2, "c": 4}
        assert "another worker of node1 has GPU 0 too" in said[0]


class TestThreads:
    def test_shares_processors_by_cells(self) -> None:
        """Workers on the same processors share them; every cell has what the poorest can give."""
        fleet = Fleet(None, None)
        fleet.workers = {name: Worker(2, tuple(range(8)), "node1") for name in "ab"}
        assert fleet.threads() == 2
        fleet.workers["c"] = Worker(1, tuple(range(8, 12)), "node1")
        assert fleet.threads() == 2
        fleet.workers["d"] = Worker(1, (0,), "node2")
        assert fleet.threads() == 1


class TestFree:
    def test_the_worker_with_the_most_room(self) -> None:
        """None where all are busy."""
        fleet = Fleet(None, None)
        fleet.workers = {"a": Worker(2, busy=1), "b": Worker(3, busy=1), "c": Worker(1, busy=1)}
        assert fleet.free() == "b"
        for worker in fleet.workers.values():
            worker.busy = worker.slots
        assert fleet.free() is None


class TestNoWorker:
    @pytest.mark.parametrize(
        ("answers", "found"),
        [
            ({}, "none came"),
            ({"a": {"error": "old"}}, "1 of those that came cannot have runs (above)"),
            ({"a": None}, "some have not answered yet"),
        ],
    )
    def test_says_who_came_and_what_to_type(self, answers: dict[str, Any], found: str) -> None:
        """None, only unfit ones, or one that is still to answer."""
        fleet = Fleet(Client(answers), question(), say=lambda _: None)
        fleet.refresh()
        sentence = str(no_worker("tcp://h:1", "type this", 120, fleet))
        assert f"at tcp://h:1 within 120 seconds, but {found}; type this, or wait longer (WAIT=600)." in sentence
