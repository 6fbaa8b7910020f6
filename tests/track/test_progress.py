import pytest

from benchmarks.track import progress


class TestProgress:
    def test_a_line_every_few_seconds_where_nobody_watches(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A log gets a line at most every five seconds, with count, total and seconds."""
        seconds = iter([0.0, 2.0, 6.0, 6.0, 7.0, 11.5, 11.5])
        monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))
        with progress.Progress(9, "MLflow", "records", shown=True) as bar:
            for _ in range(4):
                bar.update()
        assert capsys.readouterr().err.splitlines() == ["MLflow: 2 of 9 records, 6 s", "MLflow: 4 of 9 records, 12 s"]

    def test_silence(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """What is not to be shown is not."""
        monkeypatch.setattr(progress, "_EVERY", 0.0)
        with progress.Progress(1, "MLflow", "records", shown=False) as bar:
            bar.update()
        assert capsys.readouterr() == ("", "")
