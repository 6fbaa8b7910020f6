from collections.abc import Callable

import pytest

from benchmarks.grid.estimate import estimate_seconds, read_measured
from benchmarks.grid.first_steps import time_first_steps
from benchmarks.grid.places import Places
from benchmarks.grid.plan import Plan, PlannedCell
from benchmarks.study.settings import Cell

FakeCell = Callable[[str], tuple[str, ...]]
TIMES = """
assert options.time_steps == "20" and options.seed == 0
(work / "timing.json").write_text(json.dumps({
    "settings": settings.to_dict(), "mode": options.mode, "hardware": {"device": "cpu", "threads": 2},
    "phases": {"train": {"seconds": 100}, "evaluate": {"seconds": 20}},
    "timed_steps": 10, "seconds_per_step": 0.25, "notes": ["Not compiled."],
}))
"""


@pytest.fixture
def plan(cells: list[Cell]) -> Plan:
    """Four seeds of one setting, to be run."""
    return Plan(tuple(PlannedCell(cell, "missing") for cell in cells))


class TestTimeFirstSteps:
    def test_each_setting_is_timed_once_for_the_next_plan(
        self, plan: Plan, places: Places, fake_cell: FakeCell, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Of four seeds the first is timed, reported in a line, and taken by the estimate of all."""
        entry = fake_cell(TIMES)
        assert time_first_steps(plan, places, steps=20, threads=2, device="cpu", mode="record", entry=entry) == {}
        settings = plan.cells[0].cell.settings
        told = capsys.readouterr().out
        assert told == (f"  {settings.name}: 0.25 s a step (10 timed), about 2 min 00 s a cell. Not compiled.\n")
        known = read_measured(places.results, places.work)
        assert estimate_seconds(settings, known, device="cpu", threads=2) == 5 + 120

    def test_what_fails_is_told(
        self, plan: Plan, places: Places, cells: list[Cell], fake_cell: FakeCell, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A timing that an earlier attempt left is no answer."""
        places.folder(cells[0]).mkdir(parents=True)
        places.timing(cells[0]).write_text("{}")
        entry = fake_cell('print("Expected memory."); sys.exit(2)')
        failures = time_first_steps(plan, places, steps=20, threads=1, device="cpu", mode="record", entry=entry)
        assert failures == {cells[0]: "Expected memory."}
        assert "FAILED. Expected memory." in capsys.readouterr().out
        assert not places.timing(cells[0]).exists()
