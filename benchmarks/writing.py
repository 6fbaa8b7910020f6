"""Files that appear whole or not at all, whenever the writer is killed and wherever the disk is full."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.errors import StudyError


@contextmanager
def replaced_whole(path: Path, sync: bool = True) -> Iterator[Path]:
    """Yield a temporary sibling to write to; it takes the place of ``path`` at the end, or goes where that fails.

    The folder of ``path`` is made. sync: whether to wait until the disk has it, for whatever shall outlast a power cut.
    Raises StudyError, naming ``path``, if the disk refuses there or to what the caller does inside.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if sync:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StudyError(
                f"Expected to write {path}, but {error.strerror or error}; free space there or choose another folder."
            ) from error
        raise


def replace_text(path: Path, text: str, sync: bool = True) -> None:
    """Write a text file in UTF-8, whole or not at all; raises StudyError as `replaced_whole` does."""
    with replaced_whole(path, sync) as temporary:
        temporary.write_text(text, encoding="utf-8")


def replace_bytes(path: Path, content: bytes) -> None:
    """Write bytes, whole or not at all; raises StudyError as `replaced_whole` does."""
    with replaced_whole(path) as temporary:
        temporary.write_bytes(content)
