from pathlib import Path

import pytest

from benchmarks.track.store import artifact_root, is_server, tracking_uri


class TestTrackingUri:
    def test_environment_wins(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """MLFLOW_TRACKING_URI is honoured; without it the store is a file in the folder."""
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking:5000")
        assert tracking_uri(tmp_path) == "http://tracking:5000"
        monkeypatch.delenv("MLFLOW_TRACKING_URI")
        assert tracking_uri(tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"


class TestArtifactRoot:
    def test_beside_the_file(self, tmp_path: Path) -> None:
        """Artifacts lie beside an SQLite file, even one whose folder holds a space; servers have their own place."""
        folder = tmp_path / "a b"
        assert artifact_root(f"sqlite:///{folder}/mlflow.db") == (folder / "mlruns").as_uri()
        assert artifact_root("http://tracking:5000") is None


class TestIsServer:
    def test_by_scheme(self) -> None:
        """Only addresses of the web are servers."""
        assert is_server("https://tracking")
        assert not is_server("sqlite:///mlflow.db")
