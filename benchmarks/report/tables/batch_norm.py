"""What batch norm's running statistics do to each setting's AUC, where its records say so (section `batch_norm`)."""

from collections.abc import Sequence
from typing import Final

from benchmarks.measure.statistics import PairedDifference
from benchmarks.report.read.contrasts import paired
from benchmarks.report.read.format import interval_of
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.study_tables import factors_of, micro

_COLUMNS: Final = ("n", "As trained", "Recalibrated", "Change", "By seed", "Variance ratio")


def recalibrated(row: Row) -> dict[int, float]:
    """AUC by seed with recalibrated statistics, of the records that have it."""
    return row.by_seed(lambda record: record.number("batch_norm.micro_auc", record.variant))


def recalibration_effect(row: Row) -> PairedDifference | None:
    """AUC with recalibrated statistics minus the published one, paired by seed; None where no record has it."""
    return paired(recalibrated(row), row.by_seed(micro()))


def batch_norm_table(rows: Sequence[Row]) -> Table:
    """A row per setting whose records measured it; none of them may."""
    factors = factors_of(rows)
    lines = []
    for row in rows:
        change = recalibration_effect(row)
        if change is None:
            continue
        after = recalibrated(row)
        before = {seed: value for seed, value in row.by_seed(micro()).items() if seed in after}
        measured = [record for record in row.records if record.number("batch_norm.batches", record.variant)]
        ratios = [record.number("batch_norm.variance_ratio", record.variant) for record in measured]
        ratio = "∞" if None in ratios else f"{max(filter(None, ratios)):.1f}"
        each = ", ".join(f"{100 * before[seed]:.1f} → {100 * after[seed]:.1f}" for seed in sorted(before))
        means = [f"{100 * sum(values.values()) / len(values):.1f}" for values in (before, after)]
        lines.append((*(tell(row) for _, tell in factors), str(len(before)), *means, interval_of(change), each, ratio))
    notes = (
        note("batch_norm.recalibrated"),
        note("batch_norm.ratio"),
    )
    columns = (*(name for name, _ in factors), *_COLUMNS)
    return Table("Recalibrated BatchNorm", columns, tuple(lines), frozenset(_COLUMNS) - {"By seed"}, notes)
