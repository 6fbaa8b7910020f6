"""Where MLflow keeps runs, and a quiet client for it."""

import logging
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import StudyError

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_SQLITE = "sqlite:///"
_PATIENCE = 5.0  # seconds that a locked database is waited for
_TABLES = 300.0  # seconds that another process is waited for while it makes or migrates the tables
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TAGS = {
    # Without a kind MLflow 3 opens an experiment on its pages for language models.
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.note.content": (
        "Means over seeds (tag `level` = `setting`), below each its runs (`seed`); memory minus none, paired by seed "
        "(`contrast`); figures (`study`). `origin` is `reference` for the project's records and `own` for yours. AUCs "
        "are fractions; `auc/frame` is the published measure, normalised per video."
    ),
}


def tracking_uri(folder: Path | None = None) -> str:
    """MLFLOW_TRACKING_URI where it is set, else an SQLite file ``mlflow.db`` in folder (the working directory)."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{_SQLITE}{(folder or Path.cwd()).resolve() / 'mlflow.db'}"


def artifact_root(uri: str) -> str | None:
    """Address of the folder ``mlruns`` next to an SQLite file; None for other stores, which have their own place."""
    if not uri.startswith(_SQLITE):
        return None
    return (Path(uri.removeprefix(_SQLITE)).resolve().parent / "mlruns").as_uri()


def is_server(uri: str) -> bool:
    """Whether the store is a tracking server that runs elsewhere."""
    return uri.startswith(("http://", "https://"))


def is_sqlite(uri: str) -> bool:
    """Whether the store is an SQLite file on this machine."""
    return uri.startswith(_SQLITE)


@contextmanager
def store_errors(uri: str) -> Iterator[None]:
    """Turn what a store's client and its database raise into a StudyError of one sentence."""
    try:
        yield
    except StudyError:
        raise
    except Exception as error:
        if not _is_of_the_store(error):
            raise
        raise StudyError(_sentence(uri, error)) from error


def open_client(uri: str) -> "MlflowClient":
    """Open the store, making it where it is a new SQLite file; raises StudyError if it does not answer."""
    # Read when mlflow is imported: a study must not talk to anybody, nor wait minutes for a server that is gone.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from mlflow.tracking import MlflowClient

    # mlflow sets the level of its loggers when it is imported, and again when it makes a store; what its stores log of
    # an error, a page of traceback, `store_errors` says in a sentence.
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("mlflow.store").setLevel(logging.CRITICAL)
    with store_errors(uri), _alone_at(uri):
        _refuse_damaged(uri)
        client = MlflowClient(tracking_uri=uri)
        client.search_experiments(max_results=1)
    return client


@contextmanager
def _alone_at(uri: str) -> Iterator[None]:
    """Let one process at a time make or migrate an SQLite file's tables: Alembic itself takes no lock."""
    if not is_sqlite(uri):
        yield
        return
    from filelock import FileLock, Timeout

    try:
        with FileLock(f"{uri.removeprefix(_SQLITE)}-lock", timeout=_TABLES):
            yield
    except Timeout as error:
        raise sqlite3.OperationalError("database is locked") from error


def _refuse_damaged(uri: str) -> None:
    """Raise StudyError for a file that is no whole SQLite database; MLflow may read past a damaged page."""
    path = Path(uri.removeprefix(_SQLITE))
    if not is_sqlite(uri) or not path.exists():
        return
    try:
        with closing(sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True, timeout=_PATIENCE)) as database:
            found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise StudyError(_sentence(uri, error)) from error
    if found != "ok":
        raise StudyError(_sentence(uri, sqlite3.DatabaseError(f"it is damaged ({found.splitlines()[-1]})")))


def _is_of_the_store(error: Exception) -> bool:
    """Whether an error is the store's; MLflow or SQLAlchemy that is not imported cannot have raised it."""
    mlflow, sqlalchemy = sys.modules.get("mlflow"), sys.modules.get("sqlalchemy")
    kinds: tuple[type[Exception], ...] = (OSError, ImportError, sqlite3.Error)
    kinds += () if mlflow is None else (mlflow.MlflowException,)
    kinds += () if sqlalchemy is None else (sqlalchemy.exc.SQLAlchemyError,)
    return isinstance(error, kinds)


def _sentence(uri: str, error: Exception) -> str:
    """What was expected, what came, what to do."""
    said = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__).rstrip(". ")
    place = hide_password(uri)
    if isinstance(error, ImportError):
        package = getattr(error, "name", None) or said
        return (
            f"Expected the database driver of {place}, but {package} is not installed; install it (pip install) first."
        )
    if "locked" in said:
        remedy = "end the program that writes to it, or set MLFLOW_TRACKING_URI to another store."
        return f"Expected to write to the MLflow store {place}, but another program has locked it; {remedy}"
    if is_sqlite(uri):
        remedy = (
            "move it away (an import makes it again from the records), or set MLFLOW_TRACKING_URI to another store."
        )
    else:
        remedy = "set MLFLOW_TRACKING_URI to one that answers, or unset it."
    return f"Expected an MLflow store at {place}, but {said}; {remedy}"


def hide_password(uri: str) -> str:
    """The address without the password that it may carry."""
    return re.sub(r"(?<=://)([^/@:]*):[^/@]*@", r"\1:***@", uri)


def experiment(client: "MlflowClient", uri: str, dataset: str) -> str:
    """Id of a data set's experiment, made or brought back where there is none."""
    if _NAME.fullmatch(dataset) is None:  # it becomes a folder of artifacts
        raise StudyError(
            f"Expected the name of a data set (letters, digits, '.', '_' and '-'), but a record says {dataset!r}; "
            "remove that record."
        )
    found = client.get_experiment_by_name(dataset)
    if found is None:
        root = artifact_root(uri)
        place = None if root is None else f"{root}/{dataset}"
        try:
            return client.create_experiment(dataset, artifact_location=place, tags=_TAGS)
        except Exception:
            found = client.get_experiment_by_name(dataset)  # another process was faster
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)
