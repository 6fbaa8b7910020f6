"""A file as a lock between processes."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path


@contextmanager
def locked(path: Path, busy: Callable[[], None]) -> Iterator[FileIO]:
    """Hold an exclusive lock, yielding its file; the kernel frees it when the holder dies, so nothing stale stays behind.

    busy: called where somebody else holds it; if it returns, the lock is waited for.
    Raises OSError where the file cannot be opened or its disk knows no locks.
    """
    with FileIO(path, "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            busy()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file
