"""Which command would make what a verdict lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from benchmarks.report.claims import Side
from benchmarks.report.evidence import Group, group_of, same_arithmetic
from benchmarks.report.judging import FEWEST_SEEDS, ClaimVerdict, Reason
from benchmarks.study.files import Study, load_study, study_names
from benchmarks.study.settings import LEARNING_FREE, UNTOLD, Settings

# No more cells help where a mean lies where it lies, and how many seeds would help is the power table's to say.
_BEYOND_CELLS: Final[tuple[Reason, ...]] = ("wide interval", "hardly happens")
_FILLS: Final = "fills missing cells"
_ADDS: Final = "adds seeds"
_MEASURES: Final = "the same cells anew"
_NO_COMMAND: Final = "no command fills these"


@dataclass(frozen=True)
class Remedy:
    """What makes something that a verdict lacks: a command, or cells or a measurement that no command makes by itself.

    does: what it does for the verdict, as a reader is told.
    """

    words: str
    does: tuple[str, ...]

    def __str__(self) -> str:
        """``command: fills missing cells, adds seeds``."""
        return f"{self.words}: {', '.join(self.does)}"


def remedies(verdict: ClaimVerdict) -> list[Remedy]:
    """Commands that make missing cells and seeds, and cells that no study file holds yet, each once.

    Of a contrast one of whose sides has records already, the other side's cells alone are missing. Of the studies that
    hold such cells those are named that hold most of them, so that one command does what one can do.
    """
    found: dict[str, str] = {}
    holding: list[tuple[Mapping[str, Study], str]] = []
    for one in verdict.judgements:
        contrast = one.contrast
        if not contrast.deciding or one.verdict != "not decided" or one.reason in _BEYOND_CELLS:
            continue
        if one.reason == "not measured":
            found[f"records that hold {contrast.quantity} (run its cells again with code that writes it)"] = _MEASURES
            continue
        does = _ADDS if one.reason == "too few seeds" else _FILLS
        lacking = one.evidence.lacking or ("a", "b")
        for name, side in (("a", contrast.a), ("b", contrast.b)):
            if side is None or name not in lacking:
                continue
            wanted = side.settings(verdict.group.dataset, verdict.group.profile)
            if studies := _studies_with(wanted, verdict.group):
                holding.append((studies, does))
            else:
                found[f"cells that no study file holds yet ({_in_words(side, wanted)})"] = _NO_COMMAND
    return [
        *(Remedy(_command(study, verdict.group), does) for study, does in _fewest(holding)),
        *(Remedy(words, (does,)) for words, does in found.items()),
    ]


def _command(study: Study, group: Group) -> str:
    profile = "" if study.profile == group.profile else f" PROFILE={group.profile}"
    return f"`make reproduce-{study.name} SEEDS={FEWEST_SEEDS}{profile}`"


def _studies_with(wanted: Settings, group: Group) -> dict[str, Study]:
    """The study files with such a cell, by name: of the same group if some are, else of the same profile, else all."""
    tiers: dict[tuple[bool, bool], dict[str, Study]] = {}
    for study in _studies():
        for cell in study.cells if study.dataset == wanted.dataset else ():
            if same_arithmetic(cell.settings, wanted):
                tier = (group_of(cell.settings) != group, study.profile != group.profile)
                tiers.setdefault(tier, {})[study.name] = study
    return tiers[min(tiers)] if tiers else {}


def _fewest(holding: Sequence[tuple[Mapping[str, Study], str]]) -> list[tuple[Study, tuple[str, ...]]]:
    """Few studies of which each side has one: again and again the one that serves most sides, then the smallest.

    holding: for each side the studies that hold it, and what its runs would do. With each study what it does.
    """
    chosen: list[tuple[Study, tuple[str, ...]]] = []
    left = list(holding)
    while left:
        served = {name: sum(name in studies for studies, _ in left) for studies, _ in left for name in studies}
        known = {name: study for studies, _ in left for name, study in studies.items()}
        best = min(served, key=lambda name: (-served[name], _settings(known[name])))
        told = {does for studies, does in left if best in studies}
        chosen.append((known[best], tuple(does for does in (_FILLS, _ADDS) if does in told)))
        left = [(studies, does) for studies, does in left if best not in studies]
    return chosen


def _settings(study: Study) -> int:
    return len({cell.settings for cell in study.cells})


@cache
def _studies() -> tuple[Study, ...]:
    return tuple(study for study in map(load_study, study_names()) if study.profile != UNTOLD)


def _in_words(side: Side, wanted: Settings) -> str:
    if wanted.method in LEARNING_FREE:
        return f"{wanted.dataset}: method={wanted.method}"
    named = {"method": wanted.method, "task": wanted.task, "skip": "on" if wanted.skip else "off", **side.choice}
    return f"{wanted.dataset}: {', '.join(f'{name}={value}' for name, value in named.items())}"
