"""Paired timings and what is written of them: medians with their spread, ratios pair by pair, the machine they are of.

Machines drift. So both sides of a comparison are measured in turn, A B A B …, and it is the ratio of neighbours that is
claimed, never an absolute time.
"""

import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Self

import torch

from benchmarks.errors import StudyError
from benchmarks.run.hardware import hardware, versions
from benchmarks.run.record import commit_facts
from benchmarks.writing import replace_text

_ROOT = Path(__file__).resolve().parents[2]
# Taken at import, before anything is measured: what else the machine was doing.
_LOAD = os.getloadavg()[0]


@dataclass(frozen=True)
class Spread:
    """What repetitions of one measurement gave."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure to quote."""
        return statistics.median(self.values)

    def to_dict(self) -> dict[str, Any]:
        """Return median, least and greatest value, and all values in their order."""
        rounded = [float(f"{value:.5g}") for value in self.values]
        return {
            "median": float(f"{self.median:.5g}"),
            "low": min(rounded),
            "high": max(rounded),
            "values": rounded,
        }


def interleave(ways: Mapping[str, Callable[[], float]], repetitions: int) -> dict[str, Spread]:
    """Call every way once to warm up, then all in turn, ``repetitions`` times; each returns what it measured."""
    for measure in ways.values():
        measure()
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repetitions):
        for name, measure in ways.items():
            found[name].append(measure())
    return {name: Spread(tuple(values)) for name, values in found.items()}


def ratio(above: Spread, below: Spread) -> Spread:
    """Divide pair by pair, as they were measured side by side."""
    return Spread(tuple(a / b for a, b in zip(above.values, below.values, strict=True)))


def exit_on_study_error(main: Callable[..., int]) -> Callable[..., int]:
    """Let a bench's ``main`` end with a StudyError's sentence on stderr and the status 2 of a wrong input."""

    @wraps(main)
    def run(*arguments: Any, **named: Any) -> int:
        try:
            return main(*arguments, **named)
        except StudyError as error:
            print(error, file=sys.stderr)
            return 2

    return run


@dataclass(frozen=True)
class Row:
    """One line of the table of speed.

    what: the thing measured, in words; unit: of ours and theirs, as "frames/s"; theirs: the other side, the published
    recipe's unless ``what`` names another, or None where there is none; claim: the figure that the target is about (most
    often a ratio); target: None where nothing was promised; at_least: whether more is better; limit: what binds where
    the target is not reached.
    """

    what: str
    unit: str
    ours: Spread
    theirs: Spread | None
    claim: Spread
    claim_unit: str
    target: float | None
    at_least: bool = True
    limit: str = ""

    @classmethod
    def alone(
        cls, what: str, unit: str, value: Spread, target: float | None = None, *, at_least: bool = True, limit: str = ""
    ) -> Self:
        """Return a row that claims what it measured, with nothing to compare it with."""
        return cls(what, unit, value, None, value, unit, target, at_least, limit)

    @property
    def reached(self) -> bool | None:
        """Whether the median of the claim meets the target."""
        if self.target is None:
            return None
        return self.claim.median >= self.target if self.at_least else self.claim.median <= self.target

    def line(self) -> str:
        """Return the row in a line of words, medians alone, and what binds where the target is missed."""
        theirs = "" if self.theirs is None else f", compared with {self.theirs.median:.4g}"
        target = "" if self.target is None else f" (target {'>=' if self.at_least else '<='} {self.target:g})"
        claim = f"{self.claim.median:.3g} {self.claim_unit}{target}"
        limit = f"; {self.limit}" if self.limit and self.reached is False else ""
        return f"{self.what}: ours {self.ours.median:.4g}{theirs} {self.unit}; {claim}{limit}"

    def to_dict(self) -> dict[str, Any]:
        """Return the row as it is written."""
        spreads = {"ours": self.ours, "theirs": self.theirs, "claim": self.claim}
        return {
            **asdict(self),
            **{name: None if spread is None else spread.to_dict() for name, spread in spreads.items()},
            "reached": self.reached,
        }


def report(path: Path, rows: Sequence[Row], **more: Any) -> int:
    """Print the rows, write them as `write_rows` does, and return the exit status of success."""
    for row in rows:
        print(row.line(), flush=True)
    write_rows(path, rows, **more)
    return 0


def write_rows(path: Path, rows: Sequence[Row], **more: Any) -> None:
    """Write rows, and whatever else a benchmark found, with commit, machine and versions, as JSON.

    The machine's load is that of the minute before this module was imported.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        **commit_facts(_ROOT),
        "machine": {**hardware(torch.device("cpu")), "load": round(_LOAD, 2), "python": platform.python_version()},
        "versions": versions(),
        "rows": [row.to_dict() for row in rows],
        **more,
    }
    replace_text(path, json.dumps(content, indent=1) + "\n")
