"""Score terms per frame: which way each one points, how it is rounded, and the compressed table that holds them.

A term is one number per scored frame (mean squared error, PSNR, feature distance ...). Terms are rounded to seven
significant digits before any metric is computed, so that the table gives the record's metrics again to the last digit.
"""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.errors import StudyError
from benchmarks.reading import expected, printable, read_bytes, unpack_gzip
from benchmarks.writing import replace_bytes

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

ORIENTATION: Final[dict[str, int]] = {
    "psnr": -1,
    "feature_distance": +1,
    "mse": +1,
    "mean_absolute_error": +1,
    "point_score": +1,
    "elapsed": +1,
    "code_negative_log_likelihood": +1,
    "adversarial_error": +1,
    "marked_share": +1,
    "map_peak": +1,
    "map_mean": +1,
    "sequence_cost": +1,
    "sequence_distance": +1,
}
"""Sign that makes a term high for abnormal frames. A new term of a score is one line here."""

PSNR_CAP: Final = 100.0
"""dB given to a perfect frame: infinity has no place in a min-max. Rounding to 8 bits alone costs more (59 dB)."""

KEYS: Final[dict[str, str]] = {"video": "str", "frame": "int64", "label": "uint8", "kind": "uint8"}
"""Columns of a table that are not terms, and their types."""

_SIGNIFICANT = 7


def orientation(term: str) -> int:
    """+1 if the term is high for abnormal frames, -1 if it is low.

    Raises:
        StudyError: for a term without an orientation.
    """
    if term not in ORIENTATION:
        raise StudyError(
            f"Expected a score term with a known orientation, but got {term!r}; choose one of {', '.join(ORIENTATION)} "
            "or add the term to ORIENTATION in benchmarks/measure/terms.py"
        )
    return ORIENTATION[term]


def psnr_from_mse(mse: ArrayLike) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio in dB, 10 log10(1 / mse), at most ``PSNR_CAP``.

    mse: any shape, mean squared error on frames in [0, 1].
    Source: MNAD's ``psnr``, which divides by zero on a perfect frame; here such a frame gets the cap.

    Raises:
        StudyError: if a value is negative or not finite.
    """
    error = np.asarray(mse, dtype=np.float64)
    if not np.all(np.isfinite(error)) or np.any(error < 0):
        raise StudyError(
            "Expected finite mean squared errors of at least 0, but got others: look at the frames' reconstruction"
        )
    floor = 10.0 ** (-PSNR_CAP / 10)
    return np.asarray(-10.0 * np.log10(np.maximum(error, floor)), dtype=np.float64)


def round_terms(frame: pd.DataFrame) -> pd.DataFrame:
    """Make the table as it will be read again: float64 of seven significant digits, keys in their fixed types.

    frame: any of the columns ``video, frame, label, kind`` and one column per term (float, int or bool).
    Applying it twice changes nothing.
    """
    rounded = frame.reset_index(drop=True).astype({name: kind for name, kind in KEYS.items() if name in frame.columns})
    for name in _float_columns(rounded):
        rounded[name] = np.array([float(f"{value:.{_SIGNIFICANT - 1}e}") for value in rounded[name]], dtype=np.float64)
    whole = [name for name in rounded.columns if name not in KEYS and rounded[name].dtype.kind in "iu"]
    return rounded.astype(dict.fromkeys(whole, "int64"))


def select_variant(table: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Take the key columns and one variant's terms out of a record's table: ``<variant>.<term>`` becomes ``<term>``.

    Raises:
        StudyError: if the table holds no term of the variant.
    """
    prefix = f"{variant}."
    terms = {name: name.removeprefix(prefix) for name in map(str, table.columns) if name.startswith(prefix)}
    if not terms:
        known = sorted({name.split(".")[0] for name in map(str, table.columns) if "." in name})
        raise StudyError(f"Expected terms of the variant {variant!r} in the table, but got those of {', '.join(known)}")
    return table[[name for name in KEYS if name in table.columns] + list(terms)].rename(columns=terms)


def write_terms(frame: pd.DataFrame, path: Path) -> None:
    """Write a rounded table as gzipped CSV, at once: ``path`` holds the old file or the whole new one.

    The bytes depend on the content alone (no time stamp, no file name inside).

    Raises:
        StudyError: if the table was not rounded, a term is not finite, or the file cannot be written.
    """
    for name in _float_columns(frame):
        column = frame[name]
        bad = np.flatnonzero(~np.isfinite(column.to_numpy(dtype=np.float64)))
        if bad.size:
            raise StudyError(
                f"Expected finite score terms, but got {column.iloc[bad[0]]} in {name}, row {bad[0]}: {path} not written"
            )
    if not frame.equals(round_terms(frame)):
        raise StudyError(
            f"Expected a table as round_terms leaves it, but got other digits or types: {path} not written"
        )
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=0) as stream:
        stream.write(frame.to_csv(index=False, lineterminator="\n").encode())
    replace_bytes(path, packed.getvalue())


def read_terms(path: Path) -> pd.DataFrame:
    """Read the table that ``write_terms`` wrote, bit for bit.

    Raises:
        StudyError: if the file is missing, cut off, or not such a table.
    """
    import pandas as pd  # here: scoring a camera's footage needs the rest of this module, and not pandas

    with expected("a gzipped table of score terms", path, "`reproduce` runs the cell again"):
        text = unpack_gzip(read_bytes(path)).decode()
        # "01" must stay a name and "NA" too; since pandas 3 floats are parsed exactly without asking
        table = pd.read_csv(io.StringIO(text), dtype=KEYS, keep_default_na=False)
        for name in set(map(str, table.columns)) - set(KEYS):
            if table[name].dtype.kind not in "iufb" or not np.isfinite(table[name].to_numpy(np.float64)).all():
                raise ValueError(f"{printable(name, 60)} holds other than finite numbers")
        return table


def _float_columns(frame: pd.DataFrame) -> list[str]:
    """Names of the columns that hold floats of any width."""
    return [str(name) for name, column in frame.items() if column.dtype.kind == "f"]
