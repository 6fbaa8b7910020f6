"""A file as a lock between processes: benchmarks/data/locks.py."""

import subprocess
import sys
import textwrap
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.data.locks import locked
from tests.support.cells import ROOT


class BusyError(Exception):
    """Somebody else has the lock."""


def busy() -> None:
    """Do not wait."""
    raise BusyError


class TestLocked:
    def test_is_held_by_one_alone_until_it_ends(self, tmp_path: Path) -> None:
        """The second is reported; once the first has ended, the lock is anybody's."""
        path = tmp_path / "lock"
        with locked(path, busy), pytest.raises(BusyError), locked(path, busy):
            pytest.fail("two hold the lock")
        with locked(path, busy):
            pass

    def test_is_waited_for_where_nobody_objects(self, tmp_path: Path) -> None:
        """If what is reported returns, the lock is held once it is free; here the telling itself ends the first."""
        path = tmp_path / "lock"
        with ExitStack() as first:
            first.enter_context(locked(path, busy))
            with locked(path, first.close), pytest.raises(BusyError), locked(path, busy):
                pytest.fail("two hold the lock")

    def test_keeps_what_the_holder_wrote(self, tmp_path: Path) -> None:
        """Who comes second can read it: opening the file does not empty it."""
        path = tmp_path / "lock"
        with locked(path, busy) as file:
            file.write(b"me")
            with pytest.raises(BusyError), locked(path, busy):
                pass
            assert path.read_bytes() == b"me"

    def test_dies_with_its_holder(self, tmp_path: Path) -> None:
        """A process that ends without a word leaves the file, but not the lock."""
        path = tmp_path / "lock"
        code = """
            import os, sys
            from pathlib import Path
            from benchmarks.data.locks import locked
            with locked(Path(sys.argv[1]), None):
                os._exit(9)
        """
        command = [sys.executable, "-c", textwrap.dedent(code), str(path)]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == 9
        assert path.exists()
        with locked(path, busy):
            pass
