"""Own runs against the reference: identical to the last digit, within what other seeds do, or different.

A run is compared with the reference run of the same setting and seed. Where the terms of all frames are equal, it is
*identical*. Otherwise training has amplified another order of sums (another processor, precision or number of threads),
and its AUC is held to the 95 % prediction interval of the reference's seeds: the range in which one more run of the
setting lies, were it trained by the reference's machine.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from benchmarks.report.read.format import signed
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row, make_rows
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.render import Table
from benchmarks.study.files import at_precision
from benchmarks.study.settings import SEEDLESS, Cell, Settings

LEVEL: Final = 0.95
_REFERENCE_PRECISION: Final = "bfloat16"
_KEYS: Final = ("video", "frame", "label", "kind")


@dataclass(frozen=True)
class FirstDifference:
    """The first number of a terms table that is not the reference's."""

    term: str
    video: str
    frame: int
    own: float
    reference: float

    def __str__(self) -> str:
        """As ``update.mse of frame 17 in video 01: 0.0012346, reference 0.0012345``."""
        return (
            f"{self.term} of frame {self.frame} in video {self.video}: {self.own:.7g}, reference {self.reference:.7g}"
        )


@dataclass(frozen=True)
class Comparison:
    """One own run and its reference.

    difference: own minus reference AUC in points; None where either has none. first: where terms first differ; None
    where all are equal. tolerance: half the width of the prediction interval in points, None where it is not known.
    metrics_differ: whether the AUC differs although the terms are equal, as in a record that somebody edited.
    """

    own: Record
    reference: Record
    difference: float | None
    first: FirstDifference | str | None
    tolerance: float | None
    deviation: float | None
    metrics_differ: bool

    @property
    def identical(self) -> bool:
        """Whether every term of every frame and the AUC are the reference's."""
        return self.first is None and not self.metrics_differ

    @property
    def reproduced(self) -> bool:
        """Whether it is identical, or as near to the mean of the reference's seeds as another seed would be."""
        if self.identical:
            return True
        if self.metrics_differ or self.tolerance is None or self.deviation is None:
            return False
        return abs(self.deviation) <= self.tolerance

    @property
    def words(self) -> str:
        """The result in a few words, for a table."""
        if self.identical:
            return "identical"
        if self.metrics_differ:
            return "another AUC from equal terms"
        if self.tolerance is None:
            return "no tolerance known"
        return f"{'within' if self.reproduced else 'outside'} ±{self.tolerance:.1f} of the mean"


def reference_of(cell: Cell, records: Mapping[Cell, Record]) -> Record | None:
    """The reference run of a cell: of its own settings, else of the same ones in the reference's precision."""
    return records.get(cell) or next(
        (
            record
            for other, record in records.items()
            if other.seed == cell.seed
            and at_precision(other.settings, cell.settings.precision) == cell.settings
            and other.settings.precision == _REFERENCE_PRECISION
        ),
        None,
    )


def compare(own: Record, reference: Record, seeds: Sequence[Record]) -> Comparison:
    """Compare a run with its reference.

    seeds: the reference's records of the same setting. Raises StudyError if a table of terms cannot be read.
    """
    one, other = own.metric("micro_auc"), reference.metric("micro_auc")
    values = [100 * value for record in seeds if (value := record.metric("micro_auc")) is not None]
    first = first_difference(own, reference)
    return Comparison(
        own,
        reference,
        None if one is None or other is None else 100 * (one - other),
        first,
        prediction_half_width(values),
        None if one is None or not values else 100 * one - float(np.mean(values)),
        metrics_differ=first is None and own.content["metrics"] != reference.content["metrics"],
    )


def prediction_half_width(values: Sequence[float]) -> float | None:
    """Half the width of the interval in which one more run lies (Student's t); None below three runs."""
    count = len(values)
    if count < 3:
        return None
    return float(stats.t.ppf((1 + LEVEL) / 2, count - 1) * np.std(values, ddof=1) * math.sqrt(1 + 1 / count))


def first_difference(own: Record, reference: Record) -> FirstDifference | str | None:
    """Where two runs' terms first differ, frame by frame, or a sentence where they are of other frames or terms."""
    one, other = own.frames(), reference.frames()
    keys = [key for key in _KEYS if key in one and key in other]
    if len(one) != len(other) or not one[keys].equals(other[keys]):
        return f"other frames or labels: {len(one)} scored, reference {len(other)}"
    terms = [name for name in other.columns if name not in _KEYS and name in one]
    if not terms:
        return "no term in common"
    left, right = one[terms].to_numpy(dtype=float), other[terms].to_numpy(dtype=float)
    unequal = np.argwhere(~((left == right) | (np.isnan(left) & np.isnan(right))))
    if not len(unequal):
        return None
    row, column = unequal[0]
    place = other.iloc[row]
    return FirstDifference(
        terms[column], str(place["video"]), int(place["frame"]), float(left[row, column]), float(right[row, column])
    )


def compare_all(own: Mapping[Cell, Record], reference: Mapping[Cell, Record]) -> list[Comparison]:
    """Compare every own run that has a reference, in the order of the own ones."""
    by_setting: dict[Settings, list[Record]] = {}
    for cell, record in reference.items():
        by_setting.setdefault(cell.settings, []).append(record)
    pairs = ((record, reference_of(cell, reference)) for cell, record in own.items())
    return [compare(record, other, by_setting[other.settings]) for record, other in pairs if other is not None]


def reproduction_table(title: str, comparisons: Sequence[Comparison], reference: Mapping[Cell, Record]) -> Table:
    """A row per own run: published, the reference's mean and interval, the reference's run of this seed, the own one."""
    settings = {one.reference.settings for one in comparisons}
    rows = {
        row.settings: row for row in make_rows([cell for cell in reference if cell.settings in settings], reference)
    }
    columns = ("Setting", "Seed", "Published", "Reference", "n", "Its seed", "Yours", "Difference", "Agreement")
    return Table(
        title,
        columns,
        tuple(_cells(one, rows[one.reference.settings]) for one in comparisons),
        frozenset(columns[2:8]),
        (note("reproduction.compared"),),
    )


def verify_table(rows: Sequence[Row]) -> Table:
    """For each setting, the command that trains one of its runs again and compares it; for a Markdown page."""
    commands = [(row.label, f"`make verify CELL={row.settings.hash[:8]}`") for row in rows if row.records]
    line = note("reproduction.verify")
    return Table("Train a run again", ("Setting", "Command"), tuple(commands), frozenset(), (line,))


def _cells(one: Comparison, row: Row) -> tuple[str, ...]:
    published, summary = row.published(), row.auc()
    own, same = one.own.metric("micro_auc"), one.reference.metric("micro_auc")
    mean = "" if summary is None else f"{100 * summary.mean:.1f}"
    if summary is not None and summary.low is not None and summary.high is not None and summary.basis == "seeds":
        mean += f" [{100 * summary.low:.1f}, {100 * summary.high:.1f}]"
    return (
        row.label,
        "–" if row.settings.method in SEEDLESS else str(one.own.seed),
        "" if published is None else f"{published.auc:.1f} {published.status}",
        mean,
        row.seeds,
        "" if same is None else f"{100 * same:.2f}",
        "" if own is None else f"{100 * own:.2f}",
        signed(one.difference, 2),
        one.words,
    )


def closing_lines(comparisons: Sequence[Comparison], without: int) -> list[str]:
    """What to say at the end: how many runs were reproduced and how, and where the others first differ.

    without: how many own runs have no reference.
    """
    reproduced = [one for one in comparisons if one.reproduced]
    identical = sum(one.identical for one in comparisons)
    apart = len(reproduced) - identical
    text = f"{len(reproduced)} of {len(comparisons)} runs reproduced: {identical} identical to the last digit"
    if apart:
        widest = max(abs(one.difference or 0.0) for one in reproduced if not one.identical)
        text += f", {apart} within what other seeds do (largest difference {widest:.1f} points)"
    lines = [f"{text}."] if comparisons else []
    for one in comparisons:
        if one.reproduced and not (one.own.settings == one.reference.settings and not one.identical):
            continue
        where = one.words if one.first is None else f"first in {one.first}"
        lines.append(f"  {one.own.settings.name} seed {one.own.seed} differs {where} (reference: {one.reference.path})")
    if without:
        lines.append(f"{without} of your runs have no reference to compare with.")
    return lines
