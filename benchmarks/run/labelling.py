"""The labels that a record was measured on, read from its table of terms; nothing heavy is imported.

A labelling holds a byte a frame for each video: 0 normal, 1 abnormal, `UNKNOWN` for a frame that is not scored. Two are
compared on the frames that both know, so a record is held to exactly the labels that its metrics rest on.
"""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.reading import MOST_ROWS, expected, read_bytes, unpack_gzip
from benchmarks.run.record_file import REMEDY, listed_digest

UNKNOWN = 2
_COLUMNS = ("video", "frame", "label")

Labelling = Mapping[str, bytes]


@dataclass(frozen=True)
class Difference:
    """How data differs from that of a record. frames: a sentence's end, or ""; labels: the videos that differ."""

    frames: str = ""
    labels: tuple[str, ...] = ()


def digest(labels: bytes) -> str:
    """12 hex digits of a video's labels, a byte a frame."""
    return hashlib.sha256(labels).hexdigest()[:12]


def read_labelling(table: Path, data: Mapping[str, Any]) -> Labelling:
    """Return the labels in a table of terms; the whole file is unpacked, so damage is found too.

    data: the record's section of that name, which says how many frames were scored and, since records have one, the
    table's checksum. Raises StudyError, naming the file and what to do, where the file is missing, cut, damaged or not the
    record's own.
    """
    with expected("the record's own table of terms, whole,", table, REMEDY):
        facts = table.stat()
        found = _read(table, facts.st_mtime_ns, facts.st_size)
        rows, checksum = data.get("scored_frames"), data.get("terms_checksum")
        if rows not in (None, found.rows):
            raise ValueError(f"it has {found.rows} rows for {rows}")
        if checksum not in (None, found.checksum):
            raise ValueError(f"it has the checksum {found.checksum[:12]}, and the record says {str(checksum)[:12]}")
        if checksum is None and (known := listed_digest(table)) not in (None, found.checksum):
            raise ValueError(f"it has the checksum {found.checksum[:12]}, and the list of digests says {known[:12]}")
        return found.labelling


def differing_videos(one: Labelling, other: Labelling) -> list[str]:
    """Videos in which a frame has one label here and another there; a video or frame that one side lacks is no matter."""
    return [
        video
        for video, labels in one.items()
        if video in other and labels != other[video] and _differ(labels, other[video])
    ]


def merged(one: Labelling, other: Labelling) -> Labelling:
    """Two labellings that do not differ as one that knows the frames of both."""
    return dict(one) | {video: _merge(labels, one.get(video, b"")) for video, labels in other.items()}


def _differ(one: bytes, other: bytes) -> bool:
    return any(a != b and UNKNOWN not in (a, b) for a, b in zip(one, other, strict=False))


def _merge(one: bytes, other: bytes) -> bytes:
    length = max(len(one), len(other))
    unknown = bytes([UNKNOWN])
    pairs = zip(one.ljust(length, unknown), other.ljust(length, unknown), strict=True)
    return bytes(min(a, b) for a, b in pairs)


@dataclass(frozen=True)
class _Table:
    labelling: Labelling
    rows: int
    checksum: str


@lru_cache(maxsize=4096)
def _read(table: Path, written: int, size: int) -> _Table:
    del written, size  # another file under the same name is read again
    content = read_bytes(table)
    keys = tuple(_keys(unpack_gzip(content).decode()))
    if not keys:
        raise ValueError("it has no row")
    return _Table(_labelling(keys), len(keys), hashlib.sha256(content).hexdigest())


def _keys(table: str) -> Iterator[str]:
    """``video,frame,label`` of each row; terms stand behind, and where no name is quoted they need not be split."""
    header, *rows = table.splitlines() or [""]
    columns = header.split(",")
    if columns[: len(_COLUMNS)] != list(_COLUMNS):
        raise ValueError(f"it begins with the columns {', '.join(columns[: len(_COLUMNS)])}")
    if len(rows) > MOST_ROWS:
        raise ValueError(f"it has more than {MOST_ROWS} rows")
    terms = len(columns) - len(_COLUMNS)
    for number, row in enumerate(rows, 1):
        cells = next(csv.reader([row])) if '"' in row else None
        count = row.count(",") + 1 if cells is None else len(cells)
        if count != len(columns):
            raise ValueError(f"row {number} has {count} of {len(columns)} columns")
        yield row.rsplit(",", terms)[0] if cells is None else ",".join(cells[: len(_COLUMNS)])


@lru_cache(maxsize=64)  # hundreds of records share these columns
def _labelling(keys: tuple[str, ...]) -> Labelling:
    """Labels from rows ``video,frame,label``."""
    frames: dict[str, list[tuple[int, int]]] = {}
    for place, key in enumerate(keys, 1):
        video, frame, label = key.rsplit(",", 2)
        number = int(frame)
        if not 0 <= number < MOST_ROWS or label not in ("0", "1"):
            raise ValueError(f"row {place} is frame {frame} with the label {label}")
        frames.setdefault(video, []).append((number, int(label)))
    labelling = {}
    for video, pairs in frames.items():
        values = bytearray([UNKNOWN]) * (max(pairs)[0] + 1)
        for place, value in pairs:
            values[place] = value
        labelling[video] = bytes(values)
    return labelling
