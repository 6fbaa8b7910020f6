"""A study's figures in MLflow: a run for each study, beside those of its settings."""

import hashlib
from pathlib import Path
from typing import Final

from benchmarks.track.runs import DIGEST, Runs, now

_NOTE: Final = "Figures of the study {study}, drawn by `make figures`; nothing here is measured."
# Every study has this figure, and its name says the data set.
_COMPARISON: Final = "comparison-"


def import_figures(runs: Runs, results: Path) -> int:
    """Keep what lies in ``results/figures/<study>`` with a run of the study in its data set's experiment.

    Figures that are there already stay; others replace the run's. Returns how many studies were added or replaced.
    """
    changed = 0
    for folder in sorted((results / "figures").glob("*")):
        for comparison in sorted(folder.glob(f"{_COMPARISON}*.png")):
            changed += _import_study(runs, folder, comparison.stem.removeprefix(_COMPARISON))
    return changed


def _import_study(runs: Runs, folder: Path, dataset: str) -> bool:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    experiment = runs.experiment(dataset)
    query = f"tags.level = 'study' AND tags.study = '{folder.name}'"
    old = runs.client.search_runs([experiment], query)
    if any(run.data.tags.get(DIGEST) == digest.hexdigest() for run in old):
        return False
    tags = {"level": "study", "study": folder.name, "mlflow.note.content": _NOTE.format(study=folder.name)}
    run = runs.client.create_run(experiment, start_time=now(), tags=tags, run_name=f"figures of {folder.name}")
    runs.client.log_artifacts(run.info.run_id, str(folder))
    runs.client.set_tag(run.info.run_id, DIGEST, digest.hexdigest())
    runs.client.set_terminated(run.info.run_id, "FINISHED")
    for one in old:
        runs.client.delete_run(one.info.run_id)
    return True
