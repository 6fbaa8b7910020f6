"""Files that appear whole or not at all: benchmarks/writing.py."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.writing import _here, replace_bytes, replace_text, replaced_whole
from tests.support.cells import ROOT


class TestReplacedWhole:
    def test_makes_the_folder_and_leaves_the_file_alone_in_it(self, tmp_path: Path) -> None:
        """A new file and one that takes an old one's place."""
        path = tmp_path / "new" / "file.txt"
        for text in ("first", "zwölf"):
            replace_text(path, text)
            assert path.read_text(encoding="utf-8") == text
        replace_bytes(path, b"\0\1")
        assert path.read_bytes() == b"\0\1"
        assert [file.name for file in path.parent.iterdir()] == ["file.txt"]

    @pytest.mark.parametrize("error", [ValueError("no number"), KeyboardInterrupt(), StudyError("said already")])
    def test_what_fails_inside_keeps_the_old_file(self, tmp_path: Path, error: BaseException) -> None:
        """The error comes out as it is, and nothing half-written stays."""
        path = tmp_path / "file.txt"
        replace_text(path, "old")

        def half() -> None:
            with replaced_whole(path) as temporary:
                temporary.write_text("ne")
                raise error

        with pytest.raises(type(error)) as raised:
            half()
        assert raised.value is error
        assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("file.txt", "old")]

    def test_disk_that_refuses_gets_a_sentence(self, tmp_path: Path) -> None:
        """What was to be written, what came, what to do; the old file stays."""
        path = tmp_path / "file.txt"
        replace_text(path, "old")
        with (
            pytest.raises(StudyError, match=r"Expected to write .*file\.txt, but No space left on device; free"),
            replaced_whole(path),
        ):
            raise OSError(28, "No space left on device")
        assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("file.txt", "old")]

    def test_killed_leaves_the_old_file(self, tmp_path: Path) -> None:
        """A process that is killed between two bytes; what it leaves has a name that git ignores."""
        path = tmp_path / "file.txt"
        replace_text(path, "old")
        code = """
            import os, sys
            from pathlib import Path
            from benchmarks.writing import replaced_whole
            with replaced_whole(Path(sys.argv[1])) as temporary:
                temporary.write_text("ne")
                os.kill(os.getpid(), 9)
        """
        subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(path)], cwd=ROOT, check=False)
        assert path.read_text() == "old"
        (left,) = (file.name for file in tmp_path.iterdir() if file != path)
        assert left.endswith(".tmp")


class TestClearLeft:
    def test_what_killed_writers_left_goes_with_the_next_writing(self, tmp_path: Path) -> None:
        """Of this host at once, of others after a day; a living writer's stays."""
        here = _here()
        dead, alive, elsewhere, old, nested = (
            tmp_path / name
            for name in (
                f".a.txt.{here}-999999999-00000000.tmp",
                f".a.txt.{here}-{os.getpid()}-00000000.tmp",
                ".a.txt.00000000-1-00000000.tmp",
                ".a.txt.00000000-2-00000000.tmp",
                f"..a.txt.{here}-1-00000000.tmp.{here}-999999999-00000000.tmp",
            )
        )
        for path in (dead, alive, elsewhere, old, nested):
            path.touch()
        os.utime(old, (0, 0))
        replace_text(tmp_path / "a.txt", "new")
        assert sorted(path for path in tmp_path.iterdir() if path.suffix == ".tmp") == sorted([alive, elsewhere])

    def test_two_writers_never_share_a_temporary_name(self, tmp_path: Path) -> None:
        """The process's number alone is that of a process in another container, too."""
        with replaced_whole(tmp_path / "a") as one, replaced_whole(tmp_path / "a") as other:
            assert one != other
            one.touch()
            other.touch()
