"""The rules of docs/analysis-plan.md, read from benchmarks/claims.toml, and where the two files stand in git."""

import hashlib
import subprocess
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from benchmarks.errors import StudyError
from benchmarks.report.read.interim import Primary, started_before
from benchmarks.report.read.quantities import QUANTITIES

CLAIMS: Final = Path(__file__).parents[2] / "claims.toml"
TABLES: Final = ("plan", "trained", "margin", "primary", "claim")


@dataclass(frozen=True)
class Trained:
    """When a run is trained: updates, a share of the published number; learning_rate, of its peak in the last epoch.

    points: of AUC, between an epoch of a length study and its end, where no length was published.
    """

    updates: float
    learning_rate: float
    points: float


@dataclass(frozen=True)
class Rules:
    """What the plan lays down. frozen: runs that started earlier are exploratory. margins: set -> quantity -> margin."""

    document: str
    frozen: datetime
    trained: Trained
    margins: Mapping[str, Mapping[str, float]]
    primary: Primary

    def margin(self, dataset: str, quantity: str, own: float | None, smallest: float) -> float:
        """Effects within it are of no practical effect: a contrast's own, else the set's for the quantity, else `smallest`."""
        return own if own is not None else self.margins.get(dataset, {}).get(quantity, smallest)

    def is_exploratory(self, started: str | None) -> bool:
        """Whether a run that started then (ISO 8601, UTC without an offset) shaped the plan; an unknown start counts so."""
        return started_before(started, self.frozen)


@dataclass(frozen=True)
class Standing:
    """Where the plan stands: digests, SHA-256 (hex) by path; commit, the last that changed it, None outside git."""

    digests: Mapping[str, str]
    commit: str | None
    changed: bool = False


@cache
def read_rules(path: Path = CLAIMS) -> Rules:
    """Read the rules; raises StudyError, naming the file and the valid keys, for what is no such file."""
    content = read_toml(path)
    plan = _table(content, "plan", ("document", "frozen"), path)
    try:
        frozen = datetime.fromisoformat(str(plan["frozen"]))
    except ValueError as error:
        raise StudyError(f"Expected a moment in ISO 8601 as frozen in [plan] of {path}, but {error}.") from error
    if frozen.tzinfo is None:
        raise StudyError(f"Expected frozen in [plan] of {path} with its offset, but got {plan['frozen']}; add +00:00.")
    trained = _table(content, "trained", tuple(one.name for one in fields(Trained)), path)
    primary: dict[str, Any] = dict(_table(content, "primary", tuple(one.name for one in fields(Primary)), path))
    margins = content["margin"]
    for name, of in margins.items():
        if unknown := sorted(set(of) - set(QUANTITIES)):
            raise StudyError(
                f"Expected quantities among {', '.join(QUANTITIES)} in [margin.{name}] of {path}, but got "
                f"{', '.join(unknown)}."
            )
    return Rules(
        str(plan["document"]),
        frozen,
        Trained(**{name: float(value) for name, value in trained.items()}),
        {name: {quantity: float(value) for quantity, value in of.items()} for name, of in margins.items()},
        Primary(**primary | {name: tuple(primary[name]) for name in ("tasks", "scores")}),
    )


def standing(rules: Rules, path: Path = CLAIMS) -> Standing:
    """Digests of the plan's two files, and the commit that last changed them, where git and a clone are there.

    Raises StudyError if one of them cannot be read.
    """
    root = path.resolve().parents[1]
    files = (rules.document, str(path.resolve().relative_to(root)))
    try:
        digests = {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in files}
    except OSError as error:
        raise StudyError(f"Expected the analysis plan and its claims in {root}, but {error}; restore them.") from error
    commit = _git(root, "log", "-1", "--format=%H", "--", *files)
    changed = bool(commit) and bool(_git(root, "status", "--porcelain", "--", *files))
    return Standing(digests, commit or None, changed)


def read_toml(path: Path) -> Mapping[str, Any]:
    """Read the file whose tables are TABLES; raises StudyError for another."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StudyError(f"Expected claims in TOML at {path}, but {error}; correct the file.") from error
    check_keys(content, TABLES, (), f"the file {path}")
    return content


def check_keys(table: Mapping[str, Any], known: Iterable[str], optional: Iterable[str], where: str) -> None:
    """Raise StudyError for a key that is not known, or one that is missing and not optional."""
    known, optional = tuple(known), set(optional)
    if unknown := sorted(set(table) - set(known)):
        raise StudyError(f"Expected keys among {', '.join(known)} in {where}, but got {', '.join(unknown)}.")
    if missing := [key for key in known if key not in table and key not in optional]:
        raise StudyError(f"Expected the keys {', '.join(known)} in {where}, but {', '.join(missing)} is missing.")


def _table(content: Mapping[str, Any], name: str, keys: tuple[str, ...], path: Path) -> Mapping[str, Any]:
    table: Mapping[str, Any] = content[name]
    check_keys(table, keys, (), f"[{name}] of {path}")
    return table


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
