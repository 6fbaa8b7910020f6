"""Many finished runs into an SQLite store in a few transactions.

Through MLflow's client a run costs some ten transactions, half a second on a slow disk. Here its rows are inserted through
MLflow's own table models; `Runs.write` says the same through the public API, and a test holds the two to each other.
"""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlparse

from benchmarks.track.contents import Content, Dataset, Planned
from benchmarks.track.runs import DIGEST, KEY, PARENT, Runs, metrics_of

if TYPE_CHECKING:
    from mlflow.entities import Metric

_RUNS_PER_TRANSACTION: Final = 100


class BulkWriter:
    """Collects runs and inserts them together; artifacts are written at once, as files.

    runs: of an SQLite store. `flush` must be called at the end.
    """

    def __init__(self, runs: Runs) -> None:
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        self.runs = runs
        self._store = SqlAlchemyStore(runs.uri, None)
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._datasets: dict[tuple[str, str, str], str] | None = None
        self._addresses: dict[str, str] = {}

    def write(self, dataset: str, planned: Planned, content: Content, parent: str | None) -> str:
        """Collect a finished run; parent: the id of the run above it. Returns its id."""
        run, experiment = uuid.uuid4().hex, self.runs.experiment(dataset)
        artifacts = f"{self._address(experiment)}/{run}/artifacts"
        content.write_files(Path(unquote(urlparse(artifacts).path)))
        above = {} if parent is None else {PARENT: parent}
        tags = {**content.tags, **above, KEY: planned.key, DIGEST: planned.digest, "mlflow.runName": content.name}
        metrics = metrics_of(content.points)
        self._add("SqlRun", [_run_row(run, experiment, content, artifacts)])
        self._add("SqlTag", [{"key": key, "value": value, "run_uuid": run} for key, value in tags.items()])
        self._add("SqlParam", [{"key": key, "value": value, "run_uuid": run} for key, value in content.params.items()])
        self._add("SqlMetric", [_metric_row(run, metric) for metric in metrics])
        self._add("SqlLatestMetric", [_metric_row(run, metric) for metric in _latest(metrics)])
        for one in content.datasets:
            self._add_input(run, experiment, one)
        if len(self._rows["SqlRun"]) >= _RUNS_PER_TRANSACTION:
            self.flush()
        return run

    def flush(self) -> None:
        """Insert what was collected, all of it or nothing."""
        import sqlalchemy
        from mlflow.store.tracking.dbmodels import models

        order = (
            "SqlRun",
            "SqlTag",
            "SqlParam",
            "SqlMetric",
            "SqlLatestMetric",
            "SqlDataset",
            "SqlInput",
            "SqlInputTag",
        )
        with self._store.ManagedSessionMaker(read_only=False) as session:
            for name in order:
                if rows := self._rows.get(name):
                    session.execute(sqlalchemy.insert(getattr(models, name)), rows)
        self._rows = {}

    def _add(self, table: str, rows: list[dict[str, Any]]) -> None:
        self._rows.setdefault(table, []).extend(rows)

    def _add_input(self, run: str, experiment: str, dataset: Dataset) -> None:
        if self._datasets is None:
            self._datasets = self._known_datasets()
        key = (experiment, dataset.name, dataset.digest)
        if key not in self._datasets:
            self._datasets[key] = uuid.uuid4().hex
            self._add("SqlDataset", [_dataset_row(self._datasets[key], experiment, dataset)])
        edge = uuid.uuid4().hex
        ends = {"source_type": "DATASET", "source_id": self._datasets[key], "destination_type": "RUN"}
        self._add("SqlInput", [{"input_uuid": edge, **ends, "destination_id": run}])
        self._add("SqlInputTag", [{"input_uuid": edge, "name": "mlflow.data.context", "value": dataset.context}])

    def _known_datasets(self) -> dict[tuple[str, str, str], str]:
        from mlflow.store.tracking.dbmodels.models import SqlDataset

        with self._store.ManagedSessionMaker() as session:
            return {
                (str(one.experiment_id), one.name, one.digest): one.dataset_uuid for one in session.query(SqlDataset)
            }

    def _address(self, experiment: str) -> str:
        """Where the experiment's artifacts lie: below ``mlruns`` next to the file, as `store.experiment` makes it."""
        if experiment not in self._addresses:
            found = self.runs.client.get_experiment(experiment)
            self._addresses[experiment] = str(found.artifact_location).rstrip("/")
        return self._addresses[experiment]


def _run_row(run: str, experiment: str, content: Content, artifacts: str) -> dict[str, Any]:
    return {
        "run_uuid": run,
        "name": content.name,
        "artifact_uri": artifacts,
        "experiment_id": int(experiment),
        "source_type": "UNKNOWN",
        "source_name": "",
        "entry_point_name": "",
        "user_id": "unknown",  # as for the client: a record does not say who ran it
        "status": "FINISHED",
        "start_time": content.start,
        "end_time": content.end,
        "source_version": "",
        "lifecycle_stage": "active",
    }


def _metric_row(run: str, metric: "Metric") -> dict[str, Any]:
    named = {"key": metric.key, "value": metric.value, "timestamp": metric.timestamp, "step": metric.step}
    return {**named, "is_nan": False, "run_uuid": run}


def _latest(metrics: Sequence["Metric"]) -> list["Metric"]:
    """The value of each metric that MLflow shows, of the last step; in the order of the first: its pages keep to that."""
    latest = {metric.key: metric for metric in reversed(metrics)}
    for metric in metrics:
        if _age(metric) > _age(latest[metric.key]):
            latest[metric.key] = metric
    return [latest[key] for key in dict.fromkeys(metric.key for metric in metrics)]


def _age(metric: "Metric") -> tuple[int, int, float]:
    return metric.step, metric.timestamp, metric.value


def _dataset_row(identity: str, experiment: str, dataset: Dataset) -> dict[str, Any]:
    return {
        "dataset_uuid": identity,
        "experiment_id": int(experiment),
        "name": dataset.name,
        "digest": dataset.digest,
        "dataset_source_type": "code",
        "dataset_source": dataset.source,
    }
