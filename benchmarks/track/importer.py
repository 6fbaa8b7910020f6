"""Records into MLflow: what is there already stays, what changed is replaced."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.errors import StudyError
from benchmarks.hints import hint
from benchmarks.report.read.contrasts import memory_contrasts
from benchmarks.report.read.interim import is_answered, primary_hashes
from benchmarks.report.read.records import Record, load_records
from benchmarks.report.read.rows import Row
from benchmarks.study.settings import Settings
from benchmarks.track.bulk import BulkWriter
from benchmarks.track.contents import Planned, plan_contrast, plan_setting, setting_key
from benchmarks.track.model import keep_model
from benchmarks.track.pictures import plan_figures
from benchmarks.track.runs import DIGEST, PARENT, Runs
from benchmarks.track.store import is_sqlite, store_errors, tracking_uri

if TYPE_CHECKING:
    from mlflow.entities import Run

# Where a record comes from. Runs of one origin are never replaced by those of another.
REFERENCE: Final = "reference"
OWN: Final = "own"


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

    def __add__(self, other: "ImportCounts") -> "ImportCounts":
        """Counts of two imports together."""
        return ImportCounts(self.added + other.added, self.replaced + other.replaced, self.unchanged + other.unchanged)


def import_all(
    reference: Path, own: Path, uri: str | None = None, *, work: Path | None = None, progress: bool = False
) -> ImportCounts:
    """Bring the project's records and the user's own in, each under its origin; a folder without records is none.

    work: of own runs, for their trained models (``own/work``). Raises StudyError where neither has any records, and as
    `import_records` does.
    """
    folders = {own.resolve(): (OWN, work), reference.resolve(): (REFERENCE, None)}  # one folder for both: the reference
    counts = ImportCounts()
    for folder, (origin, own_work) in reversed(folders.items()):
        counts += import_records(folder, uri, origin=origin, work=own_work, progress=progress)
    if counts == ImportCounts():
        raise StudyError(
            f"Expected records of a study in {reference / 'runs'} or {own / 'runs'}, but there are none; correct "
            f"--reference or --results, or run a study first ({hint('reproduce', 'synthetic')})."
        )
    return counts


def import_records(
    results: Path,
    uri: str | None = None,
    *,
    origin: str = REFERENCE,
    work: Path | None = None,
    progress: bool = False,
) -> ImportCounts:
    """Bring every record below results into the store: experiment per data set, run per setting, child per seed.

    Each pair of settings that differ in the memory alone has a run with the paired difference; the figures of each study
    that are drawn come as artifacts of a run of the study; trained models whose checkpoints are there come with their runs.

    uri: the store; `tracking_uri` where None. origin: REFERENCE for the project's own records, OWN for the user's; runs
    of the other origin are not touched. work: folder of checkpoints (``results/work``). progress: show how far it is.
    Without records no store is made. Raises StudyError if the store does not answer.
    """
    records = load_records(results)
    if not records:
        return ImportCounts()
    from tqdm import tqdm

    uri = uri or tracking_uri()
    counts: Counter[str] = Counter()
    every = 0.1 if sys.stderr.isatty() else 5.0  # seconds
    with (
        store_errors(uri),
        tqdm(
            total=len(records), desc="MLflow", unit=" records", disable=not progress, mininterval=every, leave=False
        ) as bar,
    ):
        runs = Runs(uri)
        writer = BulkWriter(runs) if is_sqlite(uri) else runs
        for dataset, group in groupby(records, lambda one: one.settings.dataset):
            of_set = list(group)
            plans = [*plan_records(of_set, origin), *plan_figures(results, dataset, origin)]
            known = _without_held_back(runs, runs.find(dataset, f"{origin}/%"), {plan.key for plan in plans})
            runs.remove_outdated(dataset)
            counts += _bring_in(runs, writer, dataset, plans, known, bar.update)
            runs.remove_duplicates(dataset, f"{origin}/%")
            _keep_models(runs, of_set, origin, work or results / "work")
    return ImportCounts(**counts)


def _without_held_back(runs: Runs, known: dict[str, "Run"], wanted: set[str]) -> dict[str, "Run"]:
    """Delete finished runs of the primary question that an earlier import or a live run left before all are there."""
    hashes = set() if is_answered() else primary_hashes()
    held = {
        key
        for key, run in known.items()
        if key not in wanted and hashes & set(key.split("/")) and DIGEST in run.data.tags
    }
    for key in held:
        runs.client.delete_run(known[key].info.run_id)
    return {key: run for key, run in known.items() if key not in held}


def _keep_models(runs: Runs, records: Sequence[Record], origin: str, work: Path) -> None:
    """Attach the trained models of records whose checkpoints are there."""
    kept = [record for record in records if (work / record.cell.slug).is_dir()]
    known = runs.find(kept[0].settings.dataset, f"{origin}/seed-%") if kept else {}
    for record in kept:
        keep_model(runs, known[setting_key(record.settings, record.seed, origin)].info.run_id, record, work)


def plan_records(records: Sequence[Record], origin: str) -> list[Planned]:
    """The runs of records of one data set: settings and their seeds, then contrasts within each profile."""
    groups: dict[Settings, list[Record]] = {}
    for record in records:
        groups.setdefault(record.settings, []).append(record)
    rows = [Row(settings, tuple(sorted(each, key=lambda one: one.seed))) for settings, each in groups.items()]
    plans = [plan for row in rows for plan in plan_setting(row.records, origin)]
    pairs = groupby(memory_contrasts(rows), lambda one: (one.with_memory.settings, one.without_memory.settings))
    return [*plans, *(plan_contrast(list(contrasts), origin) for _, contrasts in pairs)]


def import_setting(runs: Runs, records: Sequence[Record], origin: str) -> None:
    """Bring the records of one setting in. records: by ascending seed."""
    settings = records[0].settings
    known = runs.find(settings.dataset, f"{origin}/%/{settings.hash}")
    _bring_in(runs, runs, settings.dataset, plan_setting(records, origin), known, lambda: None)


def _bring_in(
    runs: Runs,
    writer: Runs | BulkWriter,
    dataset: str,
    plans: Sequence[Planned],
    known: dict[str, "Run"],
    seen: Callable[[], object],
) -> Counter[str]:
    """Write the runs that are missing or differ. seen: called after each seed. Returns what became of the seeds."""
    counts: Counter[str] = Counter()
    ids = {key: run.info.run_id for key, run in known.items()}
    replaced: dict[str, str] = {}
    for planned in plans:
        old = known.get(planned.key)
        outcome = "added" if old is None else "replaced"
        if old is not None and old.info.status == "FINISHED" and old.data.tags.get(DIGEST) == planned.digest:
            outcome = "unchanged"
        else:
            parent = None if planned.parent is None else ids[planned.parent]
            ids[planned.key] = writer.write(dataset, planned, planned.make(), parent)
            if old is not None:
                replaced[old.info.run_id] = ids[planned.key]
        if planned.parent is not None:
            counts[outcome] += 1
            seen()
    if isinstance(writer, BulkWriter):
        writer.flush()
    _put_in_place(runs, known, replaced)
    return counts


def _put_in_place(runs: Runs, known: dict[str, "Run"], replaced: dict[str, str]) -> None:
    """Delete the runs that were replaced, and hang what lay below them below the new ones."""
    for run in known.values():
        if run.info.run_id in replaced:
            runs.client.delete_run(run.info.run_id)
        elif (above := run.data.tags.get(PARENT)) in replaced:
            runs.client.set_tag(run.info.run_id, PARENT, replaced[above])
