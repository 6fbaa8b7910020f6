"""The claims under judgement, read from ``benchmarks/claims.toml`` and checked."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, get_args

from benchmarks.errors import StudyError
from benchmarks.measure.normalise import NORMALISATIONS, Normalisation
from benchmarks.report.claims.rules import CLAIMS, check_keys, read_toml
from benchmarks.report.read.quantities import QUANTITIES
from benchmarks.report.read.rows import METHOD_NAMES
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

HALF_A_POINT: Final = 0.5
Direction = Literal["higher", "lower", "same", "not_higher", "not_lower"]

_CLAIM_KEYS: Final = ("id", "family", "statement", "source", "sets", "contrast", "out_of_scope", "also")
_ONLY_IF_KEYS: Final = ("quantity", "at_least", "at_most", "otherwise")
_STATED_KEYS: Final = ("set", "effect", "status", "source")
# Keys that a contrast has as they stand.
_PLAIN: Final = ("name", "quantity", "direction", "score", "normalisation", "deciding")
_OPTIONAL: Final = {*_PLAIN[3:], "smallest", "margin", "any", "sets", "stated", "b", "reference", "cells", "only_if"}
_CONTRAST_KEYS: Final = ("name", "quantity", "a", "direction", *sorted(_OPTIONAL))
_SIDE_KEYS: Final = frozenset({field.name for field in fields(Settings)} - {"dataset", "profile"})


@dataclass(frozen=True)
class Side:
    """One side of a contrast: settings by name (as a study file has them), and a variant of the checkpoint or None."""

    choice: Mapping[str, Any]
    variant: str | None = None

    def settings(self, dataset: str, profile: str) -> Settings:
        """What the side's cells are, complete; raises StudyError for settings that cannot mean anything."""
        chosen = dict(self.choice)
        if isinstance(chosen.get("skip"), str):
            chosen["skip"] = chosen["skip"] == "on"
        return resolve(dataset=dataset, profile=profile, **chosen)


@dataclass(frozen=True)
class Stated:
    """An effect that a source states for one data set; status P: in the paper itself, S: at second hand."""

    set: str
    effect: float
    status: str
    source: str


@dataclass(frozen=True)
class Condition:
    """What side a's mean over seeds of a quantity must reach or not exceed; otherwise: the reason in place of a word."""

    quantity: str
    otherwise: str
    at_least: float | None = None
    at_most: float | None = None

    def met(self, mean: float) -> bool:
        """Whether a mean, in the quantity's unit, lies within the bounds; one that touches a bound does."""
        return (self.at_least is None or mean >= self.at_least) and (self.at_most is None or mean <= self.at_most)


@dataclass(frozen=True)
class Contrast:
    """One comparison with one answer: a minus b (or minus a reference), in the quantity's unit.

    cells: in words, what the lists of the file chose for this one. smallest: the smallest effect worth the name; margin:
    effects within it are of no practical effect, where the contrast has a margin of its own. alternatives: a number that
    contrasts share of which one is enough; None where every one decides.
    """

    name: str
    cells: str
    quantity: str
    a: Side
    b: Side | None
    direction: Direction
    smallest: float
    sets: tuple[str, ...]
    reference: float = 0.0
    score: str = "published"
    normalisation: Normalisation = "per_video"
    deciding: bool = True
    stated: tuple[Stated, ...] = ()
    only_if: Condition | None = None
    margin: float | None = None
    alternatives: int | None = None

    @property
    def unit(self) -> str:
        """Unit of the effect: points, dB, items, or "" for a pure number."""
        return QUANTITIES[self.quantity]


@dataclass(frozen=True, eq=False)
class Claim:
    """A claim and the contrasts that decide it.

    out_of_scope: why it cannot be judged here, "" where it can; also: sets on which its contrasts are then shown without a
    word. Claims are compared by identity: their sides hold whatever TOML does.
    """

    id: str
    family: str
    statement: str
    source: str
    sets: tuple[str, ...]
    contrasts: tuple[Contrast, ...]
    out_of_scope: str = ""
    also: tuple[str, ...] = ()


def memory_contrast(
    method: str, task: str, dataset: str, with_memory: Mapping[str, Any] | None = None, **more: Any
) -> Contrast:
    """AUC with memory minus without, claimed to be higher; with_memory: settings of that side; more: fields of the contrast."""
    shared = {"method": method, "task": task}
    own, none = Side({**shared, "memory": "own", **(with_memory or {})}), Side({**shared, "memory": "none"})
    return Contrast("memory − none", task, "auc", own, none, "higher", sets=(dataset,), **more)


def read_claims(path: Path = CLAIMS) -> tuple[Claim, ...]:
    """Read the claims in the order of the file.

    Raises StudyError, naming the file, the claim and the valid keys, for what is no such file.
    """
    content = read_toml(path)
    tables = content["claim"]
    claims = tuple(
        _claim(table, f"claim {table.get('id', number)} of {path}") for number, table in enumerate(tables, 1)
    )
    names = [claim.id for claim in claims]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise StudyError(f"Expected every claim once in {path}, but {', '.join(twice)} comes twice; rename one.")
    return claims


def _claim(table: Mapping[str, Any], where: str) -> Claim:
    check_keys(table, _CLAIM_KEYS, ("out_of_scope", "also"), where)
    if "also" in table and "out_of_scope" not in table:
        raise StudyError(f"Expected also only with out_of_scope in {where}; add the reason, or move its sets to sets.")
    also = table.get("also", [])
    contrasts = [
        one
        for number, contrast in enumerate(table["contrast"])
        for one in _contrasts(contrast, [*table["sets"], *also], number, where)
    ]
    words = {key: str(table[key]) for key in ("id", "family", "statement", "source")}
    scope = str(table.get("out_of_scope", ""))
    return Claim(**words, sets=tuple(table["sets"]), contrasts=tuple(contrasts), out_of_scope=scope, also=tuple(also))


def _contrasts(table: Mapping[str, Any], sets: list[str], number: int, where: str) -> Iterable[Contrast]:
    """One contrast for every combination of the lists."""
    where = f"contrast {table.get('name', '?')!r} of {where}"
    check_keys(table, _CONTRAST_KEYS, _OPTIONAL, where)
    _check_level("quantity", table["quantity"], tuple(QUANTITIES), where)
    _check_level("direction", table["direction"], get_args(Direction), where)
    _check_level("normalisation", table.get("normalisation", "per_video"), NORMALISATIONS, where)
    if ("b" in table) == ("reference" in table):
        raise StudyError(f"Expected either b or reference in {where}, but got both or neither; keep one.")
    smallest = float(table.get("smallest", HALF_A_POINT))
    for name in ("smallest", "margin"):
        if float(table.get(name, 0)) < 0:
            raise StudyError(f"Expected {name} to be at least 0 in {where}, but got {table[name]:g}.")
    if table.get("any") and not table.get("deciding", True):
        raise StudyError(f"Expected a contrast with any to decide in {where}, but deciding is false; remove one.")
    stated = []
    for one in table.get("stated", []):
        check_keys(one, _STATED_KEYS, (), f"stated of {where}")
        _check_level("status", one["status"], ("P", "S"), where)
        stated.append(Stated(**one))
    shared, only_a, only_b = table.get("cells", {}), table["a"], table.get("b", {})
    for side in (shared, only_a, only_b):
        check_keys(side, (*sorted(_SIDE_KEYS), "variant"), {*_SIDE_KEYS, "variant"}, where)
    lists = [(part, key) for part, side in enumerate((shared, only_a, only_b)) for key in side if _is_list(side[key])]
    for levels in itertools.product(*((shared, only_a, only_b)[part][key] for part, key in lists)):
        chosen = dict(zip(lists, levels, strict=True))
        parts = [
            {key: chosen.get((part, key), value) for key, value in side.items()}
            for part, side in enumerate((shared, only_a, only_b))
        ]
        a = _side({**parts[0], **parts[1]}, where)
        b = _side({**parts[0], **parts[2]}, where) if "b" in table else None
        words = [_in_words(key, value) for key, value in parts[0].items() if key != "memory" or _is_list(shared[key])]
        words += [_in_words(key, value) for (part, key), value in chosen.items() if part]
        as_written: dict[str, Any] = {key: table[key] for key in _PLAIN if key in table}
        as_written |= {key: float(table[key]) for key in ("reference", "margin") if key in table}
        yield Contrast(
            **as_written,
            cells=", ".join(words),
            a=a,
            b=b,
            smallest=smallest,
            sets=tuple(table.get("sets", sets)),
            stated=tuple(stated),
            only_if=_condition(table.get("only_if"), f"only_if of {where}"),
            alternatives=number if table.get("any", False) else None,
        )


def _condition(table: Mapping[str, Any] | None, where: str) -> Condition | None:
    if table is None:
        return None
    check_keys(table, _ONLY_IF_KEYS, ("at_least", "at_most"), where)
    _check_level("quantity", table["quantity"], tuple(QUANTITIES), where)
    if ("at_least" in table) == ("at_most" in table):
        raise StudyError(f"Expected either at_least or at_most in {where}, but got both or neither; keep one.")
    bounds = {name: float(table[name]) for name in ("at_least", "at_most") if name in table}
    return Condition(table["quantity"], str(table["otherwise"]), **bounds)


def _side(choice: Mapping[str, Any], where: str) -> Side:
    side = Side({key: value for key, value in choice.items() if key != "variant"}, choice.get("variant"))
    try:
        side.settings("synthetic", "cpu")
    except (StudyError, TypeError) as error:
        raise StudyError(f"Expected cells that can be run in {where}, but: {error}") from error
    return side


def _in_words(key: str, value: object) -> str:
    if key == "method":
        return METHOD_NAMES[str(value)]
    if key in ("task", "supervision", "variant"):
        return str(value).replace("_", " ")
    if key == "skip":
        return "with skips" if value == "on" else "without skips"
    if key == "memory":
        return "with memory" if value == "own" else "without memory"
    return f"{100 * float(value):g} % noise" if key == "noise" and isinstance(value, float) else f"{key} {value}"


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _check_level(key: str, value: object, levels: tuple[str, ...], where: str) -> None:
    if value not in levels:
        raise StudyError(f"Expected {key} to be one of {', '.join(levels)} in {where}, but got {value!r}.")
