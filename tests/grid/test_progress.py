import io
import json
from typing import Any

import pytest

from benchmarks.grid.events import Event
from benchmarks.grid.places import Places
from benchmarks.grid.plan import PlannedCell
from benchmarks.grid.progress import Progress, TimeLeft, describe, describe_headline, share_done
from benchmarks.study.settings import Cell

TRAINING = {"phase": "train", "epoch": 2, "epochs": 4, "batch": 5, "batches": 10, "seconds_left": 70.0}


class Terminal(io.StringIO):
    """A stream that somebody watches."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def show(stream: io.StringIO, cells: list[Cell], places: Places, events: list[Event]) -> str:
    """What is on the screen after some events."""
    with Progress(
        [PlannedCell(cell, "missing", "", 100.0) for cell in cells], places, jobs=1, stream=stream
    ) as progress:
        for event in events:
            progress(event)
            progress.refresh()
    return stream.getvalue()


class TestProgress:
    @pytest.fixture
    def events(self, cells: list[Cell], places: Places) -> list[Event]:
        """One cell trains and is done, another fails."""
        places.record(cells[0]).parent.mkdir(parents=True)
        headline = {"score": "fused", "normalisation": "per_video", "micro_auc": 0.9314}
        places.record(cells[0]).write_text(json.dumps({"headline": headline}))
        return [
            Event("started", cells[0]),
            Event("progress", cells[0], TRAINING),
            Event("done", cells[0], seconds=250.0),
            Event("started", cells[1]),
            Event("failed", cells[1], sentence="The loss was NaN.", seconds=3.0),
        ]

    def test_is_a_line_a_cell_where_nobody_watches(
        self, cells: list[Cell], places: Places, events: list[Event]
    ) -> None:
        """A log file gets the headline and time of each cell, or why it failed, and nothing else."""
        name = cells[0].settings.name
        assert show(io.StringIO(), cells[:2], places, events).splitlines() == [
            f"[1/2] {name} seed 0: AUC 93.1 % (fused, per_video), 4 min 10 s",
            f"[2/2] {name} seed 1: FAILED. The loss was NaN.",
        ]

    def test_says_who_has_a_cell(self, cells: list[Cell], places: Places, events: list[Event]) -> None:
        """A cell that another command has is named when it is met, and counted when its record is there."""
        theirs = [Event("held", cells[0], sentence="a run (process 7 on host)"), Event("elsewhere", cells[0])]
        name = f"{cells[0].settings.name} seed 0"
        assert show(io.StringIO(), cells[:2], places, theirs).splitlines() == [
            f"{name}: a run (process 7 on host) has it; waiting for its record",
            f"[1/2] {name}: AUC 93.1 % (fused, per_video), by another command",
        ]

    def test_shows_bars_with_time_left_on_a_terminal(
        self, cells: list[Cell], places: Places, events: list[Event]
    ) -> None:
        """All cells and the running one have a bar each, with epoch, batch and time left."""
        shown = show(Terminal(), cells[:2], places, events)
        assert "seed 0 · training epoch 2/4 5/10" in shown
        assert "1 min 10 s left" in shown
        assert "cells 0/2" in shown
        assert "cells 2/2" in shown
        assert "3 min" in shown  # of 200 s planned
        assert "FAILED. The loss was NaN." in shown


class TestTimeLeft:
    def test_follows_starts_and_ends(self, cells: list[Cell]) -> None:
        """What runs counts for its rest; what ended teaches how far the plan is off; what failed is not waited for."""
        left = TimeLeft(dict.fromkeys(cells, 100.0), jobs=2)
        assert left.seconds_left(0) == 200
        left(Event("started", cells[0]), now=0)
        assert left.seconds_left(40) == (60 + 300) / 2
        assert left.seconds_left(150) == 300 / 2
        left(Event("done", cells[0], seconds=200), now=200)
        assert left.seconds_left(200) == 3 * 200 / 2
        left(Event("failed", cells[1]), now=200)
        assert left.seconds_left(200) == 2 * 200 / 2

    def test_is_unknown_as_long_as_a_cells_time_is(self, cells: list[Cell]) -> None:
        """No number is better than a made-up one."""
        left = TimeLeft({cells[0]: None, cells[1]: 10.0}, jobs=1)
        assert left.seconds_left(0) is None
        left(Event("done", cells[0], seconds=5))
        assert left.seconds_left(0) == 10


class TestDescribe:
    @pytest.mark.parametrize(
        ("progress", "words"),
        [
            ({}, "starting"),
            ({"phase": "frames"}, "frames"),
            (TRAINING, "training epoch 2/4 5/10"),
            ({"phase": "evaluate", "epochs": 4, "epoch": 4, "batch": 3, "batches": 9}, "scoring 3/9"),
        ],
    )
    def test_says_phase_epoch_and_batch(self, progress: dict[str, Any], words: str) -> None:
        """As far as they are known."""
        assert describe(progress) == words


class TestShareDone:
    @pytest.mark.parametrize(
        ("progress", "share"),
        [
            ({}, 0.0),
            ({"phase": "frames", "batch": 0, "batches": 0}, 0.0),
            (TRAINING, (1 + 0.5) / 4),
            ({"phase": "evaluate", "epoch": 4, "epochs": 4, "batch": 3, "batches": 9}, 1 / 3),
            ({"phase": "evaluate", "batch": 12, "batches": 9}, 1.0),
            ({"phase": "done", "batch": 0, "batches": 0}, 1.0),
        ],
    )
    def test_is_a_share_of_the_phase(self, progress: dict[str, Any], share: float) -> None:
        """Training counts epochs, the others their own steps; never above one."""
        assert share_done(progress) == pytest.approx(share)


class TestDescribeHeadline:
    def test_without_a_headline(self) -> None:
        """A record that leads with no figure is still one of a finished cell."""
        assert describe_headline({}) == "done"
