"""Records of two sides put together by seed, where nothing but what a contrast names tells them apart.

Geometry, precision, mode, test frames and the code that both sides share must be the same, so profiles and versions
never share a contrast. Two methods share the code alone: each has a geometry of its own, and a mode moves a run by less
than another method does.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measure.normalise import Normalisation
from benchmarks.measure.statistics import VideoPairs
from benchmarks.report.claims.claims import Contrast, Side
from benchmarks.report.read.frame_scores import KEY, common_frames, score_of, scored
from benchmarks.report.read.quantities import measure, score_name
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import GEOMETRY
from benchmarks.report.read.shared_code import shared_code
from benchmarks.study.settings import SEEDLESS


@dataclass(frozen=True)
class Pairing:
    """One way to pair: records by seed, their values where both sides hold one, and how many seeds both sides share.

    b is empty where a contrast compares with a reference.
    """

    a: Mapping[int, Record]
    b: Mapping[int, Record]
    a_values: Mapping[int, float]
    b_values: Mapping[int, float]
    effects: Mapping[int, float]
    shared: int

    @property
    def scores_other_frames(self) -> bool:
        """Whether the two sides leave out different frames: another method or task."""
        a, b = (_first(records).settings for records in (self.a, self.b))
        return (a.method, a.task) != (b.method, b.task)

    @property
    def of_two_methods(self) -> bool:
        """Whether the two sides are of two methods."""
        return _first(self.a).settings.method != _first(self.b).settings.method


def best_pairing(contrast: Contrast, a: Sequence[Record], b: Sequence[Record] | None) -> Pairing:
    """The pairing with most effects among records of one kind each; an empty one where nothing may meet."""
    nothing = Pairing({}, {}, {}, {}, {}, 0)
    return max(_pairings(contrast, a, b), key=lambda pairing: (len(pairing.effects), pairing.shared), default=nothing)


def on_common_frames(contrast: Contrast, pairing: Pairing) -> tuple[list[VideoPairs], list[VideoPairs]] | None:
    """Both sides, by seed, on the frames that both score, each normalised over its own; None where scores are not kept.

    Raises StudyError if a table of terms cannot be read.
    """
    if contrast.quantity != "auc" or contrast.b is None or not pairing.effects:
        return None
    sides: tuple[list[VideoPairs], list[VideoPairs]] = ([], [])
    for seed in pairing.effects:
        found = []
        for side, records in ((contrast.a, pairing.a), (contrast.b, pairing.b)):
            record = records[seed]
            variant = side.variant or record.variant
            name = score_name(record, variant, contrast.score)
            run = None if name is None else _run(_Scored.of(record, variant, name, contrast.normalisation))
            if run is None:
                return None
            found.append(run)
        tables = [table for table, _ in found]
        if tables[0][KEY].equals(tables[1][KEY]):
            pairs = [pairs for _, pairs in found]
        else:
            common = common_frames(tables)
            pairs = [_pairs(common.merge(table, on=KEY)) for table in tables]
        for place, one in enumerate(pairs):
            sides[place].append(one)
    return sides


@dataclass(frozen=True)
class _Scored:
    """One run under one score; changed: when its table was written last, so that another version is read again."""

    path: Path
    changed: int
    variant: str
    score: str
    normalisation: Normalisation
    record: Record = field(compare=False)

    @classmethod
    def of(cls, record: Record, variant: str, score: str, normalisation: Normalisation) -> "_Scored":
        table = record.path.with_suffix(".csv.gz")
        changed = table.stat().st_mtime_ns if table.exists() else 0
        return cls(record.path, changed, variant, score, normalisation, record)


@lru_cache(maxsize=1024)
def _run(one: _Scored) -> tuple[pd.DataFrame, VideoPairs] | None:
    """Scores of all frames of a run, and its pairs; many contrasts ask for each. None where scores are not kept."""
    table = scored(one.record, one.variant, score_of(one.record, one.score), one.normalisation)
    return None if table is None else (table, _pairs(table))


def _pairs(table: pd.DataFrame) -> VideoPairs:
    return VideoPairs.of(table["anomaly"], table["label"], table["video"])


def areas(runs: Sequence[VideoPairs]) -> tuple[float, ...]:
    """Micro AUC of each run in points."""
    return tuple(100 * float(run.micro_auc(np.ones((1, run.normal.size), dtype=np.int64))[0]) for run in runs)


def _pairings(contrast: Contrast, a: Sequence[Record], b: Sequence[Record] | None) -> list[Pairing]:
    """Every way to pair records of one kind with records of one kind, kinds being of one version of the code."""
    everything = [*a, *(b or ())]
    found = []
    if b is None:
        for _, one in _kinds(a, everything):
            values = _values(contrast, contrast.a, one)
            effects = {seed: value - contrast.reference for seed, value in values.items()}
            found.append(Pairing(one, {}, values, {}, effects, len(one)))
        return found
    for (key, one), (other_key, other) in itertools.product(_kinds(a, everything), _kinds(b, everything)):
        same_method = _first(one).settings.method == _first(other).settings.method
        if key["code"] != other_key["code"] or (same_method and key != other_key):
            continue
        assert contrast.b is not None, "a second side was found"
        one_repeated, other_repeated = _repeated(one, other), _repeated(other, one)
        values, others = _values(contrast, contrast.a, one_repeated), _values(contrast, contrast.b, other_repeated)
        shared = sorted(one_repeated.keys() & other_repeated.keys())
        held = [seed for seed in shared if seed in values and seed in others]
        kept = held or shared
        found.append(
            Pairing(
                {seed: one_repeated[seed] for seed in kept},
                {seed: other_repeated[seed] for seed in kept},
                {seed: values[seed] for seed in held},
                {seed: others[seed] for seed in held},
                {seed: values[seed] - others[seed] for seed in held},
                len(shared),
            )
        )
    return found


def _kinds(records: Sequence[Record], everything: Sequence[Record]) -> list[tuple[dict[str, Any], dict[int, Record]]]:
    """Records by what must be the same within a contrast, each kind by seed."""
    shared = shared_code(record.code.modules for record in everything)
    code = {record.path: versions for record, versions in zip(everything, shared, strict=True)}
    kinds: list[tuple[dict[str, Any], dict[int, Record]]] = []
    for record in sorted(records, key=lambda record: str(record.path)):
        key = {
            "code": code[record.path],
            "mode": record.content.get("mode"),
            "geometry": tuple(getattr(record.settings, name) for name in sorted(GEOMETRY)),
            "frames": record.content.get("data", {}).get("test_checksum"),
        }
        for known, by_seed in kinds:
            if known == key:
                by_seed[record.seed] = record
                break
        else:
            kinds.append((key, {record.seed: record}))
    return kinds


def _repeated(records: Mapping[int, Record], other: Mapping[int, Record]) -> Mapping[int, Record]:
    """A method that draws nothing has one value, which stands against every seed of the other side."""
    first = _first(records)
    return dict.fromkeys(other, first) if first.settings.method in SEEDLESS else records


def _values(contrast: Contrast, side: Side, records: Mapping[int, Record]) -> dict[int, float]:
    found = {
        seed: measure(
            record,
            contrast.quantity,
            variant=side.variant,
            score=contrast.score,
            normalisation=contrast.normalisation,
        )
        for seed, record in records.items()
    }
    return {seed: value for seed, value in sorted(found.items()) if value is not None}


def _first(records: Mapping[int, Record]) -> Record:
    return next(iter(records.values()))
