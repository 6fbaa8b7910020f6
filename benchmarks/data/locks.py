"""A file or a folder as a lock between processes."""

import fcntl
import os
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


@contextmanager
def locked_folder(path: Path, busy: Callable[[], None]) -> Iterator[None]:
    """Hold an exclusive lock on a folder itself, so that no file is left in it; busy and errors as for `locked`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            busy()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
