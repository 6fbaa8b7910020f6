"""Contrasts that pair two settings by seed: memory on against off, and a variant against the published one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from statsmodels.stats.multitest import multipletests

from benchmarks.measure.statistics import PairedDifference, paired_difference
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row


@dataclass(frozen=True)
class Contrast:
    """Memory on minus off under one score.

    score: "published" (each side's own) or the name of a score that both sides have. auc, delta_s: paired by seed, as
    fractions and on the scale of the score; delta_s is None where undefined. holm_p: of auc, over the family of all
    contrasts under the published score; None for the others.
    """

    with_memory: Row
    without_memory: Row
    score: str
    auc: PairedDifference
    delta_s: PairedDifference | None
    holm_p: float | None = None

    @property
    def in_paper(self) -> float | None:
        """The same difference as the papers give it, as a fraction; None where they do not."""
        own, none = self.with_memory.published(), self.without_memory.published()
        return None if own is None or none is None else (own.auc - none.auc) / 100


def memory_pairs(rows: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Rows with a memory (no forced supervision), each with the row that lacks the memory alone."""
    plain = {row.settings.beside_memory: row for row in rows if not row.settings.has_memory}
    return [
        (row, plain[row.settings.beside_memory])
        for row in rows
        if row.settings.has_memory and row.settings.supervision == "none" and row.settings.beside_memory in plain
    ]


def memory_contrasts(rows: Sequence[Row]) -> list[Contrast]:
    """Every pair that shares a seed, under the published score and under each score that both sides have."""
    found = []
    for with_memory, without in memory_pairs(rows):
        for score in ("published", *_shared_scores(with_memory, without)):
            auc = _difference(with_memory, without, "micro_auc", score)
            if auc is not None:
                delta_s = _difference(with_memory, without, "delta_s", score)
                found.append(Contrast(with_memory, without, score, auc, delta_s))
    published = [contrast for contrast in found if contrast.score == "published"]
    corrected = multipletests([contrast.auc.p_value for contrast in published], method="holm")[1].tolist()
    adjusted = dict(zip(map(id, published), corrected, strict=True))
    return [
        Contrast(each.with_memory, each.without_memory, each.score, each.auc, each.delta_s, adjusted.get(id(each)))
        for each in found
    ]


def paired(left: Mapping[int, float], right: Mapping[int, float]) -> PairedDifference | None:
    """The difference of two quantities by seed, over the seeds that both have; None where there is none."""
    return paired_difference(left, right) if left.keys() & right.keys() else None


def variant_difference(row: Row, variant: str) -> PairedDifference | None:
    """AUC of a variant minus that of the published one, same checkpoint, score and frames; None where not measured."""
    values = row.by_seed(
        lambda record: record.metric("micro_auc", variant=variant, score=record.variant_score(variant))
    )
    published = row.by_seed(lambda record: _published_beside(record, variant))
    return paired(values, published)


def _published_beside(record: Record, variant: str) -> float | None:
    """AUC of the published variant on the frames that the other one was scored on: every fourth for some."""
    unchanged = record.number("changes.unchanged_micro_auc", variant)
    return unchanged if unchanged is not None else record.metric("micro_auc", score=record.variant_score(variant))


def variants_of(row: Row) -> list[str]:
    """Names of the variants that any of the row's records holds, the published one first."""
    names = {name: None for record in row.records for name in (record.variant, *record.content["metrics"])}
    return list(names)


def scores_of(record: Record) -> list[str]:
    """Names of the scores of a record's headline variant."""
    return list(record.content["metrics"].get(record.variant, {}))


def _shared_scores(one: Row, other: Row) -> list[str]:
    """Scores that all records of both rows have."""
    records = [*one.records, *other.records]
    if not records:
        return []
    return [name for name in scores_of(records[0]) if all(name in scores_of(record) for record in records)]


def _difference(one: Row, other: Row, metric: str, score: str) -> PairedDifference | None:
    def measure(record: Record) -> float | None:
        return record.metric(metric, score=None if score == "published" else score)

    return paired(one.by_seed(measure), other.by_seed(measure))
