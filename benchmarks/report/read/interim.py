"""Runs of the primary question, which no view shows before all of them are there (docs/analysis-plan.md, section 2)."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

PRECISION: Final = "float32"
"""Of all runs under the plan (its section 7)."""
REFERENCE: Final = Path(__file__).parents[3] / "results" / "runs"
_PLAN: Final = Path(__file__).parents[2] / "claims.toml"


@dataclass(frozen=True)
class Primary:
    """The primary question: memory minus none of one method at one length; `level` of its intervals, margin and smallest."""

    set: str
    method: str
    tasks: tuple[str, ...]
    scores: tuple[str, ...]
    profile: str
    epochs: int
    seeds: int
    level: float
    margin: float
    smallest: float


class Recorded(Protocol):
    """A record, as far as it matters here."""

    @property
    def cell(self) -> Cell:
        """The cell that left it."""

    @property
    def content(self) -> Mapping[str, Any]:
        """What its file holds."""


Some = TypeVar("Some", bound=Recorded)


def primary_cells(question: Primary) -> tuple[Cell, ...]:
    """The question's runs: each task with and without memory, each seed."""
    return tuple(
        Cell(
            resolve(
                dataset=question.set,
                method=question.method,
                task=task,
                memory=memory,
                profile=question.profile,
                epochs=question.epochs,
                precision=PRECISION,
            ),
            seed,
        )
        for task, memory, seed in product(question.tasks, ("own", "none"), range(question.seeds))
    )


def own_runs(records: Iterable[Some]) -> list[Some]:
    """The question's runs among records: those of its cells that started after the plan was frozen."""
    cells, frozen = _plan()
    return [one for one in records if one.cell in cells and not started_before(one.content.get("started"), frozen)]


def without_interim(records: Sequence[Some]) -> list[Some]:
    """Leave out the question's runs until all are there, or in the reference, so that nothing is read off some of them."""
    held = {id(one) for one in own_runs(records)}
    if len(held) == len(_plan()[0]) or (held and is_answered()):
        return list(records)
    return [one for one in records if id(one) not in held]


def is_answered() -> bool:
    """Whether the reference has all of the question's runs."""
    return all((REFERENCE / f"{cell.place}.json").is_file() for cell in _plan()[0])


def is_primary(cell: Cell) -> bool:
    """Whether a cell is a run of the question."""
    return cell in _plan()[0]


def primary_hashes() -> set[str]:
    """Hashes of the question's settings."""
    return {cell.settings.hash for cell in _plan()[0]}


def started_before(started: str | None, moment: datetime) -> bool:
    """Whether a run that started then (ISO 8601, UTC without an offset) did so before a moment; an unknown start did."""
    if started is None:
        return True
    began = datetime.fromisoformat(started)
    return (began if began.tzinfo else began.replace(tzinfo=UTC)) < moment


@cache
def _plan() -> tuple[frozenset[Cell], datetime]:
    """The question's cells, and when the plan was frozen."""
    content = tomllib.loads(_PLAN.read_text(encoding="utf-8"))
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in content["primary"].items()
    }
    return frozenset(primary_cells(Primary(**values))), datetime.fromisoformat(content["plan"]["frozen"])
