"""MLflow's pages in the browser, over the committed records."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

from benchmarks.errors import StudyError
from benchmarks.track.importer import import_all
from benchmarks.track.links import share_views
from benchmarks.track.runs import Runs
from benchmarks.track.store import artifact_root, hide_password, is_server, store_errors, tracking_uri

_HOST: Final = "127.0.0.1"
_LAST_PORT: Final = 65535
_PATIENCE: Final = 600.0  # seconds for the server to answer: five on most machines, minutes on a busy one
_GRACE: Final = 5.0  # seconds for it to end


def serve(reference: Path, own: Path, port: int = 5000) -> int:
    """Import the records, then serve MLflow on 127.0.0.1 until Ctrl-C; returns the server's exit status.

    reference, own: folders of records, as of `import_all`. Where MLFLOW_TRACKING_URI names a server, only its address is
    printed. Whatever ends this process but SIGKILL ends the server too.
    Raises StudyError if the port is none or taken, the server does not start, or as `import_all` does.
    """
    uri = tracking_uri()
    if not is_server(uri):
        _refuse_unusable(port)
    print(import_all(reference, own, uri, progress=True))
    with store_errors(uri):
        links = _links((reference, own), uri)
    if is_server(uri):
        _print_links(links, hide_password(uri).rstrip("/"))
        return 0
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--host", _HOST]
    command += ["--port", str(port), "--workers", "1", "--uvicorn-opts", "--log-level warning"]
    if (root := artifact_root(uri)) is not None:
        command += ["--default-artifact-root", root]
    print("MLflow's server starts ...", flush=True)
    with _ends_on_signals(), _server(command) as server:
        try:
            _wait_until_it_answers(server, port)
            _print_links(links, f"http://{_HOST}:{port}")
            return server.wait()
        except KeyboardInterrupt:
            return 0  # an end by Ctrl-C is no failure


def _links(results: Iterable[Path], uri: str) -> dict[str, dict[str, str]]:
    """Pages of every data set's profiles, by the two names: ``ped2, small`` -> what it shows -> page."""
    runs = Runs(uri)
    folders = {(path.parent.name, path.name) for one in results for path in (one / "runs").glob("*/*") if path.is_dir()}
    return {f"{dataset}, {profile}": share_views(runs, dataset, profile) for dataset, profile in sorted(folders)}


def _print_links(links: dict[str, dict[str, str]], address: str) -> None:
    print("Open in a browser; Ctrl-C ends the server:")
    for name, pages in links.items():
        for what, page in pages.items():
            print(f"  {name}, {what}: {address}/{page}")
    sys.stdout.flush()


@contextmanager
def _server(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server in a process group of its own, and end all of the group on leaving."""
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_LOGGING_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}
    server = subprocess.Popen(command, env=quiet | os.environ, process_group=0)
    try:
        yield server
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(server.pid, number)
            with suppress(subprocess.TimeoutExpired):
                server.wait(_GRACE)


@contextmanager
def _ends_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the process as an exception would, so that what it started is ended too."""

    def leave(number: int, frame: FrameType | None) -> None:
        del frame
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_until_it_answers(server: subprocess.Popen[bytes], port: int) -> None:
    began = time.monotonic()
    while server.poll() is None and time.monotonic() - began < _PATIENCE:
        with suppress(OSError), urllib.request.urlopen(f"http://{_HOST}:{port}/health", timeout=2):
            return
        time.sleep(0.2)
    ended = "it has not answered" if server.poll() is None else f"it ended with status {server.poll()}"
    raise StudyError(
        f"Expected MLflow's server to answer on port {port} of {_HOST}, but {ended}; see its messages above, or choose "
        "another port with PORT=."
    )


def _refuse_unusable(port: int) -> None:
    if not 1 <= port <= _LAST_PORT:
        raise StudyError(f"Expected a port from 1 to {_LAST_PORT}, but got {port}; choose one with PORT=.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise StudyError(
                f"Expected the port {port} of {_HOST} to be free, but {error.strerror}; choose one with PORT=."
            ) from error
