from pathlib import Path

from benchmarks.run.progress import Progress, read_progress

LOSSES = {"pixel": 0.5}


class TestEpochDone:
    def test_tells_the_epoch_and_the_time_left(self, tmp_path: Path) -> None:
        """On a GPU no step is reported: the end of each epoch moves the bar, a resumed cell's by its own epochs alone."""
        progress = Progress(tmp_path / "progress.json")
        resumed = [{"epoch": 1, "losses": LOSSES}]
        progress.phase("train", epochs=4, epochs_done=resumed, resumed_epochs=1)
        progress._phase_begun -= 10
        progress.epoch_done(4, [*resumed, {"epoch": 2, "losses": LOSSES}])
        told = read_progress(tmp_path / "progress.json")
        assert told is not None
        assert (told["epoch"], told["epochs"], told["losses"], len(told["epochs_done"])) == (2, 4, LOSSES, 2)
        assert 20 <= told["seconds_left"] < 25


class TestReadProgress:
    def test_is_none_where_there_is_none(self, tmp_path: Path) -> None:
        """A file that is missing, torn or no object."""
        assert read_progress(tmp_path / "progress.json") is None
        for text in ("{", "[]"):
            (tmp_path / "progress.json").write_text(text)
            assert read_progress(tmp_path / "progress.json") is None
