"""One command at a time on a cell: benchmarks/run/cell_lock.py."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.run import cell_lock as module
from benchmarks.run.cell_lock import alone_at, holder


class TestAloneAt:
    def test_refuses_a_second_command_and_says_what_the_first_is(self, tmp_path: Path) -> None:
        """One sentence: which cell, what runs there and as which process, and what to do."""
        with alone_at(tmp_path, "a run"), pytest.raises(StudyError) as refused, alone_at(tmp_path, "an inspection"):
            pytest.fail("two commands have the cell")
        sentence = str(refused.value)
        assert sentence.startswith(
            f"Expected nobody else at the cell {tmp_path.name}, but a run (process {os.getpid()} "
        )
        assert str(tmp_path) in sentence
        assert sentence.endswith("let it end, or end it, and give the command again.")
        assert "\n" not in sentence

    def test_names_the_last_holder_alone(self, tmp_path: Path) -> None:
        """Whoever had the cell before is not spoken of."""
        with alone_at(tmp_path, "an inspection that took a very long time"):
            pass
        with (
            alone_at(tmp_path, "a run"),
            ExitStack() as stack,
            pytest.raises(StudyError, match="but a run ") as refused,
        ):
            stack.enter_context(alone_at(tmp_path, "a run"))
        assert "inspection" not in str(refused.value)

    def test_leaves_other_cells_free(self, tmp_path: Path) -> None:
        """Cells of a study run side by side."""
        folders = [tmp_path / name for name in ("one", "two")]
        for folder in folders:
            folder.mkdir()
        with alone_at(folders[0], "a run"), alone_at(folders[1], "a run"):
            pass

    def test_is_free_after_an_error(self, tmp_path: Path) -> None:
        """A cell that failed can be run again at once."""
        with pytest.raises(OSError, match="of the cell's own"), alone_at(tmp_path, "a run"):
            raise OSError("of the cell's own")
        with alone_at(tmp_path, "a run"):
            pass

    def test_does_without_a_name_on_a_full_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What cannot be written is not missed: the cell is held all the same, by somebody."""

        def full() -> str:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("socket.gethostname", full)
        with (
            alone_at(tmp_path, "a run"),
            pytest.raises(StudyError, match="but another command works in"),
            alone_at(tmp_path, "a run"),
        ):
            pytest.fail("two commands have the cell")

    def test_folder_that_cannot_be_locked_is_named(self, tmp_path: Path) -> None:
        """Without a lock nothing is begun."""
        (tmp_path / module.NAME).mkdir()
        with pytest.raises(StudyError, match=r"Expected to lock .* choose another place"), alone_at(tmp_path, "a run"):
            pytest.fail("nothing is locked")


class TestHolder:
    def test_names_who_has_a_cell_while_it_is_had(self, tmp_path: Path) -> None:
        """Before and after nobody is named; asking neither takes the cell nor makes files."""
        assert holder(tmp_path / "none") == ""
        assert holder(tmp_path) == ""
        assert not list(tmp_path.iterdir())
        with alone_at(tmp_path, "a run"):
            assert holder(tmp_path).startswith(f"a run (process {os.getpid()} ")
        assert holder(tmp_path) == ""
        with alone_at(tmp_path, "a run"):
            pass
