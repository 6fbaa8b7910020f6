"""Records into MLflow: what is there already stays, what changed is replaced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.report.records import Record, load_records
from benchmarks.study.settings import Settings
from benchmarks.track.flatten import span
from benchmarks.track.pictures import import_figures
from benchmarks.track.runs import DIGEST, Runs, key, record_digest
from benchmarks.track.store import tracking_uri

if TYPE_CHECKING:
    from mlflow.entities import Run


@dataclass(frozen=True)
class ImportCounts:
    """Runs of seeds that were added, replaced because their record changed, or left as they were."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0

    def __str__(self) -> str:
        """A sentence for the user."""
        total = self.added + self.replaced + self.unchanged
        return (
            f"MLflow holds {total} records: {self.added} added, {self.replaced} replaced, {self.unchanged} unchanged."
        )


def import_records(results: Path, uri: str | None = None, *, progress: bool = False) -> ImportCounts:
    """Bring every record below results into the store: experiment per data set, run per setting, child per seed.

    The figures of each study that are drawn come with them, as artifacts of a run of the study.

    uri: the store; `tracking_uri` where None. progress: show a bar. Without records no store is made.
    Raises StudyError if a record cannot be read or the store does not answer.
    """
    records = load_records(results)
    if not records:
        return ImportCounts()
    runs = Runs(uri or tracking_uri())
    groups: dict[Settings, list[Record]] = {}
    for record in records:
        groups.setdefault(record.settings, []).append(record)
    known = {dataset: runs.find(dataset) for dataset in {settings.dataset for settings in groups}}
    counts = {"added": 0, "replaced": 0, "unchanged": 0}
    from tqdm import tqdm

    with tqdm(total=len(records), desc="MLflow", unit="record", disable=None if progress else True, leave=False) as bar:
        for settings, of_setting in groups.items():
            for outcome in import_setting(runs, sorted(of_setting, key=lambda one: one.seed), known[settings.dataset]):
                counts[outcome] += 1
                bar.update()
    import_figures(runs, results)
    return ImportCounts(**counts)


def import_setting(runs: Runs, records: Sequence[Record], known: Mapping[tuple[str, int | None], "Run"]) -> list[str]:
    """Bring the records of one setting in.

    records: by ascending seed. known: as `Runs.find` gives it. Returns added, replaced or unchanged for each.
    """
    settings = records[0].settings
    found = known.get((settings.hash, None))
    parent = found or runs.client.get_run(runs.create(settings, None, start=min(span(one)[0] for one in records)))
    outcomes = []
    for record in records:
        child = known.get(key(record.cell))
        if child is not None and child.data.tags.get(DIGEST) == record_digest(record.path):
            outcomes.append("unchanged")
            continue
        if child is not None:
            runs.client.delete_run(child.info.run_id)
        run = runs.create(settings, record.seed, start=span(record)[0], parent=parent.info.run_id)
        runs.complete(run, record)
        outcomes.append("added" if child is None else "replaced")
    runs.refresh_parent(parent, records)
    return outcomes
