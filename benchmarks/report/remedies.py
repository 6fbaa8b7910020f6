"""Which command would make what a verdict lacks."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from benchmarks.report.claims import Side
from benchmarks.report.evidence import Group, group_of, same_arithmetic
from benchmarks.report.judging import FEWEST_SEEDS, ClaimVerdict, Reason
from benchmarks.study.files import Study, load_study, study_names
from benchmarks.study.settings import LEARNING_FREE, UNTOLD, Settings

# No more cells help where a mean lies where it lies, and how many seeds would help is the power table's to say.
_BEYOND_CELLS: Final[tuple[Reason, ...]] = ("wide interval", "hardly happens")


def remedies(verdict: ClaimVerdict) -> list[str]:
    """Commands that make missing cells and seeds, and cells that no study file holds yet, each once.

    Of a contrast one of whose sides has records already, the other side's cells alone are missing. Of the studies that
    hold such cells those are named that hold most of them, so that one command does what one can do.
    """
    found: dict[str, None] = {}
    holding: list[dict[str, Study]] = []
    for one in verdict.judgements:
        contrast = one.contrast
        if not contrast.deciding or one.verdict != "not decided" or one.reason in _BEYOND_CELLS:
            continue
        if one.reason == "not measured":
            found[f"records that hold {contrast.quantity} (run its cells again with code that writes it)"] = None
            continue
        lacking = one.evidence.lacking or ("a", "b")
        for name, side in (("a", contrast.a), ("b", contrast.b)):
            if side is None or name not in lacking:
                continue
            wanted = side.settings(verdict.group.dataset, verdict.group.profile)
            if studies := _studies_with(wanted, verdict.group):
                holding.append(studies)
            else:
                found[f"cells that no study file holds yet ({_in_words(side, wanted)})"] = None
    return [*(_command(study, verdict.group) for study in _fewest(holding)), *found]


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


def _fewest(holding: Sequence[Mapping[str, Study]]) -> list[Study]:
    """Few studies of which each side has one: again and again the one that serves most sides, then the smallest."""
    chosen = []
    left = list(holding)
    while left:
        served = {name: sum(name in studies for studies in left) for studies in left for name in studies}
        known = {name: study for studies in left for name, study in studies.items()}
        best = min(served, key=lambda name: (-served[name], _settings(known[name])))
        chosen.append(known[best])
        left = [studies for studies in left if best not in studies]
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
