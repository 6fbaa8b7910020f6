import pytest

from benchmarks.grid.events import Event, IsolatedListener
from benchmarks.study.settings import Cell


class TestIsolatedListener:
    def test_passes_events_on(self, cells: list[Cell], capsys: pytest.CaptureFixture[str]) -> None:
        """A listener that works hears everything, and nobody is warned."""
        heard: list[Event] = []
        spared = IsolatedListener(heard.append, "Tracking")
        events = [Event("started", cells[0]), Event("done", cells[0])]
        for event in events:
            spared(event)
        assert heard == events
        assert capsys.readouterr().err == ""

    def test_warns_once_and_asks_no_more(self, cells: list[Cell], capsys: pytest.CaptureFixture[str]) -> None:
        """A listener that fails is reported loudly, once, and left out from then on."""
        asked: list[Event] = []

        def broken(event: Event) -> None:
            asked.append(event)
            raise ConnectionError("no server")

        spared = IsolatedListener(broken, "Tracking")
        for _ in range(3):
            spared(Event("started", cells[0]))
        assert len(asked) == 1
        said = capsys.readouterr().err
        assert said.count("WARNING: Tracking failed") == 1
        assert "ConnectionError: no server" in said
