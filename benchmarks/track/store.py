"""Where MLflow keeps runs, and a quiet client for it."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import StudyError

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_SQLITE = "sqlite:///"
_TAGS = {
    # Without a kind MLflow 3 opens an experiment on its pages for language models.
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.note.content": (
        "One run per setting, with mean and standard deviation over seeds in the metrics `*_mean` and `std/*`, and "
        "below it one run per seed. AUCs are fractions: `auc/micro_per_video` is the published measure, "
        "`auc/micro_global` is without normalisation within videos. The tag `level` tells settings from seeds."
    ),
}


def tracking_uri(folder: Path | None = None) -> str:
    """MLFLOW_TRACKING_URI where it is set, else an SQLite file ``mlflow.db`` in folder (the working directory)."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{_SQLITE}{(folder or Path.cwd()).resolve() / 'mlflow.db'}"


def artifact_root(uri: str) -> str | None:
    """Address of the folder ``mlruns`` beside an SQLite file; None for other stores, which have their own place."""
    if not uri.startswith(_SQLITE):
        return None
    return (Path(uri.removeprefix(_SQLITE)).resolve().parent / "mlruns").as_uri()


def is_server(uri: str) -> bool:
    """Whether the store is a tracking server that runs elsewhere."""
    return uri.startswith(("http://", "https://"))


def open_client(uri: str) -> "MlflowClient":
    """Open the store, making it where it is a new SQLite file; raises StudyError if it does not answer."""
    # Read when mlflow is imported: a study must not talk to anybody, nor wait minutes for a server that is gone.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.WARNING)
    import mlflow
    from mlflow.tracking import MlflowClient

    # mlflow sets the level of its loggers when it is imported, and again when it makes a store.
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    try:
        client = MlflowClient(tracking_uri=uri)
        client.search_experiments(max_results=1)
    except (mlflow.MlflowException, OSError) as error:
        raise StudyError(
            f"Expected an MLflow store at {uri}, but {str(error).splitlines()[0]}; set MLFLOW_TRACKING_URI to one that "
            "answers, or unset it."
        ) from error
    return client


def experiment(client: "MlflowClient", uri: str, dataset: str) -> str:
    """Id of a data set's experiment, made or brought back where there is none."""
    found = client.get_experiment_by_name(dataset)
    if found is None:
        root = artifact_root(uri)
        place = None if root is None else f"{root}/{dataset}"
        return client.create_experiment(dataset, artifact_location=place, tags=_TAGS)
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)
