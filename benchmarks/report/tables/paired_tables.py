"""Tables of differences, paired by seed: memory on against off, and what a change at test time does."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from benchmarks.measure.statistics import PairedDifference
from benchmarks.report.read.contrasts import memory_contrasts, variant_difference, variants_of
from benchmarks.report.read.format import SCORES, decibel, interval_of, percent, probability
from benchmarks.report.read.quantities import measure
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.study_tables import factors_of, micro

# What a variant does, besides what it scores.
_FACTS: Final = ("Updated", "Dead queries", "Output PSNR")


def contrast_table(rows: Sequence[Row]) -> Table:
    """Memory on minus off, paired by seed."""
    contrasts = memory_contrasts(rows)
    factors = [factor for factor in factors_of(rows) if factor[0] != "Memory"]
    columns = (
        *(name for name, _ in factors),
        "Score",
        "Without",
        "With",
        "Difference",
        "p",
        "p (Holm)",
        "p (exact)",
        "Δs",
        "Seeds",
    )
    cells = []
    for contrast in contrasts:
        score = None if contrast.score == "published" else contrast.score
        cells.append(
            (
                *(tell(contrast.with_memory) for _, tell in factors),
                SCORES.get(contrast.score, contrast.score),
                *(
                    f"{100 * mean:.1f}" if (mean := _paired_mean(row, contrast.auc, score)) is not None else ""
                    for row in (contrast.without_memory, contrast.with_memory)
                ),
                interval_of(contrast.auc),
                *(
                    probability(p) if len(contrast.auc.seeds) > 1 else ""
                    for p in (contrast.auc.p_value, contrast.holm_p, contrast.auc.exact_p)
                ),
                "" if contrast.delta_s is None else interval_of(contrast.delta_s, scale=1, digits=3),
                str(len(contrast.auc.seeds)),
            )
        )
    notes = (
        note("paired_tables.contrast"),
        note("paired_tables.holm"),
    )
    numeric = frozenset(columns[len(factors) + 1 :])
    return Table("Memory on against off", columns, tuple(cells), numeric, notes).without_empty_columns()


def variant_table(rows: Sequence[Row]) -> Table:
    """What a change at test time does, from the same checkpoints."""
    factors = factors_of(rows)
    columns = (*(name for name, _ in factors), "Variant", "Score", "AUC", "Change", "Pooled", *_FACTS)
    cells = []
    for row in rows:
        for index, variant in enumerate(variants_of(row)):
            score = row.records[0].variant_score(variant)
            likeness = row.summary(lambda record, name=variant: measure(record, "output_psnr", variant=name))  # type: ignore[misc]
            change = variant_difference(row, variant) if index else None
            cells.append(
                (
                    *(tell(row) for _, tell in factors),
                    f"{variant} (published)" if index == 0 else variant,
                    SCORES.get(score or "", score or ""),
                    percent(row.summary(micro(variant=variant, score=score))),
                    "" if change is None else interval_of(change),
                    percent(row.summary(micro(variant=variant, score=score, normalisation="global"))),
                    percent(row.summary(lambda record, name=variant: _updated(record, name))),  # type: ignore[misc]
                    percent(row.summary(lambda record, name=variant: record.dead_queries(name))),  # type: ignore[misc]
                    "" if likeness is None else decibel(likeness.mean),
                )
            )
    notes = [
        note("paired_tables.change"),
        note("paired_tables.updated"),
        note("paired_tables.psnr"),
    ]
    numeric = frozenset({"AUC", "Change", "Pooled", *_FACTS})
    table = Table("Variants at test time (AUC, %)", columns, tuple(cells), numeric).without_empty_columns()
    if "Dead queries" in table.columns:
        notes.append(note("paired_tables.dead_queries"))
    return replace(table, notes=tuple(notes))


def _updated(record: Record, variant: str) -> float | None:
    """Share of frames that updated the items, where the record keeps the decisions frame by frame."""
    share = measure(record, "frames_updated", variant=variant) if variant == "update" else None
    return None if share is None else share / 100


def _paired_mean(row: Row, paired: PairedDifference, score: str | None) -> float | None:
    values = row.by_seed(micro(score=score))
    chosen = [values[seed] for seed in paired.seeds]
    return sum(chosen) / len(chosen) if chosen else None
