"""Reading files from elsewhere: the limits of what is read, regular files only, and one sentence for whatever is damaged.

Every reader of an outside format takes its bytes from here and parses them inside `expected`. A limit stands here once.
"""

import hashlib
import json
import re
import stat
import tomllib
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.errors import StudyError

MOST_PIXELS = 1 << 26
"""Of an image or a frame of a video: 8192 x 8192, 200 MB once decoded."""
MOST_CELLS = 1 << 32
"""Of an array of masks: 18,000 frames of 640 x 360. An array of labels has one a frame."""
MOST_ROWS = 10_000_000
"""Of a table of terms, and frames of a video."""
MOST_UNPACKED = 1 << 30
"""Bytes of a table of terms once unpacked; the largest of the study has 3 MB."""
MOST_DEPTH = 40
"""Tables in tables of a JSON or TOML file; a record has 8."""
MOST_COMBINATIONS = 100_000
"""Of levels that a table of a study file asks for."""
MOST_BYTES = 1 << 28
"""Of any file that is read as a whole."""
MOST_TEXT = 1 << 26
"""Of a file of text: study file, record, labels."""

DIGEST = "digest"
"""Name under which a file of JSON holds the `json_digest` of all else in it."""

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\u2027\u202f-\uffff]+")


@contextmanager
def expected(what: str, path: Path, remedy: str = "restore the file") -> Iterator[None]:
    """Turn whatever a parser raises on a file that is not its format into one sentence.

    Which errors a library raises depends on where a damaged file stops making sense, so all are meant, memory and
    recursion included. Raises StudyError: `what` was expected in `path`, what came, and the remedy.
    """
    try:
        yield
    except StudyError:
        raise
    except Exception as error:
        raise StudyError(f"Expected {what} in {path}, but {_reason(error)}; {remedy}.") from error


def printable(text: str, longest: int = 200) -> str:
    """Return text from a file or a library as one line without control characters, cut to a length."""
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= longest else line[:longest] + "..."


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is none"
    if isinstance(error, MemoryError):
        return "it claims more than the memory holds"
    if isinstance(error, RecursionError):
        return f"it is nested more than {MOST_DEPTH} deep"
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be read ({error.strerror})"
    # A KeyError's text is the key alone.
    text = printable(str(error)).rstrip(".")
    return text if isinstance(error, ValueError) and text else f"it is damaged ({type(error).__name__}: {text})"


def refuse_special(path: Path) -> None:
    """Raise ValueError for a pipe, device, socket or folder: opening a pipe waits for ever. OSError where nothing is."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("it is no regular file")


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return a regular file's content; raises ValueError where it is none or has more than `most` bytes, or OSError."""
    refuse_special(path)
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it has more than {most} bytes")
    return content


def read_text(path: Path) -> str:
    """Return a regular file's text in UTF-8, without a byte order mark; raises ValueError or OSError."""
    return read_bytes(path, MOST_TEXT).decode("utf-8-sig")


def unpack_gzip(packed: bytes) -> bytes:
    """Return what gzip packed, at most `MOST_UNPACKED` bytes; raises ValueError, or zlib.error for damage."""
    unpacker = zlib.decompressobj(wbits=31)
    content = unpacker.decompress(packed, MOST_UNPACKED)
    if unpacker.unconsumed_tail:
        raise ValueError(f"it unpacks to more than {MOST_UNPACKED} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("it is cut off, or more than one file")
    return content


def read_json(path: Path) -> Any:
    """Return what a JSON file holds; raises ValueError, RecursionError or OSError."""
    return parse_json(read_text(path))


def parse_json(text: str) -> Any:
    """Return what a text of JSON says; raises ValueError or RecursionError. NaN and Infinity are no JSON."""
    return _not_too_deep(json.loads(text, parse_constant=_refuse_constant))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}, which is no number of JSON")


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds; raises ValueError, RecursionError or OSError."""
    found: dict[str, Any] = _not_too_deep(tomllib.loads(read_text(path)))
    return found


def json_digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of values as JSON, whatever their order and layout; one named `DIGEST` is left out."""
    others = {name: value for name, value in content.items() if name != DIGEST}
    return hashlib.sha256(json.dumps(others, sort_keys=True).encode()).hexdigest()


def _not_too_deep(value: Any) -> Any:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MOST_DEPTH):
        tables = (one.values() if type(one) is dict else one for one in level)
        level = [part for table in tables for part in table if type(part) is dict or type(part) is list]
        if not level:
            return value
    raise RecursionError
