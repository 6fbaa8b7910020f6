"""All records as one tidy table, a row per number, and the file ``results/all.csv.gz`` that holds it."""

import gzip
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from benchmarks.report.read.flat import Key
from benchmarks.report.read.records import Record, load_records
from benchmarks.study.settings import Settings
from benchmarks.writing import replace_bytes

FILE: Final = "all.csv.gz"
_SETTINGS: Final = tuple(field.name for field in fields(Settings))
# Column -> what it holds; the documents' table is made of it.
COLUMNS: Final = {
    "record": "path of the record below `results/runs`, without its ending: `dataset/profile/name/seed-n`",
    "seed": "the run's seed",
    "mode": "`record` (deterministic, the default) or `fast`",
    "commit": "commit of the code that made the record",
    "dataset, method, …": "a column per setting that any record has; empty where the setting does not apply",
    "variant": "how the trained network was used at test time; empty for numbers of the run as a whole",
    "score": "the score that a metric was computed from; empty for other numbers",
    "normalisation": "of the score: `per_video`, `global` or `train`; empty as above",
    "published": "whether variant and score are the published ones, as far as the row has any",
    "quantity": "name of the number, as the record has it: `micro_auc`, `pixel.pro`, `phases.train.seconds`",
    "value": "the number, unrounded; AUCs are fractions",
}


def records_frame(results: Path) -> pd.DataFrame:
    """Return every number of every record below ``results/runs`` as a row.

    Columns: record (``dataset/profile/name/seed-n``), seed, mode, commit; a column per setting that any record has (NaN
    where it does not apply), among them dataset, profile, method, task, memory; variant, score, normalisation (``""`` where
    a number has none); published (whether variant and score are those of the headline, as far as the row has any);
    quantity; value (float64, as the record holds it; AUCs are fractions). Text is categorical. Sorted by record.

    Runs of the primary question are held back until all are there, as in every view (`load_records`, which says what else is
    left out and raises StudyError).
    """
    return frame_of(load_records(results))


def frame_of(records: Sequence[Record]) -> pd.DataFrame:
    """Return the columns of `records_frame` of some records, in their order."""
    keys = [key for record in records for key in record.numbers]
    counts = [len(record.numbers) for record in records]
    of_record = {
        "record": [record.cell.place for record in records],
        "seed": [record.seed for record in records],
        "mode": [str(record.content.get("mode", "record")) for record in records],
        "commit": [str(record.content["commit"] or "") for record in records],
        **{name: [getattr(record.settings, name) for record in records] for name in _SETTINGS},
    }
    columns: dict[str, object] = {}
    for name, values in of_record.items():
        column = pd.Series(values, dtype="int64" if name == "seed" else None)
        if column.notna().any() or name not in _SETTINGS:
            column = column if column.dtype.kind in "biuf" else column.astype("category")
            columns[name] = column.repeat(counts).reset_index(drop=True)
    columns |= {name: pd.Categorical([getattr(key, name) for key in keys]) for name in Key._fields[:-1]}
    published = [
        key.variant in ("", record.variant) and key.score in ("", record.score)
        for record in records
        for key in record.numbers
    ]
    columns["published"] = np.array(published, dtype=bool)
    columns["quantity"] = pd.Categorical([key.quantity for key in keys])
    columns["value"] = np.array([value for record in records for value in record.numbers.values()], dtype=np.float64)
    return pd.DataFrame(columns)


def write_frame(frame: pd.DataFrame, results: Path) -> Path:
    """Write ``results/all.csv.gz``, the same bytes for the same records; raises StudyError if that cannot be done."""
    path = results / FILE
    text = _csv(frame).encode()
    # Another zlib packs the same text into other bytes; a file that holds it already stays.
    if not (path.is_file() and _unpacked(path) == text):
        replace_bytes(path, gzip.compress(text, mtime=0))
    return path


def _csv(frame: pd.DataFrame) -> str:
    """The frame as `DataFrame.to_csv` writes it, but each record's columns formatted once: they repeat 300 times."""
    of_number = [*Key._fields[:-1], "published", "quantity", "value"]
    record = frame["record"].cat
    first = frame.drop(columns=of_number).iloc[np.unique(record.codes, return_index=True)[1]]
    names, *starts = first.to_csv(index=False, lineterminator="\n").splitlines()
    tail, *ends = frame[of_number].to_csv(index=False, lineterminator="\n").splitlines()
    lines = (f"{starts[code]},{end}" for code, end in zip(record.codes, ends, strict=True))
    return "\n".join([f"{names},{tail}", *lines]) + "\n"


def _unpacked(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError, ValueError):
        return b""
