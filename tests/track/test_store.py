import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.study.presets import resolve
from benchmarks.track import store
from benchmarks.track.importer import import_records
from benchmarks.track.store import artifact_root, hide_password, is_server, open_client, store_errors, tracking_uri

ROOT = Path(__file__).parents[2]
SETTINGS = resolve(dataset="synthetic", method="mnad", task="prediction", profile="smoke")


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


def cut_in_half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def zero_a_page(content: bytes) -> bytes:
    return content[: 8 * 4096] + bytes(4096) + content[9 * 4096 :]


def spoil_the_header(content: bytes) -> bytes:
    return b"X" + content[1:]


def replace_by_text(content: bytes) -> bytes:
    return b"a few words\n" * (len(content) // 12)


class TestOpenClient:
    @pytest.mark.parametrize("damage", [cut_in_half, zero_a_page, spoil_the_header, replace_by_text])
    def test_a_damaged_file_is_one_sentence(
        self, tmp_path: Path, empty_store: Path, damage: Callable[[bytes], bytes]
    ) -> None:
        """It names the file and says that an import makes it again; the file is left as it is."""
        path = tmp_path / "mlflow.db"
        path.write_bytes(damage(empty_store.read_bytes()))
        before = path.read_bytes()
        with pytest.raises(
            StudyError, match=r"Expected an MLflow store at .*mlflow\.db, but .*; move it away"
        ) as raised:
            open_client(f"sqlite:///{path}")
        assert "\n" not in str(raised.value)
        assert path.read_bytes() == before

    def test_a_fresh_store_that_several_processes_open_at_once(self, tmp_path: Path) -> None:
        """One makes the tables, the others wait for it."""
        code = f"from benchmarks.track.store import open_client; open_client('sqlite:///{tmp_path}/mlflow.db')"
        command = [sys.executable, "-c", code]
        started = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        ended = [(process.communicate()[1], process.returncode) for process in started]
        assert ended == [("", 0)] * 2

    def test_a_folder_is_one_sentence(self, tmp_path: Path) -> None:
        """A folder where the file should be."""
        with pytest.raises(StudyError, match="Expected an MLflow store at"):
            open_client(f"sqlite:///{tmp_path}")

    def test_a_database_that_another_program_has_locked(
        self, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is waited for some seconds, then named."""
        monkeypatch.setattr(store, "_PATIENCE", 0.1)
        with closing(sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StudyError, match="another program has locked it; end the program"):
                open_client(uri)

    def test_a_missing_driver_is_named(self) -> None:
        """PostgreSQL's driver is not among this project's dependencies; the password is not repeated."""
        with pytest.raises(
            StudyError, match=r"postgresql://me:\*\*\*@nowhere/x, but psycopg2? is not installed"
        ) as raised:
            open_client("postgresql://me:secret@nowhere/x")
        assert "secret" not in str(raised.value)

    def test_a_server_that_is_gone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its address, and what to set."""
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        with pytest.raises(StudyError, match=r"http://127\.0\.0\.1:9, but .*; set MLFLOW_TRACKING_URI") as raised:
            open_client("http://127.0.0.1:9")
        assert "\n" not in str(raised.value)


class TestStoreErrors:
    def test_a_store_that_breaks_during_an_import(
        self, tmp_path: Path, uri: str, write_record: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What the database raises halfway is a sentence as well."""
        write_record(tmp_path, SETTINGS, 0)

        def broken(*_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        monkeypatch.setattr("benchmarks.track.bulk.BulkWriter.flush", broken)
        with pytest.raises(StudyError, match=r"Expected an MLflow store at .* but disk I/O error; move it away"):
            import_records(tmp_path, uri)

    def test_other_errors_stay_what_they_are(self) -> None:
        """A mistake of the project's own is not blamed on the store."""
        with pytest.raises(ZeroDivisionError), store_errors("sqlite:///x"):
            _ = 1 / 0


class TestHidePassword:
    def test_only_the_password_goes(self) -> None:
        """An address is printed in errors and logs."""
        assert hide_password("https://me:secret@host:5000/a") == "https://me:***@host:5000/a"
        assert hide_password("http://host:5000") == "http://host:5000"
        assert hide_password("sqlite:////a/b.db") == "sqlite:////a/b.db"
