"""A study's cells as rows: one per setting, its records over seeds, and what to call it."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final

from benchmarks.errors import StudyError
from benchmarks.measure.statistics import t_interval
from benchmarks.report.read.published import PublishedFigure, of_baseline, original, rc2020
from benchmarks.report.read.records import Record
from benchmarks.study.presets import resolve
from benchmarks.study.settings import AUTOENCODERS, BASELINES, LEARNING_FREE, METHODS, SEEDLESS, Cell, Settings

METHOD_NAMES: Final = {name: card.printed for name, card in METHODS.items()}
_NOT_RUN: Final = "not run yet"
# Settings that have a place of their own in a row.
_NAMED: Final = frozenset({"dataset", "method", "task", "noise", "skip", "memory", "supervision", "preset", "profile"})
# What a profile sets: it changes the numbers, not the arithmetic, so it is still compared with a published figure.
GEOMETRY: Final = frozenset(
    {"size", "channels", "width", "epochs", "batch", "train_stride", "calibration_videos", "precision"}
)


@dataclass(frozen=True)
class Summary:
    """A quantity over seeds: mean, and a 95 % interval; basis says of what ("seeds", "videos", or "" without one)."""

    mean: float
    low: float | None = None
    high: float | None = None
    basis: str = ""


@dataclass(frozen=True)
class Row:
    """One setting: its records by ascending seed, and the seeds that the study wants but has no record of."""

    settings: Settings
    records: tuple[Record, ...]
    missing: tuple[int, ...] = ()

    @property
    def method(self) -> str:
        """The method as it is printed."""
        return METHOD_NAMES.get(self.settings.method, self.settings.method)

    @property
    def task(self) -> str:
        """The task as it is printed; a system without variants has none."""
        settings = self.settings
        if settings.method not in AUTOENCODERS:
            return ""
        return settings.task if settings.noise is None else f"{settings.task} {100 * settings.noise:g} %"

    @property
    def memory(self) -> str:
        """The memory as it is printed; a system without variants has none."""
        settings = self.settings
        if settings.method not in AUTOENCODERS:
            return ""
        return settings.memory_level

    @cached_property
    def extra(self) -> str:
        """Settings that depart from what the named factors give: ``items=50``."""
        return ", ".join(f"{name}={value}" for name, value in departures(self.settings).items())

    @property
    def label(self) -> str:
        """All that tells this row from the others, in a few words (legends, run names)."""
        settings = self.settings
        if settings.method in LEARNING_FREE:
            return self.method
        if settings.method in BASELINES:
            return " · ".join([self.method, *([self.extra] if self.extra else [])])
        memory = {"own": "memory", "none": "no memory"}.get(self.memory, f"{self.memory}'s memory")
        parts = [self.method, self.task, memory]
        if settings.skip != native_skip(settings):
            parts.append("with skips" if settings.skip else "without skips")
        if settings.supervision != "none":
            parts.append(settings.supervision_card.printed)
        if settings.preset != "official":
            parts.append(settings.preset)
        return " · ".join([*parts, *([self.extra] if self.extra else [])])

    @property
    def seeds(self) -> str:
        """How many seeds the row has records of; a dash for a method that draws nothing, whose seeds are one run."""
        return "–" if self.settings.method in SEEDLESS else str(len(self.records))

    def by_seed(self, measure: Callable[[Record], float | None]) -> dict[int, float]:
        """One value per seed, without those that are undefined."""
        values = ((record.seed, measure(record)) for record in self.records)
        return {seed: value for seed, value in values if value is not None and math.isfinite(value)}

    def summary(self, measure: Callable[[Record], float | None]) -> Summary | None:
        """Mean over seeds with Student's t interval; without one for a single seed; None where no record has it."""
        values = list(self.by_seed(measure).values())
        if not values:
            return None
        if self.settings.method in SEEDLESS:
            # Nothing is drawn: seeds repeat one number, and a spread of zero would pass for certainty.
            return Summary(values[0])
        estimate = t_interval(values)
        return Summary(estimate.mean, estimate.low, estimate.high, "seeds" if estimate.low is not None else "")

    def auc(self) -> Summary | None:
        """Published AUC over seeds; without a spread over seeds, the interval is the record's bootstrap over videos."""
        summary = self.summary(lambda record: record.metric("micro_auc"))
        if summary is None or summary.basis:
            return summary
        interval = self.records[0].content["headline"].get("interval")
        return summary if interval is None else replace(summary, low=interval[0], high=interval[1], basis="videos")

    def comparable(self) -> bool:
        """Whether a published figure is of this very setting, but for what the profile sets."""
        settings = self.settings
        return (
            (settings.has_own_memory or not settings.has_memory)
            and settings.skip == native_skip(settings)
            and settings.supervision == "none"
            and departures(settings).keys() <= GEOMETRY
        )

    def published(self) -> PublishedFigure | None:
        """The original paper's figure for this setting, if there is one."""
        return self._figure(original)

    def all_published(self) -> list[PublishedFigure]:
        """The original paper's figure, or every one that circulates of a baseline; none of another setting."""
        if self.settings.method in BASELINES:
            return of_baseline(self.settings.method, self.settings.dataset) if self.comparable() else []
        return [figure] if (figure := self.published()) else []

    def rc2020(self) -> PublishedFigure | None:
        """RC2020's figure for this setting, if it is known."""
        return self._figure(rc2020)

    def _figure(self, find: Callable[[str, str, str, str], PublishedFigure | None]) -> PublishedFigure | None:
        settings = self.settings
        if not self.comparable():
            return None
        return find(settings.method, settings.task, settings.memory, settings.dataset)


def seeds_note(rows: Iterable[Row]) -> str:
    """What the dash among seeds means, as a sentence after a space, where a row has one."""
    return " Seeds –: nothing is drawn." if any(row.settings.method in SEEDLESS for row in rows) else ""


def make_rows(cells: Iterable[Cell], records: Mapping[Cell, Record]) -> list[Row]:
    """Group a study's cells by setting, in the order in which the study names them."""
    seeds: dict[Settings, list[int]] = {}
    for cell in cells:
        seeds.setdefault(cell.settings, []).append(cell.seed)
    rows = []
    for settings, wanted in seeds.items():
        found = {seed: records[Cell(settings, seed)] for seed in sorted(set(wanted)) if Cell(settings, seed) in records}
        missing = tuple(sorted(set(wanted) - set(found)))
        rows.append(Row(settings, tuple(found.values()), missing))
    return rows


@cache  # every claim asks for the group of every record, and that takes these
def departures(settings: Settings) -> Mapping[str, object]:
    """Settings that are not what the row's named factors, preset and profile give by themselves."""
    named = {name: getattr(settings, name) for name in _NAMED}
    if named["noise"] is None:
        del named["noise"]
    usual = resolve(**named)
    return MappingProxyType(
        {
            field.name: getattr(settings, field.name)
            for field in fields(Settings)
            if getattr(settings, field.name) != getattr(usual, field.name)
        }
    )


def only_factors(settings: Settings) -> bool:
    """Whether nothing departs but the factors of STUDY section 2 and what a profile sets: no preset, no single setting."""
    return settings.preset == "official" and departures(settings).keys() <= GEOMETRY


def native_skip(settings: Settings) -> bool:
    """Whether the published network for this method and task has skips (STUDY section 2; denoising as prediction)."""
    return settings.task in settings.method_card.native_skip


@dataclass(frozen=True)
class Absent:
    """A cell of the study without a record, and why."""

    cell: Cell
    reason: str
    failed: bool


def absent_cells(rows: Iterable[Row], work: Path) -> list[Absent]:
    """Every cell without a record; its progress file below ``work`` says whether it failed.

    One that was interrupted counts as not run: how far it came is known on one machine alone, and `plan` tells it there.

    Raises StudyError if a progress file cannot be read.
    """
    return [_absent(Cell(row.settings, seed), work) for row in rows for seed in row.missing]


def _absent(cell: Cell, work: Path) -> Absent:
    path = work / cell.slug / "progress.json"
    if not path.is_file():
        return Absent(cell, _NOT_RUN, failed=False)
    try:
        progress = json.loads(path.read_text(encoding="utf-8"))
        phase, error = progress["phase"], progress.get("error")
    except (OSError, ValueError, KeyError) as problem:
        raise StudyError(
            f"Expected the progress of a cell at {path}, but {problem}; remove that folder and run the cell again."
        ) from problem
    if phase == "failed":
        return Absent(cell, f"failed: {error or 'see its log'}", failed=True)
    return Absent(cell, _NOT_RUN, failed=False)
