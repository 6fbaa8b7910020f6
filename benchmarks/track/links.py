"""Addresses of MLflow's pages that open with the question: the runs of one profile, memory's factor and their AUC.

MLflow keeps a view that somebody shares (filter, order, columns) as a tag of the experiment, and opens it by its key.
"""

import json
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlencode

from benchmarks.track.flatten import AUC, EFFECT
from benchmarks.track.runs import Runs

_SHARED: Final = "mlflow.sharedViewState."
# MLflow shows columns by their names' alphabet: memory comes first of these.
_FACTORS: Final = ("memory", "method", "skip", "supervision", "task")


def share_views(runs: Runs, dataset: str, profile: str) -> dict[str, str]:
    """Keep the views of a data set's profile in the store; returns their pages (from ``#/``) by what they show.

    A view that would list nothing is left out: a profile may have no pair that differs in the memory alone.
    """
    views = {"settings": _view("setting", profile, AUC, ["seeds"])}
    rest = [f"{EFFECT}/{name}" for name in ("low", "high", "n")]
    views["memory minus none"] = _view("contrast", profile, f"{EFFECT}/auc", rest)
    experiment, pages = runs.experiment(dataset), {}
    for name, view in views.items():
        if not runs.client.search_runs([experiment], str(view["searchFilter"]), max_results=1):
            continue
        key = f"{profile}-{name.replace(' ', '-')}"
        runs.client.set_experiment_tag(experiment, f"{_SHARED}{key}", json.dumps(view))
        # MLflow 3 opens its pages for language models unless asked for the others.
        query = {"viewStateShareKey": key, "workflowType": "machine_learning"}
        pages[name] = f"#/experiments/{experiment}/runs?{urlencode(query)}"
    return pages


def _view(level: str, profile: str, metric: str, others: Iterable[str]) -> dict[str, object]:
    """A view in the form of MLflow 3's experiment page: what it searches, in which order, and its columns."""
    metrics = [f"metrics.`{name}`" for name in (metric, *others)]
    factors = [f"params.`{name}`" for name in _FACTORS]
    return {
        "searchFilter": f"tags.level = '{level}' and tags.profile = '{profile}'",
        "orderByKey": metrics[0],
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": [*metrics, *factors, "tags.`origin`"],
        "runsHiddenMode": "FIRST_20_RUNS",
    }
