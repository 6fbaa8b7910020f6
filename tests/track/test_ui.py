import socket
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.track import ui


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
