"""The runs of one MLflow store, through MLflow's client: for servers, for live tracking, and wherever few runs are written."""

import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.track.contents import Content, Dataset, Planned
from benchmarks.track.flatten import Point
from benchmarks.track.store import experiment, open_client

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput, Metric, Run

KEY: Final = "run_key"
DIGEST: Final = "content_digest"
PARENT: Final = "mlflow.parentRunId"
_PAGE: Final = 1000  # metrics in a request


class Runs:
    """The runs of one store.

    uri: address of the store, opened at once (seconds). Raises StudyError as `open_client` does.
    """

    def __init__(self, uri: str) -> None:
        self.client = open_client(uri)
        self.uri = uri
        self._experiments: dict[str, str] = {}

    def experiment(self, dataset: str) -> str:
        """Id of the data set's experiment."""
        if dataset not in self._experiments:
            self._experiments[dataset] = experiment(self.client, self.uri, dataset)
        return self._experiments[dataset]

    def find(self, dataset: str, key: str = "%") -> dict[str, "Run"]:
        """Runs that this study left in an experiment, by key; of two with one key, the one that began last.

        key: a pattern of SQL's LIKE.
        """
        return {run.data.tags[KEY]: run for run in self._search(dataset, f"tags.{KEY} LIKE '{key}'")}

    def remove_outdated(self, dataset: str) -> int:
        """Delete the runs of older versions of this importer, which had no keys; returns how many."""
        outdated = [run for run in self._search(dataset, "tags.level LIKE '%'") if KEY not in run.data.tags]
        for run in outdated:
            self.client.delete_run(run.info.run_id)
        return len(outdated)

    def remove_duplicates(self, dataset: str, key: str) -> int:
        """Delete finished runs that equal another one, as two imports at once leave them; returns how many.

        Whoever asks keeps the same one of them. What lay below a deleted run lies below the kept one afterwards. key: as
        of `find`.
        """
        from mlflow import MlflowException

        runs = sorted(self._search(dataset, f"tags.{KEY} LIKE '{key}'"), key=lambda one: str(one.info.run_id))
        kept: dict[tuple[str, str], str] = {}
        duplicates: dict[str, str] = {}
        for run in runs:
            if run.info.status == "FINISHED" and (digest := run.data.tags.get(DIGEST)):
                stays = kept.setdefault((run.data.tags[KEY], digest), run.info.run_id)
                if stays != run.info.run_id:
                    duplicates[run.info.run_id] = stays
        for run in runs:
            with suppress(MlflowException):  # the other import deletes it, too
                if run.info.run_id in duplicates:
                    self.client.delete_run(run.info.run_id)
                elif (above := run.data.tags.get(PARENT)) in duplicates:
                    self.client.set_tag(run.info.run_id, PARENT, duplicates[above])
        return len(duplicates)

    def _search(self, dataset: str, query: str) -> Iterable["Run"]:
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment(dataset)],
                query,
                max_results=_PAGE,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            yield from page
            token = page.token
            if not token:
                return

    def begin(  # what a run is known by from its first moment
        self,
        dataset: str,
        key: str,
        name: str,
        tags: Mapping[str, str],
        *,
        params: Mapping[str, str],
        start: int,
        parent: str | None = None,
    ) -> str:
        """Begin a run; start: milliseconds, parent: a run's id. Returns its id."""
        above = {} if parent is None else {PARENT: parent}
        run = self.client.create_run(
            self.experiment(dataset), start_time=start, tags={**tags, **above, KEY: key}, run_name=name
        )
        self.log(run.info.run_id, params=params)
        return str(run.info.run_id)

    def log(
        self,
        run: str,
        points: Iterable[Point] = (),
        *,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Send metrics, parameters and tags in one request, or as few as MLflow's limits allow."""
        from mlflow.entities import Param, RunTag

        metrics = metrics_of(points)
        self.client.log_batch(
            run,
            metrics[:_PAGE],
            [Param(name, value) for name, value in (params or {}).items()],
            [RunTag(name, value) for name, value in (tags or {}).items()],
        )
        for first in range(_PAGE, len(metrics), _PAGE):
            self.client.log_batch(run, metrics[first : first + _PAGE])

    def write(self, dataset: str, planned: Planned, content: Content, parent: str | None) -> str:
        """Make a finished run; parent: the id of the run above it. Returns its id."""
        run = self.begin(
            dataset,
            planned.key,
            content.name,
            content.tags,
            params=content.params,
            start=content.start,
            parent=parent,
        )
        self.complete(run, planned, content)
        return run

    def complete(self, run: str, planned: Planned, content: Content, logged: int = 0) -> None:
        """Give a run all that it lacks and end it; the digest goes last, so that a torn run is made again.

        logged: the epochs whose metrics the run already has.
        """
        points = [point for point in content.points if point.step == 0 or point.step > logged]
        self.log(run, points, tags=content.tags)
        if content.datasets:
            self.client.log_inputs(run, [dataset_input(one) for one in content.datasets])
        if content.files:
            with tempfile.TemporaryDirectory() as folder:
                content.write_files(Path(folder))
                self.client.log_artifacts(run, folder)
        self.client.set_tag(run, DIGEST, planned.digest)
        self.client.set_terminated(run, "FINISHED", content.end)


def metrics_of(points: Iterable[Point]) -> list["Metric"]:
    """Points as MLflow's metrics; what has no date is dated now."""
    from mlflow.entities import Metric

    moment = now()
    return [Metric(one.name, one.value, moment if one.at is None else one.at, one.step) for one in points]


def dataset_input(dataset: Dataset) -> "DatasetInput":
    """A split as MLflow's input of a run."""
    from mlflow.entities import Dataset as Described
    from mlflow.entities import DatasetInput, InputTag

    described = Described(dataset.name, dataset.digest, "code", dataset.source)
    return DatasetInput(described, [InputTag("mlflow.data.context", dataset.context)])


def now() -> int:
    """Milliseconds since 1970."""
    return round(1000 * time.time())
