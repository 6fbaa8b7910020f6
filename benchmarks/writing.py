"""Files that appear whole or not at all, whenever the writer is killed and wherever the disk is full."""

import glob
import hashlib
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from benchmarks.errors import StudyError

_DAY = 24 * 3600.0


@contextmanager
def replaced_whole(path: Path, sync: bool = True) -> Iterator[Path]:
    """Yield a temporary sibling to write to; it takes the place of ``path`` at the end, or goes where that fails.

    The folder of ``path`` is made. sync: whether to wait until the disk has it, for whatever shall outlast a power cut.
    Raises StudyError, naming ``path``, if the disk refuses there or to what the caller does inside.
    """
    temporary = path.with_name(f".{path.name}.{_here()}-{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_left(path.parent, path.name)
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


@cache
def _here() -> str:
    """8 hex digits of this host and, in a container, of its processes: only here do process numbers say who lives."""
    with suppress(OSError):
        return hashlib.sha256(f"{socket.gethostname()} {Path('/proc/self/ns/pid').readlink()}".encode()).hexdigest()[:8]
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def clear_left(folder: Path, name: str = "*") -> list[Path]:
    """Remove what killed writers of files left in a folder: those of this host at once, others after a day."""
    removed = []
    pattern = name if name == "*" else glob.escape(name)
    # Two dots: a temporary file that was itself written through one.
    for left in (*folder.glob(f".{pattern}.*.tmp"), *folder.glob(f"..{pattern}.*.tmp")):
        found = re.fullmatch(r"\..+\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.tmp", left.name)
        with suppress(OSError):
            alive = found is not None and found[1] == _here() and Path(f"/proc/{found[2]}").exists()
            elsewhere = found is None or found[1] != _here() or not Path("/proc").is_dir()
            if not alive and not (elsewhere and time.time() - left.stat().st_mtime < _DAY):
                left.unlink()
                removed.append(left)
    return removed


def replace_text(path: Path, text: str, sync: bool = True) -> None:
    """Write a text file in UTF-8, whole or not at all; raises StudyError as `replaced_whole` does."""
    with replaced_whole(path, sync) as temporary:
        temporary.write_text(text, encoding="utf-8")


def replace_bytes(path: Path, content: bytes) -> None:
    """Write bytes, whole or not at all; raises StudyError as `replaced_whole` does."""
    with replaced_whole(path) as temporary:
        temporary.write_bytes(content)
