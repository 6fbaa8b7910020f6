"""What batch norm's running statistics do to each setting's AUC, where its records say so (`looks.batch_norm`)."""

from collections.abc import Sequence
from typing import Any, Final

from benchmarks.measure.statistics import PairedDifference
from benchmarks.report.read.contrasts import paired
from benchmarks.report.read.format import interval_of
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.study_tables import factors_of, micro

_COLUMNS: Final = ("n", "As trained", "Anew", "Anew − as trained", "By seed", "Variance ratio")


def anew(row: Row) -> dict[int, float]:
    """AUC by seed with statistics measured anew, of the records that have it."""
    return row.by_seed(lambda record: _section(record).get("micro_auc"))


def measured_anew(row: Row) -> PairedDifference | None:
    """AUC with statistics measured anew minus the published one, paired by seed; None where no record has it."""
    return paired(anew(row), row.by_seed(micro()))


def batch_norm_table(rows: Sequence[Row]) -> Table:
    """A row per setting whose records measured it; none of them may."""
    factors = factors_of(rows)
    lines = []
    for row in rows:
        change = measured_anew(row)
        if change is None:
            continue
        after = anew(row)
        before = {seed: value for seed, value in row.by_seed(micro()).items() if seed in after}
        ratios = [_section(record)["variance_ratio"] for record in row.records if _section(record)]
        ratio = "∞" if None in ratios else f"{max(ratios):.1f}"
        each = ", ".join(f"{100 * before[seed]:.1f} → {100 * after[seed]:.1f}" for seed in sorted(before))
        means = [f"{100 * sum(values.values()) / len(values):.1f}" for values in (before, after)]
        lines.append((*(tell(row) for _, tell in factors), str(len(before)), *means, interval_of(change), each, ratio))
    notes = (
        (
            "AUC in per cent under the published score. Anew: the trained network scored once more after batch norm's "
            "running statistics became the mean over 100 batches of training frames; weights, items and scores stay as "
            "they are. Training averages them while weights move, over batches of four: where the two differ, an AUC "
            "says something about them and not about memory."
        ),
        "Variance ratio: the channel whose variance changed most, of all seeds; ∞: one became constant, or had been.",
    )
    columns = (*(name for name, _ in factors), *_COLUMNS)
    return Table(
        "Batch norm's statistics measured anew", columns, tuple(lines), frozenset(_COLUMNS) - {"By seed"}, notes
    )


def _section(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = record.content.get("batch_norm", {}).get(record.variant, {})
    return found
