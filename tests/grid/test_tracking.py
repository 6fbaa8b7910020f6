from pathlib import Path
from typing import Any

import pytest

from benchmarks.grid.events import Event
from benchmarks.grid.places import Places
from benchmarks.grid.tracking import Tracking
from benchmarks.study.settings import Cell


class Notes:
    """A tracker that notes what it hears."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def update(self, cell: Cell, progress: dict[str, Any]) -> None:
        """Note an update."""
        self.told.append(("update", cell.seed, progress.get("phase"), len(progress.get("epochs_done", []))))

    def finish(self, cell: Cell, record_path: Path) -> None:
        """Note a record."""
        self.told.append(("finish", cell.seed, record_path))

    def fail(self, cell: Cell, sentence: str) -> None:
        """Note a failure."""
        self.told.append(("fail", cell.seed, sentence))

    def close(self) -> None:
        """Note the end."""
        self.told.append(("close",))


class TestTracking:
    @pytest.fixture
    def notes(self) -> Notes:
        """A fresh tracker."""
        return Notes()

    def test_tells_phases_and_epochs_but_not_batches(self, cells: list[Cell], places: Places, notes: Notes) -> None:
        """A tracking server is asked a few times an epoch, not twice a second."""
        tracking = Tracking(notes, places)
        one, two = cells[:2]
        tracking(Event("started", one))
        for batch in range(5):
            tracking(Event("progress", one, {"phase": "train", "batch": batch, "epochs_done": []}))
        tracking(Event("started", two))
        tracking(Event("progress", one, {"phase": "train", "batch": 0, "epochs_done": [{"epoch": 1}]}))
        tracking(Event("done", one))
        tracking(Event("failed", two, sentence="It broke."))
        assert notes.told == [
            ("update", 0, None, 0),
            ("update", 0, "train", 0),
            ("update", 1, None, 0),
            ("update", 0, "train", 1),
            ("finish", 0, places.record(one)),
            ("fail", 1, "It broke."),
        ]

    def test_leaves_another_commands_cell_to_it(self, cells: list[Cell], places: Places, notes: Notes) -> None:
        """A cell that another command trains is shown by that one, unless it was begun here before."""
        tracking = Tracking(notes, places)
        for kind in ("held", "elsewhere"):
            tracking(Event(kind, cells[0]))
        assert notes.told == []
        for kind in ("started", "held", "elsewhere"):
            tracking(Event(kind, cells[1]))
        assert notes.told == [("update", 1, None, 0), ("finish", 1, places.record(cells[1]))]
