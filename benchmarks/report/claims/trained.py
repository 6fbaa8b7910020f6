"""Which runs are trained long enough for a word (docs/analysis-plan.md, section 3)."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from benchmarks.data.facts import FACTS, SplitFacts
from benchmarks.report.claims.rules import Trained
from benchmarks.report.read.labels import has_published_length
from benchmarks.report.read.records import Record
from benchmarks.study.files import load_study, study_names
from benchmarks.study.presets import resolve
from benchmarks.study.settings import AUTOENCODERS, LEARNING_FREE, Cell, Settings

LENGTH_STUDIES: Final = "length-"
"""How the names of length studies begin; the data set follows."""
_LAST_QUARTER: Final = 0.75


@dataclass(frozen=True)
class Training:
    """The rule, and the epochs that length studies found: (data set, method) -> epochs, None where none was found."""

    rule: Trained
    lengths: Mapping[tuple[str, str], int | None] = field(default_factory=dict)

    def lacking(self, record: Record) -> str:
        """What a run lacks to count as trained, as "5 % of the published updates"; "" for one that is trained."""
        settings = record.settings
        if settings.method in LEARNING_FREE or not settings.epochs:
            return ""  # nothing is optimised
        if settings.method in AUTOENCODERS and not has_published_length(settings.dataset):
            return self._by_length_study(settings)
        share = updates(record) / published_updates(record)
        facts = [f"{_percent(share)} of the published updates"]
        enough = share >= self.rule.updates
        if anneals(settings):
            rate = last_learning_rate(record)
            enough = enough and rate is not None and rate <= self.rule.learning_rate
            facts.append(
                "last learning rate not recorded"
                if rate is None
                else f"last learning rate {_percent(rate)} of its peak"
            )
        return "" if enough else ", ".join(facts)

    def would_train(self, settings: Settings) -> bool:
        """Whether a run of these settings will count as trained where a length was published, before it was made."""
        paper = paper_settings(settings)
        passes = settings.epochs / (settings.train_stride * settings.batch)
        share = passes * paper.batch / paper.epochs if paper.epochs else 1.0
        # the cosine is stepped once an epoch, so the last epoch still has something left
        left = (1 + math.cos(math.pi * (settings.epochs - 1) / settings.epochs)) / 2 if settings.epochs else 0.0
        annealed = not anneals(settings) or (settings.schedule == "cosine" and left <= self.rule.learning_rate)
        return share >= self.rule.updates and annealed

    def _by_length_study(self, settings: Settings) -> str:
        key = (settings.dataset, settings.method)
        if key not in self.lengths:
            return "no length study"
        wanted = self.lengths[key]
        if wanted is None:
            return "the length study found no length"
        return (
            "" if settings.epochs >= wanted else f"{settings.epochs} of the {wanted} epochs that its length study found"
        )


def training(rule: Trained, records: Sequence[Record]) -> Training:
    """The rule with what the project's length studies say, as far as their records are there."""
    return Training(rule, found_lengths(_length_studies(), records, rule.points))


def found_lengths(
    studies: Iterable[Sequence[Cell]], records: Iterable[Record], points: float
) -> dict[tuple[str, str], int | None]:
    """The largest length among a method's settings in each length study; a method whose runs are not all there has none.

    studies: the cells of each. A run of one counts only with an AUC after each of its epochs.
    """
    by_cell = {record.cell: record for record in records}
    found: dict[tuple[str, str], int | None] = {}
    for cells in studies:
        for method in dict.fromkeys(cell.settings.method for cell in cells):
            own = [by_cell.get(cell) for cell in cells if cell.settings.method == method]
            curves = [epoch_aucs(record) for record in own if record is not None]
            if len(curves) < len(own) or not all(curves):
                continue
            lengths = [settled_at(curve, points / 100) for curve in curves]
            known = [length for length in lengths if length is not None]
            found[cells[0].settings.dataset, method] = max(known) if len(known) == len(lengths) else None
    return found


def epoch_aucs(record: Record) -> list[float]:
    """AUC (a fraction) under the published score after each epoch; empty unless every epoch has one."""
    epochs = record.content["epochs"]
    values = [epoch.get("micro_auc") for epoch in epochs]
    return [] if None in values or len(values) < record.settings.epochs else [float(value) for value in values]


def settled_at(aucs: Sequence[float], within: float) -> int | None:
    """The first epoch (from 1) from which on every AUC lies within so much of the last; None in the last quarter."""
    away = [epoch for epoch, value in enumerate(aucs, 1) if abs(value - aucs[-1]) > within]
    first = away[-1] + 1 if away else 1
    return first if first <= _LAST_QUARTER * len(aucs) else None


def updates(record: Record) -> int:
    """Steps of the optimiser that a run made; every epoch drops its last incomplete batch."""
    settings = record.settings
    clips = settings.patches or int(record.content["data"]["train_clips"])
    return settings.epochs * (clips // settings.batch)


def published_updates(record: Record) -> int:
    """Steps of the published training on the run's data set, over all of its training clips."""
    paper = paper_settings(record.settings)
    clips = paper.patches or _all_clips(record, paper)
    return paper.epochs * max(1, clips // paper.batch)


def anneals(settings: Settings) -> bool:
    """Whether the published schedule of the learning rate ends near zero."""
    return paper_settings(settings).schedule == "cosine"


def last_learning_rate(record: Record) -> float | None:
    """Learning rate of the last epoch as a share of its peak; None where a record does not hold it."""
    rates = [epoch.get("learning_rate") for epoch in record.content["epochs"]]
    return None if not rates or None in rates else float(rates[-1]) / max(map(float, rates))


@cache
def paper_settings(settings: Settings) -> Settings:
    """The same method and task as published."""
    return resolve(dataset=settings.dataset, method=settings.method, task=settings.task, memory="none", profile="paper")


def _all_clips(record: Record, paper: Settings) -> int:
    """Clips in one pass over all training videos, as far apart in time as published.

    Of a set without facts, and of a generated one: the run's own, as if it had left out none between them and no video for
    calibration.
    """
    data = record.content["data"]
    facts = FACTS.get(record.settings.dataset)
    if facts is not None and not facts.generated:
        length = int(record.content["method"]["clip_length"])
        strides = range(1, (paper.temporal_strides or 1) + 1)
        return sum(_clips(facts.train, (length - 1) * stride) for stride in strides)
    videos = int(data["train_videos"])
    taken = int(data["train_clips"]) * record.settings.train_stride
    return round(taken * (videos + int(data["calibration_videos"])) / videos)


def _clips(split: SplitFacts, lost: int) -> int:
    """Clips of a split whose every video has so many fewer of them than frames."""
    if split.lengths is None:
        return split.frames - split.videos * lost
    return sum(max(0, length - lost) for length in split.lengths)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.01 else f"{100 * share:.0f} %"


@cache
def _length_studies() -> tuple[tuple[Cell, ...], ...]:
    return tuple(load_study(name).cells for name in study_names() if name.startswith(LENGTH_STUDIES))
