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

    def test_warns_once_and_catches_up(self, cells: list[Cell], capsys: pytest.CaptureFixture[str]) -> None:
        """After a failure progress is left out, ends are kept; once the listener takes one, it gets all, in their order."""
        heard: list[Event] = []
        there = [False]

        def server(event: Event) -> None:
            if not there[0]:
                raise ConnectionError("no server")
            heard.append(event)

        spared = IsolatedListener(server, "Tracking")
        for event in (Event("started", cells[0]), Event("progress", cells[0]), Event("done", cells[0])):
            spared(event)
        assert heard == []
        assert spared.catch_up() == 1
        there[0] = True
        spared(Event("started", cells[1]))
        assert heard == []
        spared(Event("failed", cells[1]))
        spared(Event("started", cells[2]))
        assert heard == [Event("done", cells[0]), Event("failed", cells[1]), Event("started", cells[2])]
        assert spared.catch_up() == 0
        said = capsys.readouterr().err
        assert said.count("WARNING: Tracking failed (ConnectionError: no server); the cells go on") == 1
        assert said.count("Tracking works again") == 1

    def test_an_end_that_failed_itself_is_kept(self, cells: list[Cell]) -> None:
        """The failure of an end is not the loss of it."""
        heard: list[Event] = []
        failures = [ConnectionError("no server")]

        def server(event: Event) -> None:
            if failures:
                raise failures.pop()
            heard.append(event)

        spared = IsolatedListener(server, "Tracking")
        spared(Event("done", cells[0]))
        assert spared.catch_up() == 0
        assert heard == [Event("done", cells[0])]
