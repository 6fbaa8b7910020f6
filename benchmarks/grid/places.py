"""Where a cell's files lie."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.study.settings import Cell


@dataclass(frozen=True)
class Places:
    """Folders of a study. data_root: None where frames are generated. work: stores, checkpoints, progress, logs."""

    data_root: Path | None
    results: Path
    work: Path

    def record(self, cell: Cell) -> Path:
        """The record that a finished cell leaves."""
        settings = cell.settings
        return (
            self.results / "runs" / settings.dataset / settings.profile / settings.name / f"seed-{cell.seed}.json"
        ).absolute()

    def folder(self, cell: Cell) -> Path:
        """The cell's work folder."""
        return (self.work / cell.slug).absolute()

    def progress(self, cell: Cell) -> Path:
        """What a running cell rewrites at every step."""
        return self.folder(cell) / "progress.json"

    def timing(self, cell: Cell) -> Path:
        """Seconds of its first steps, where somebody has timed them."""
        return self.folder(cell) / "timing.json"

    def log(self, cell: Cell) -> Path:
        """What the cell says about its work."""
        return self.folder(cell) / "cell.log"

    def output(self, cell: Cell) -> Path:
        """What its process printed, tracebacks included."""
        return self.folder(cell) / "output.log"


def read_json(file: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None where there is no file, or none that can be read."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
