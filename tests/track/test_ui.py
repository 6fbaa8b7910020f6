import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from benchmarks.errors import StudyError
from benchmarks.study.presets import resolve
from benchmarks.track import ui
from benchmarks.track.importer import import_records
from benchmarks.track.links import share_views
from benchmarks.track.runs import Runs

ROOT = Path(__file__).parents[2]
SETTINGS = resolve(dataset="synthetic", method="mnad", task="prediction", profile="smoke")
WITHOUT = resolve(dataset="synthetic", method="mnad", task="prediction", memory="none", profile="smoke")


class TestServe:
    @pytest.fixture(autouse=True)
    def _no_import(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An import takes minutes: a port that cannot be served is refused before it."""

        def imported(*_: object, **__: object) -> None:
            raise AssertionError("the records are imported before the port is looked at")

        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        monkeypatch.setattr(ui, "import_all", imported)

    @pytest.mark.parametrize("port", [-1, 0, 65536, 70000])
    def test_refuses_a_port_that_is_none(self, port: int, tmp_path: Path) -> None:
        """A sentence with the ports there are, before anything is imported."""
        with pytest.raises(StudyError, match=f"Expected a port from 1 to 65535, but got {port}; choose one with PORT="):
            ui.serve(tmp_path, tmp_path, port)

    def test_refuses_a_port_that_is_taken(self, tmp_path: Path) -> None:
        """A sentence with the port, before anything is imported."""
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen()
            port = busy.getsockname()[1]
            with pytest.raises(StudyError, match=f"Expected the port {port} of 127.0.0.1 to be free"):
                ui.serve(tmp_path, tmp_path, port)


class TestShareViews:
    def test_a_link_opens_the_runs_of_a_profile_with_memory_beside_the_auc(
        self, tmp_path: Path, uri: str, write_record: Callable[..., Path]
    ) -> None:
        """The view that the link names lies in the store; its filter finds the settings and nothing else."""
        write_record(tmp_path, SETTINGS, 0)
        import_records(tmp_path, uri)
        runs = Runs(uri)
        pages = share_views(runs, "synthetic", "smoke")
        assert set(pages) == {"settings"}  # no pair differs in the memory alone
        write_record(tmp_path, WITHOUT, 0)
        import_records(tmp_path, uri)
        pages = share_views(runs, "synthetic", "smoke")
        listed = {}
        for name, page in pages.items():
            key = parse_qs(page.partition("?")[2])["viewStateShareKey"][0]
            tags = runs.client.get_experiment(runs.experiment("synthetic")).tags
            view = json.loads(tags[f"mlflow.sharedViewState.{key}"])
            assert {"params.`memory`", "params.`method`"} <= set(view["selectedColumns"])
            assert view["orderByKey"] in view["selectedColumns"]
            found = runs.client.search_runs([runs.experiment("synthetic")], view["searchFilter"])
            listed[name] = {run.info.run_name for run in found}
        assert listed == {
            "settings": {"MNAD pred+mem", "MNAD pred-mem"},
            "memory minus none": {"Δ MNAD pred"},
        }


class TestEnd:
    def test_a_terminated_command_leaves_no_server(
        self, tmp_path: Path, uri: str, write_record: Callable[..., Path]
    ) -> None:
        """SIGTERM ends the server and all its workers, and frees the port."""
        write_record(tmp_path, SETTINGS, 0)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "benchmarks", "ui", "--reference", str(tmp_path), "--port", str(port)]
        command += ["--results", str(tmp_path)]
        environment = os.environ | {"MLFLOW_TRACKING_URI": uri}
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if "settings:" in line:
                    break
            assert re.search(
                rf"synthetic, smoke, settings: http://127\.0\.0\.1:{port}/#/experiments/\d+/runs", lines[-1]
            )
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=30) as answer:
                assert answer.status == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 128 + signal.SIGTERM
        assert _nobody_serves(uri)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))


def _nobody_serves(uri: str) -> bool:
    """Whether no process names the store, waiting a moment for those that are ending."""
    for _ in range(50):
        commands = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                commands.append(path.read_bytes())
        if not any(uri.encode() in command for command in commands):
            return True
        time.sleep(0.1)
    return False
