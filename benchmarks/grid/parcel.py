"""What a cell leaves, sent from a worker's disk to the client's: each file with its digest, the record last."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import StudyError
from benchmarks.grid.places import Places
from benchmarks.study.settings import Cell
from benchmarks.writing import replaced_whole

_CHECKPOINT = "checkpoint.safetensors"
# In the order in which they are written: a record is there only with its own table.
_WORK = ("settings.json", "cell.log", "output.log", "progress.json", "look.npz")
_RECORD, _TABLE = "record", "table"


@dataclass(frozen=True)
class Parcel:
    """Files of a cell. files: name -> (SHA-256 in hex, content)."""

    files: dict[str, tuple[str, bytes]]


def _lie(cell: Cell, places: Places, *, checkpoint: bool) -> Iterator[tuple[str, Path]]:
    for name in (*_WORK, *([_CHECKPOINT] if checkpoint else [])):
        yield name, places.folder(cell) / name
    yield _TABLE, places.record(cell).with_suffix(".csv.gz")
    yield _RECORD, places.record(cell)


def pack(cell: Cell, places: Places, *, checkpoint: bool = False) -> Parcel:
    """Read what a cell has left; a file that is not there is left out."""
    found = {name: path.read_bytes() for name, path in _lie(cell, places, checkpoint=checkpoint) if path.is_file()}
    return Parcel({name: (hashlib.sha256(content).hexdigest(), content) for name, content in found.items()})


def unpack(parcel: Parcel, cell: Cell, places: Places) -> None:
    """Write a cell's files to their places, each whole, the record last.

    Raises StudyError if a file is not what was sent, before any is written, or if the disk refuses.
    """
    damaged = [
        name for name, (digest, content) in parcel.files.items() if hashlib.sha256(content).hexdigest() != digest
    ]
    if damaged:
        raise StudyError(
            f"Expected the files of {cell.slug} as its worker sent them, but {', '.join(damaged)} has another digest; "
            "give the command again."
        )
    for name, path in _lie(cell, places, checkpoint=True):
        if name not in parcel.files:
            continue
        with replaced_whole(path, sync=name in (_RECORD, _TABLE)) as temporary:
            temporary.write_bytes(parcel.files[name][1])
            if name == _TABLE and _RECORD in parcel.files:
                places.record(cell).unlink(missing_ok=True)
