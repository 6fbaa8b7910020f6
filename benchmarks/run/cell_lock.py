"""One command at a time works on a cell: a checkpoint, progress and a record that two write are nobody's."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path

from benchmarks.data.locks import locked
from benchmarks.errors import StudyError

NAME = "cell.lock"
# Exit status of a run whose cell another command has (EX_TEMPFAIL of sysexits.h).
HELD = 75


class CellHeldError(StudyError):
    """Another command has the cell."""


@contextmanager
def alone_at(folder: Path, what: str) -> Iterator[None]:
    """Keep other commands away from a cell, by a lock in its work folder, which is there.

    what: this command, for whoever comes while it lasts
    Raises CellHeldError, naming who is there, if another command has the cell, StudyError if the folder cannot be locked.
    """
    path = folder / NAME

    def refuse() -> None:
        raise CellHeldError(
            f"Expected nobody else at the cell {folder.name}, but {_holder(path)} works in {folder}; let it end, or "
            "end it, and give the command again."
        )

    with ExitStack() as held:
        try:
            file = held.enter_context(locked(path, refuse))
        except OSError as error:
            raise StudyError(f"Expected to lock {path}, but {error}; choose another place for work.") from error
        # For the sentence above alone: on a full disk it is less precise.
        with suppress(OSError):
            file.truncate(0)
            file.write(f"{what} (process {os.getpid()} on {socket.gethostname()})".encode())
        yield


def holder(folder: Path) -> str:
    """Who has a cell, by its work folder, as ``a run (process 12 on host)``; empty where nobody has."""
    path = folder / NAME
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError), FileIO(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(path)
    return ""


def _holder(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace") or "another command"
    return "another command"
