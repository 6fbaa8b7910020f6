"""Where a cell's files lie."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import reading
from benchmarks.study.settings import Cell, Settings


@dataclass(frozen=True)
class Places:
    """Folders of a study. data_root: None where frames are generated. work: stores, checkpoints, progress, logs."""

    data_root: Path | None
    results: Path
    work: Path

    def record(self, cell: Cell) -> Path:
        """The record that a finished cell leaves."""
        return self.records(cell.settings) / f"seed-{cell.seed}.json"

    def records(self, settings: Settings) -> Path:
        """The folder of the records of all seeds."""
        return (self.results / "runs" / settings.dataset / settings.profile / settings.name).absolute()

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


class Listing:
    """What runs have left in their folders, each of which is listed once: a large study asks for thousands of files."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._worked = _names(places.work)
        self._records: dict[Settings, tuple[Path, frozenset[str]]] = {}

    def record(self, cell: Cell) -> Path | None:
        """The file of a cell's record; None where there is none."""
        if cell.settings not in self._records:
            folder = self._places.records(cell.settings)
            self._records[cell.settings] = folder, _names(folder)
        folder, names = self._records[cell.settings]
        name = f"seed-{cell.seed}.json"
        return folder / name if name in names else None

    def progress(self, cell: Cell) -> dict[str, Any]:
        """What a cell's last attempt said of its progress; empty where it said nothing."""
        return (read_json(self._places.progress(cell)) if cell.slug in self._worked else None) or {}


def _names(folder: Path) -> frozenset[str]:
    """Names of what lies in a folder; empty where it is none."""
    try:
        return frozenset(path.name for path in folder.iterdir())
    except OSError:
        return frozenset()


def version(file: Path) -> int:
    """When a file was changed last (st_mtime_ns); 0 where there is none."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def read_json(file: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None where there is no file, or none that can be read."""
    try:
        value = reading.read_json(file)
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
