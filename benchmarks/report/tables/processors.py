"""``results/statistics/processors.{csv,md}``: how far another processor or precision moves a run of the same seed.

The CSV has a row per run, score and normalisation and grows by each machine that somebody compares; the table sums it up.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from benchmarks.errors import StudyError
from benchmarks.report.read.records import Record
from benchmarks.report.tables.render import Table, to_markdown
from benchmarks.report.tables.reproduction import reference_of
from benchmarks.report.tables.view import write_text
from benchmarks.study.settings import Cell

_MACHINE: Final = ["processor", "precision", "reference_precision", "threads"]
_RUN: Final = [*_MACHINE, "dataset", "profile", "run", "seed"]


def differences(own: Mapping[Cell, Record], reference: Mapping[Cell, Record]) -> pd.DataFrame:
    """Return a row per own run that has a reference, score and normalisation of its published variant.

    auc_difference: own minus reference, in points. term_difference: median over frames of the largest difference of any of
    the variant's terms, as a share of the term's standard deviation in the reference.
    """
    rows = []
    for cell, record in own.items():
        theirs = reference_of(cell, reference)
        if theirs is None:
            continue
        hardware = record.content["hardware"]
        facts = {
            "processor": hardware["processor"],
            "precision": cell.settings.precision,
            "reference_precision": theirs.settings.precision,
            "threads": hardware["threads"],
            "dataset": cell.settings.dataset,
            "profile": cell.settings.profile,
            "run": cell.settings.name,
            "seed": cell.seed,
            "term_difference": _term_difference(record, theirs),
        }
        for score, by_normalisation in record.content["metrics"][record.variant].items():
            for normalisation in by_normalisation:
                found = [one.metric("micro_auc", score=score, normalisation=normalisation) for one in (record, theirs)]
                if found[0] is not None and found[1] is not None:
                    named = {"score": score, "normalisation": normalisation}
                    rows.append({**facts, **named, "auc_difference": round(100 * (found[0] - found[1]), 4)})
    return pd.DataFrame(rows)


def _term_difference(own: Record, reference: Record) -> float | None:
    one, other = own.frames(), reference.frames()
    terms = [name for name in other.columns if name.startswith(f"{reference.variant}.") and name in one]
    if len(one) != len(other) or not terms:
        return None
    spread = other[terms].std().replace(0, 1.0)
    return round(float(np.median(((one[terms] - other[terms]).abs() / spread).max(axis=1))), 5)


def write_processors(found: pd.DataFrame, results: Path) -> tuple[Path, Path]:
    """Put runs into the committed rows, in place of those of the same machine and run, and write the table again.

    Raises StudyError where no run has a reference.
    """
    if found.empty:
        raise StudyError(
            "Expected own runs of settings that the reference has, but found none; run some (make reproduce-synthetic)."
        )
    file = results / "statistics" / "processors.csv"
    before = pd.read_csv(file) if file.is_file() else found.iloc[:0]
    rows = pd.concat([before, found]).drop_duplicates([*_RUN, "score", "normalisation"], keep="last")
    rows = rows.sort_values([*_RUN, "score", "normalisation"])
    text = to_markdown(_table(rows))
    return write_text(file, rows.to_csv(index=False, lineterminator="\n")), write_text(file.with_suffix(".md"), text)


def _table(rows: pd.DataFrame) -> Table:
    lines = []
    for key, group in rows.groupby([*_MACHINE, "dataset", "score", "normalisation"]):
        moved = group["auc_difference"].abs()
        numbers = (f"{moved.median():.2f}", f"{moved.max():.2f}", f"{group['term_difference'].median():.2g}")
        lines.append((*map(str, key), str(len(group)), *numbers))
    columns = ("Processor", "Precision", "Reference", "Threads", "Set", "Score", "Normalisation", "n")
    measured = ("Median |ΔAUC|", "Largest |ΔAUC|", "Median term difference")
    note = (
        "Runs of one machine against the reference's of the same setting and seed. ΔAUC in points. Term difference: median "
        "over frames of the largest difference of any score term, in standard deviations of that term."
    )
    return Table(
        "How far another processor moves a run",
        (*columns, *measured),
        tuple(lines),
        frozenset({"n", *measured}),
        (note,),
    )
