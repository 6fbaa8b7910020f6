import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.errors import StudyError
from benchmarks.grid import cluster as clusters
from benchmarks.grid.cluster import Cluster, Tls
from benchmarks.grid.engine import Workers, run_cells
from benchmarks.grid.places import Places
from benchmarks.study.settings import Cell

FakeCell = Callable[[str], tuple[str, ...]]
ADDRESS = "tcp://127.0.0.1:8786"


@contextmanager
def foreign_server(answer: bytes) -> Iterator[str]:
    """A service that is no Dask scheduler: it sends some bytes and then waits."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        open_ones = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.sendall(answer)
                open_ones.append(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        for connection in open_ones:
            connection.close()


class TestChoose:
    def test_without_a_cluster_it_is_this_machine(self) -> None:
        """Nothing asked for is no cluster."""
        assert Cluster.choose() is None

    @pytest.mark.parametrize(
        "options", [{"wait": 5}, {"checkpoints": True}, {"tls": (Path("ca"), None, None)}], ids=["wait", "look", "tls"]
    )
    def test_refuses_options_of_no_cluster(self, options: dict[str, Any]) -> None:
        """An option that would be ignored is refused."""
        with pytest.raises(StudyError, match="Expected --scheduler or --cluster with"):
            Cluster.choose(**options)

    @pytest.mark.parametrize(
        "scheduler",
        [
            "",
            "foo",
            "h:8786",
            "tcp://",
            "tcp://h",
            "tcp://:8786",
            "tcp://h:x",
            "tcp://h:0",
            "tcp://h:70000",
            "tcp://h:1/x",
            "http://h:8786",
            "tcp://[::1:8786",
            "missing.json",
        ],
    )
    def test_refuses_a_scheduler_that_is_no_address(self, scheduler: str) -> None:
        """Dask would wait half a minute for it and show a traceback."""
        with pytest.raises(
            StudyError, match=re.escape("such as tcp://127.0.0.1:8786 (or tls, ucx, ws, wss) or the file of")
        ):
            Cluster.choose(scheduler=scheduler)

    @pytest.mark.parametrize("scheduler", [ADDRESS, "tls://cluster.example.org:1", "tcp://[::1]:8786"])
    def test_takes_the_address_of_a_scheduler(self, scheduler: str) -> None:
        """Scheme, host and port; nobody is asked whether it answers."""
        assert Cluster.choose(scheduler=scheduler) == Cluster(scheduler)

    def test_takes_a_scheduler_file_and_certificates(self, tmp_path: Path) -> None:
        """Files that are there; one that is missing is named."""
        files = [tmp_path / name for name in ("scheduler.json", "ca.pem", "cert.pem", "key.pem")]
        for file in files:
            file.touch()
        chosen = Cluster.choose(scheduler=str(files[0]), tls=(files[1], files[2], files[3]), wait=7)
        assert chosen == Cluster(str(files[0]), tls=Tls(*files[1:]), wait=7)
        files[3].unlink()
        with pytest.raises(StudyError, match=re.escape(str(files[3]))):
            Cluster.choose(scheduler=ADDRESS, tls=(files[1], files[2], files[3]))
        with pytest.raises(StudyError, match="one is missing"):
            Cluster.choose(scheduler=ADDRESS, tls=(files[1], None, None))

    def test_refuses_two_clusters_and_no_time(self, tmp_path: Path) -> None:
        """A cluster is one thing, and waiting takes a second."""
        with pytest.raises(StudyError, match="either --scheduler or --cluster"):
            Cluster.choose(scheduler=ADDRESS, slurm=tmp_path / "slurm.toml")
        with pytest.raises(StudyError, match="at least 1 second, but got 0"):
            Cluster.choose(scheduler=ADDRESS, wait=0)


class TestDevice:
    def test_what_this_machine_has_says_nothing(self) -> None:
        """``auto`` is the CPU unless SLURM's file asks for GPUs; what is asked for is believed."""
        slurm = clusters.SlurmFile("01:00:00", "4GB", gpus=1)
        assert [Cluster(ADDRESS).device(asked) for asked in ("auto", "cpu", "cuda")] == ["cpu", "cpu", "cuda"]
        assert Cluster(slurm=slurm).device("auto") == "cuda"


class TestOpened:
    def test_a_scheduler_that_is_not_there_is_said_so(
        self, cells: list[Cell], places: Places, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An address nobody listens at is a sentence, not a traceback of Dask's."""
        monkeypatch.setattr(clusters, "_CONNECT_SECONDS", 1)
        with pytest.raises(StudyError, match=r"Expected a Dask scheduler at tcp://127\.0\.0\.1:1"):
            run_cells(cells, places, Workers(1, 1, cluster=Cluster("tcp://127.0.0.1:1")))
        assert not list(places.work.glob(".client.*"))

    @pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00" * 64])
    def test_another_service_is_said_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
        """Whatever listens there says, or does not say, there is an end and a sentence."""
        monkeypatch.setattr(clusters, "_CONNECT_SECONDS", -4.5)
        refused = pytest.raises(StudyError, match="Expected a Dask scheduler at tcp://")
        with foreign_server(answer) as address, refused, clusters.opened(Cluster(address), 1, tmp_path):
            pass

    def test_certificates_go_to_dask(self, tmp_path: Path) -> None:
        """The client's security holds the three files and asks for encryption."""
        files = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
        made = clusters.security(Tls(*files))
        assert made.tls_ca_file == str(files[0])
        assert (made.tls_client_cert, made.tls_client_key) == (str(files[1]), str(files[2]))
        assert made.require_encryption
