"""MLflow runs of a study: one per setting, and below it one per seed. Import and live tracking share every step."""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.report.figures import curves, timeline, usage
from benchmarks.report.groups import settings_label
from benchmarks.report.records import Record
from benchmarks.report.rows import Row
from benchmarks.report.style import house_style, save
from benchmarks.study.settings import AUTOENCODERS, Cell, Settings
from benchmarks.track.flatten import (
    Point,
    epoch_points,
    final_points,
    parameters,
    record_tags,
    seed_summary,
    settings_tags,
    span,
)
from benchmarks.track.store import experiment, open_client

if TYPE_CHECKING:
    from mlflow.entities import Run

DIGEST: Final = "record_digest"
_PARENT = "mlflow.parentRunId"
_NOTE = "mlflow.note.content"
_PAGE = 1000


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

    def find(self, dataset: str, settings: Settings | None = None) -> dict[tuple[str, int | None], "Run"]:
        """Runs that this study left in an experiment, by the settings' hash and the seed (None: the parent)."""
        query = "tags.settings_hash LIKE '%'" if settings is None else f"tags.settings_hash = '{settings.hash}'"
        found: dict[tuple[str, int | None], Run] = {}
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment(dataset)],
                query,
                max_results=_PAGE,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            for run in page:
                seed = run.data.tags.get("seed")
                found[run.data.tags["settings_hash"], None if seed is None else int(seed)] = run
            token = page.token
            if not token:
                return found

    def create(self, settings: Settings, seed: int | None, *, start: int, parent: str | None = None) -> str:
        """Begin the run of a setting (seed None) or of one of its seeds; start: milliseconds. Returns its id."""
        title = f"{_title(settings)}, {settings_label(settings)}"
        tags = settings_tags(settings) | {"level": "setting" if seed is None else "seed"}
        if seed is not None and parent is not None:
            tags |= {"seed": str(seed), _PARENT: parent}
            title = f"seed {seed}: {title}"
        run = self.client.create_run(self.experiment(settings.dataset), start_time=start, tags=tags, run_name=title)
        self.log(run.info.run_id, params=parameters(settings, seed))
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
        from mlflow.entities import Metric, Param, RunTag

        moment = now()
        metrics = [
            Metric(point.name, point.value, moment if point.at is None else point.at, point.step) for point in points
        ]
        self.client.log_batch(
            run,
            metrics[:_PAGE],
            [Param(name, value) for name, value in (params or {}).items()],
            [RunTag(name, value) for name, value in (tags or {}).items()],
        )
        for first in range(_PAGE, len(metrics), _PAGE):
            self.client.log_batch(run, metrics[first : first + _PAGE])

    def complete(self, run: str, record: Record, logged: int = 0) -> None:
        """Give a seed's run all that its record says and end it; the digest goes last, so that a torn run is redone.

        logged: the epochs whose metrics the run already has.
        """
        start, end = span(record)
        began = start + round(1000 * (record.phase("frames", "seconds") or 0.0))
        epochs = [point for point in epoch_points(record.content["epochs"], began) if point.step > logged]
        self.log(run, [*epochs, *final_points(record)], tags=record_tags(record))
        self._inputs(run, record)
        self._artifacts(run, record)
        self.client.set_tag(run, DIGEST, record_digest(record.path))
        self.client.set_terminated(run, "FINISHED", end)

    def refresh_parent(self, run: "Run", records: Sequence[Record]) -> bool:
        """Bring mean and spread over seeds up to date; False where they are so already."""
        digest = hashlib.sha256("".join(record_digest(record.path) for record in records).encode()).hexdigest()
        if run.data.tags.get(DIGEST) == digest:
            return False
        seeds = ", ".join(str(record.seed) for record in records)
        note = f"Mean and standard deviation over seeds {seeds}; a run for each seed lies below this one."
        run_id = run.info.run_id
        self.log(run_id, seed_summary(records), tags={_NOTE: note})
        self._pictures(run_id, records)
        self.client.set_tag(run_id, DIGEST, digest)
        self.client.set_terminated(run_id, "FINISHED", max(span(record)[1] for record in records))
        return True

    def _inputs(self, run: str, record: Record) -> None:
        """Name the data by its checksum; nothing of it is copied."""
        from mlflow.data.code_dataset_source import CodeDatasetSource
        from mlflow.data.meta_dataset import MetaDataset
        from mlflow.entities import DatasetInput, InputTag

        data: Mapping[str, Any] = record.content.get("data", {})
        inputs = []
        for split, context in (("train", "training"), ("test", "testing")):
            checksum = data.get(f"{split}_checksum")
            if checksum:
                name = f"{record.settings.dataset}-{split}"
                source = CodeDatasetSource({"layout": str(data.get("layout"))})
                described = MetaDataset(source, name, checksum[:16])  # type: ignore[abstract]
                tags = [InputTag("mlflow.data.context", context)]
                inputs.append(DatasetInput(described._to_mlflow_entity(), tags))  # noqa: SLF001 - no public way by client
        self.client.log_inputs(run, inputs)

    def _artifacts(self, run: str, record: Record) -> None:
        """Keep the record itself, and the memory's usage as numbers and picture."""
        with tempfile.TemporaryDirectory() as name, house_style():
            folder = Path(name)
            shutil.copy(record.path, folder / "record.json")
            if record.content.get("usage"):
                by_epoch = {str(epoch["epoch"]): epoch.get("usage") for epoch in record.content["epochs"]}
                content = {"test": record.content["usage"], "train_counts_by_epoch": by_epoch}
                (folder / "memory_usage.json").write_text(json.dumps(content), encoding="utf-8")
            if (figure := usage.draw(record, Row(record.settings, ()).label)) is not None:
                save(figure, folder / "memory_usage.png")
            self.client.log_artifacts(run, str(folder))

    def _pictures(self, run: str, records: Sequence[Record]) -> None:
        """Keep with a setting its losses over all seeds, and the scores over time of the lowest."""
        row = Row(records[0].settings, tuple(records))
        with tempfile.TemporaryDirectory() as name, house_style():
            folder = Path(name)
            if (figure := curves.draw(row)) is not None:
                save(figure, folder / "losses.png")
            save(timeline.draw(records[0], row.label), folder / f"scores_over_time_seed_{records[0].seed}.png")
            self.client.log_artifacts(run, str(folder))


def _title(settings: Settings) -> str:
    """The row's label with what differs first: MLflow's columns and legends show some twenty letters."""
    if settings.method not in AUTOENCODERS:
        return Row(settings, ()).label
    method, task, memory, *others = Row(settings, ()).label.split(" · ")
    return ", ".join([f"{method} {memory} {task}", *others])


def record_digest(path: Path) -> str:
    """SHA-256 (hex) of a record's file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def key(cell: Cell) -> tuple[str, int | None]:
    """How `Runs.find` names a cell."""
    return cell.settings.hash, cell.seed


def now() -> int:
    """Milliseconds since 1970."""
    return round(1000 * time.time())
