"""A study's figures in MLflow: artifacts of one run per study, which the tag `level` keeps out of lists of results."""

import hashlib
from pathlib import Path
from typing import Final

from benchmarks.track.contents import NOTE, Content, Planned
from benchmarks.track.runs import now

_NOTE: Final = "Figures of the study {study}, drawn by `make figures`; nothing here is measured."
# Every study has this figure, and its name says the data set.
_COMPARISON: Final = "comparison-"


def plan_figures(results: Path, dataset: str, origin: str) -> list[Planned]:
    """A run for each folder ``results/figures/<study>`` with figures of the data set, which holds all of the folder."""
    folders = sorted((results / "figures").glob(f"*/{_COMPARISON}{dataset}.*"))
    return [_plan(folder, origin) for folder in dict.fromkeys(path.parent for path in folders)]


def _plan(folder: Path, origin: str) -> Planned:
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return Planned(f"{origin}/study/{folder.name}", digest.hexdigest(), lambda: _content(folder, origin))


def _content(folder: Path, origin: str) -> Content:
    moment = now()
    return Content(
        name=f"figures of {folder.name}",
        start=moment,
        end=moment,
        tags={"level": "study", "origin": origin, "study": folder.name, NOTE: _NOTE.format(study=folder.name)},
        files={path.name: path for path in _files(folder)},
    )


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())
