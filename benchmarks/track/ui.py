"""MLflow's pages in the browser, over the committed records."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from benchmarks.errors import StudyError
from benchmarks.track.importer import ImportCounts, import_records
from benchmarks.track.store import artifact_root, experiment, is_server, open_client, tracking_uri

_HOST = "127.0.0.1"
_LAST_PORT = 65535
_WORKFLOW = "workflowType=machine_learning"


def serve(results: Path = Path("results"), port: int = 5000) -> int:
    """Import the records, then serve MLflow on 127.0.0.1 until Ctrl-C; returns the server's exit status.

    Where MLFLOW_TRACKING_URI names a server, only its address is printed.
    Raises StudyError if there is no record, the port is none or taken, or as `import_records` does.
    """
    uri = tracking_uri()
    if not is_server(uri):
        _refuse_unusable(port)
    counts = import_records(results, uri, progress=True)
    if counts == ImportCounts():
        raise StudyError(f"Expected records below {results / 'runs'} to show, but found none; run a study first.")
    print(counts)
    if is_server(uri):
        print(f"It runs at {uri}.")
        return 0
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--host", _HOST]
    command += ["--port", str(port), "--workers", "1"]
    if (root := artifact_root(uri)) is not None:
        command += ["--default-artifact-root", root]
    client = open_client(uri)
    print("Open, once it answers; Ctrl-C ends it:")
    for folder in sorted((results / "runs").iterdir()):
        # The page to begin with: charts of all runs. MLflow 3 by itself opens its pages for language models.
        page = f"experiments/{experiment(client, uri, folder.name)}/runs?compareRunsMode=CHART&{_WORKFLOW}"
        print(f"  {folder.name}: http://{_HOST}:{port}/#/{page}", flush=True)
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_LOGGING_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}
    server = subprocess.Popen([*command, "--uvicorn-opts", "--log-level warning"], env=quiet | os.environ)
    try:
        return server.wait()
    except KeyboardInterrupt:
        # The terminal has sent the server its own interrupt; an end by Ctrl-C is no failure.
        return 0
    finally:
        server.terminate()
        server.wait()


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
