"""MLflow's pages in the browser, over the committed records."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from benchmarks.errors import StudyError
from benchmarks.hints import hint
from benchmarks.track.importer import import_all
from benchmarks.track.links import share_views
from benchmarks.track.runs import Runs
from benchmarks.track.store import artifact_root, hide_password, is_server, store_errors, tracking_uri

_HOST: Final = "127.0.0.1"
_LAST_PORT: Final = 65535
_PATIENCE: Final = 600.0  # seconds for the server to answer: five on most machines, minutes on a busy one
# Ends what it runs, workers included, once this process is gone, however it went.
_GUARD: Final = Path(__file__).parents[1] / "grid" / "guard.py"


def serve(reference: Path, own: Path, port: int = 5000, *, work: Path | None = None, auth: bool = False) -> int:
    """Import the records, then serve MLflow on 127.0.0.1 until Ctrl-C; returns the server's exit status.

    reference, own, work: as of `import_all`. auth: ask for a password, new at each start. Where MLFLOW_TRACKING_URI names a
    server, only its address is printed. Whatever ends this process ends the server too.
    Raises StudyError if the port is none or taken, the server does not start, or as `import_all` does.
    """
    uri = tracking_uri()
    if not is_server(uri):
        _refuse_unusable(port)
    print(import_all(reference, own, uri, work=work, progress=True))
    with store_errors(uri):
        links = _links((reference, own), uri)
    if is_server(uri):
        _print_links(links, hide_password(uri).rstrip("/"))
        return 0
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--host", _HOST]
    command += ["--port", str(port), "--workers", "1", "--uvicorn-opts", "--log-level warning"]
    if (root := artifact_root(uri)) is not None:
        command += ["--default-artifact-root", root]
    with tempfile.TemporaryDirectory() as folder:  # readable by this user alone
        password = secrets.token_urlsafe(12)
        if auth:
            command += ["--app-name", "basic-auth"]
        print("MLflow's server starts ...", flush=True)
        with _server(command, _credentials(Path(folder), password) if auth else {}) as server:
            try:
                _wait_until_it_answers(server, port)
                _print_links(links, f"http://{_HOST}:{port}")
                print(
                    f"User admin, password {password}, until the server ends." if auth else _open_to_all(), flush=True
                )
                return server.wait()
            except KeyboardInterrupt:
                return 0  # an end by Ctrl-C is no failure


def _open_to_all() -> str:
    return (
        "Whoever is logged in on this machine can open these pages, read and delete runs; "
        f"{hint('ui', '', '--auth')} asks for a password."
    )


def _credentials(folder: Path, password: str) -> dict[str, str]:
    """Write what MLflow's basic auth reads: a database of users of its own, with an administrator alone."""
    (folder / "auth.ini").write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{folder / 'users.db'}\nadmin_username = admin\n"
        f"admin_password = {password}\nauthorization_function = mlflow.server.auth:authenticate_request_basic_auth\n",
        encoding="utf-8",
    )
    return {
        "MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_urlsafe(32),
    }


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
def _server(command: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server below a guard, and end it with all of its workers on leaving."""
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_LOGGING_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}
    guard = subprocess.Popen(
        [sys.executable, "-I", str(_GUARD), *command],
        stdin=subprocess.PIPE,
        env={**quiet, **os.environ, **environment},
        start_new_session=True,  # so that Ctrl-C in the terminal does not reach it
    )
    try:
        yield guard
    finally:
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait()


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
