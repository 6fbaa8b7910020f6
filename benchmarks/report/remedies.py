"""Which command would make what a verdict lacks."""

from functools import cache

from benchmarks.report.claims import Side
from benchmarks.report.evidence import Group, group_of, same_arithmetic
from benchmarks.report.judging import FEWEST_SEEDS, ClaimVerdict
from benchmarks.study.files import Study, load_study, study_names
from benchmarks.study.settings import LEARNING_FREE, Settings


def remedies(verdict: ClaimVerdict) -> list[str]:
    """Commands that make missing cells and seeds, and cells that no study file holds yet, each once."""
    found: dict[str, None] = {}
    for one in verdict.judgements:
        contrast = one.contrast
        if not contrast.deciding or one.verdict != "not decided" or one.reason == "wide interval":
            continue
        if one.reason == "not measured":
            found[f"records that hold {contrast.quantity} (run its cells again with code that writes it)"] = None
            continue
        for side in (contrast.a, contrast.b):
            if side is not None:
                found[_remedy(side, verdict.group)] = None
    return list(found)


def _remedy(side: Side, group: Group) -> str:
    wanted = side.settings(group.dataset, group.profile)
    study = _study_with(wanted, group)
    if study is None:
        return f"cells that no study file holds yet ({_in_words(side, wanted)})"
    profile = "" if study.profile == group.profile else f" PROFILE={group.profile}"
    return f"`make reproduce-{study.name} SEEDS={FEWEST_SEEDS}{profile}`"


def _study_with(wanted: Settings, group: Group) -> Study | None:
    """The study file with such a cell: of the same group if one is, then of the same profile, then the smallest."""
    holding = {
        study.name: (group_of(cell.settings) != group, study.profile != group.profile, len(study.cells), study)
        for study in _studies()
        if study.dataset == wanted.dataset
        for cell in study.cells
        if same_arithmetic(cell.settings, wanted)
    }
    return min(holding.values(), key=lambda found: found[:3])[3] if holding else None


@cache
def _studies() -> tuple[Study, ...]:
    # A smoke test's figures mean nothing.
    return tuple(study for study in map(load_study, study_names()) if study.profile != "smoke")


def _in_words(side: Side, wanted: Settings) -> str:
    if wanted.method in LEARNING_FREE:
        return f"{wanted.dataset}: method={wanted.method}"
    named = {"method": wanted.method, "task": wanted.task, "skip": "on" if wanted.skip else "off", **side.choice}
    return f"{wanted.dataset}: {', '.join(f'{name}={value}' for name, value in named.items())}"
