"""One command at a time works on a cell: a checkpoint, progress and a record that two write are nobody's."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from benchmarks.data.locks import locked
from benchmarks.errors import StudyError

NAME = "cell.lock"


@contextmanager
def alone_at(folder: Path, what: str) -> Iterator[None]:
    """Keep other commands away from a cell, by a lock in its work folder, which is there.

    what: this command, for whoever comes while it lasts
    Raises StudyError, naming who is there, if another command has the cell, or if the folder cannot be locked.
    """
    path = folder / NAME

    def refuse() -> None:
        raise StudyError(
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


def _holder(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace") or "another command"
    return "another command"
