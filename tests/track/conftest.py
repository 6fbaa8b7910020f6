"""Invented records for tests of MLflow as a view; how they are made is shared with the tests of the report."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

FAKE_RECORDS = Path(__file__).parents[1] / "report" / "fake_records.py"


@pytest.fixture(scope="session")
def write_record() -> Callable[..., Path]:
    """Function that writes one invented record: (results, settings, seed, shift, **replaced) -> path."""
    specification = importlib.util.spec_from_file_location("fake_records", FAKE_RECORDS)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.write_record


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with MLflow's tables and nothing in them: making those takes seconds."""
    from benchmarks.track.store import open_client

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    open_client(f"sqlite:///{path}")
    return path


@pytest.fixture
def uri(tmp_path: Path, empty_store: Path) -> str:
    """Address of a fresh store of the test's own."""
    copy = tmp_path / "mlflow.db"
    copy.write_bytes(empty_store.read_bytes())
    return f"sqlite:///{copy}"
