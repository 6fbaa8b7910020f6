"""Which command would make what a verdict lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from benchmarks.report.claims.claim_judging import ClaimVerdict
from benchmarks.report.claims.claims import Side
from benchmarks.report.claims.judging import FEWEST_SEEDS, MISSING, NOT_MEASURED, TOO_FEW, UNTRAINED, Judgement
from benchmarks.report.claims.paired_effects import same_arithmetic
from benchmarks.report.claims.rules import read_rules
from benchmarks.report.claims.trained import Training
from benchmarks.report.read.groups import Group, group_of
from benchmarks.report.read.labels import has_published_length, set_name
from benchmarks.study.files import Study, load_study, study_names
from benchmarks.study.settings import AUTOENCODERS, LEARNING_FREE, UNREPORTED, Settings

_FILLS: Final = "makes missing runs"
_ADDS: Final = "adds seeds"
_TRAINS: Final = "trains long enough"
_MEASURES: Final = "the same runs again"
_NO_COMMAND: Final = "no command makes these"


@dataclass(frozen=True)
class Remedy:
    """What makes something that a verdict lacks: a command, or runs or a measurement that no command makes by itself.

    does: what it does for the verdict, in words.
    """

    words: str
    does: tuple[str, ...]

    def __str__(self) -> str:
        """``command: fills missing cells, adds seeds``."""
        return f"{self.words}: {', '.join(self.does)}"


def remedies(verdict: ClaimVerdict) -> list[Remedy]:
    """Commands that make missing runs, seeds and longer runs, and runs that no study file holds yet, each once.

    Of a contrast one of whose sides has records already, the other side's runs alone are missing. Of the studies that
    hold such runs those are named that hold most of them, so that one command does what one can do. Where intervals are
    wide, comparisons differ or a memory is not read, no runs of the same kind help: the power table says how many seeds do.
    """
    found: dict[str, str] = {}
    holding: list[tuple[Mapping[str, Study], str]] = []
    for one in verdict.deciding:
        contrast = one.contrast
        if one.reason == NOT_MEASURED:
            found[f"records that hold {contrast.quantity} (run them again with code that writes it)"] = _MEASURES
        does = {MISSING: _FILLS, TOO_FEW: _ADDS}.get(one.reason, _TRAINS if one.reason.startswith(UNTRAINED) else "")
        for side, current in _wanting(one, does):
            wanted = side.settings(verdict.group.dataset, verdict.group.profile)
            if studies := _studies_with(wanted, verdict.group, current if does == _TRAINS else None):
                holding.append((studies, does))
            elif does == _TRAINS:
                found[
                    f"longer runs of settings on {set_name(wanted.dataset)} that no study file trains long enough"
                ] = _NO_COMMAND
            else:
                found[f"runs that no study file holds yet ({_in_words(side, wanted)})"] = _NO_COMMAND
    return [
        *(Remedy(_command(study, verdict.group), does) for study, does in _fewest(holding)),
        *(Remedy(words, (does,)) for words, does in found.items()),
    ]


def _wanting(one: Judgement, does: str) -> list[tuple[Side, Settings | None]]:
    """The sides that need runs, each with the settings that it has runs of."""
    evidence, contrast = one.evidence, one.contrast
    sides = [("a", contrast.a, evidence.a), *([("b", contrast.b, evidence.b)] if contrast.b is not None else [])]
    if does == _TRAINS:
        return [(side, has) for _, side, has in sides if has is not None and not _trained(has)]
    lacking = evidence.lacking or ("a", "b")
    return [(side, has) for name, side, has in sides if does and name in lacking]


def _trained(settings: Settings) -> bool:
    """Whether such runs count as trained; of a set without a published length only a length study knows."""
    if settings.method in AUTOENCODERS and not has_published_length(settings.dataset):
        return False
    return settings.method in LEARNING_FREE or Training(read_rules().trained).would_train(settings)


def _command(study: Study, group: Group) -> str:
    """The command for a study; one that trains long enough keeps its own profile, which it was made for."""
    trains = any(_trained(cell.settings) for cell in study.cells if cell.settings.epochs)
    profile = "" if trains or study.profile == group.profile else f" PROFILE={group.profile}"
    return f"`make reproduce-{study.name} SEEDS={FEWEST_SEEDS}{profile}`"


def _studies_with(wanted: Settings, group: Group, current: Settings | None) -> dict[str, Study]:
    """The study files with such a run, by name: those that train it long enough, at any profile, if there are some.

    Else those of the same group, else of the same profile, else all. current: only those that train longer than these settings, which is not enough.
    """
    tiers: dict[tuple[bool, bool, bool], dict[str, Study]] = {}
    for study in _studies():
        for cell in study.cells if study.dataset == wanted.dataset else ():
            own = cell.settings
            if not same_arithmetic(own, wanted):
                continue
            if current is not None and not (_trained(own) or _longer(own, current)):
                continue
            short = not _trained(own)
            tier = (short, group_of(own) != group, short and study.profile != group.profile)
            tiers.setdefault(tier, {})[study.name] = study
    return tiers[min(tiers)] if tiers else {}


def _longer(settings: Settings, current: Settings) -> bool:
    return not has_published_length(settings.dataset) and settings.epochs > current.epochs


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
        done = {does for studies, does in left if best in studies}
        chosen.append((known[best], tuple(does for does in (_FILLS, _ADDS, _TRAINS) if does in done)))
        left = [(studies, does) for studies, does in left if best not in studies]
    return chosen


def _settings(study: Study) -> int:
    return len({cell.settings for cell in study.cells})


@cache
def _studies() -> tuple[Study, ...]:
    return tuple(study for study in map(load_study, study_names()) if study.profile != UNREPORTED)


def _in_words(side: Side, wanted: Settings) -> str:
    if wanted.method in LEARNING_FREE:
        return f"{set_name(wanted.dataset)}: method={wanted.method}"
    named = {"method": wanted.method, "task": wanted.task, "skip": "on" if wanted.skip else "off", **side.choice}
    return f"{set_name(wanted.dataset)}: {', '.join(f'{name}={value}' for name, value in named.items())}"
