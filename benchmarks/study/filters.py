"""Filters over cells, as typed on a command line: ``task=prediction,memory=none``."""

from dataclasses import dataclass, field
from typing import Self

from benchmarks.errors import StudyError
from benchmarks.study import settings as names
from benchmarks.study.settings import Settings

LEVELS: dict[str, tuple[str, ...]] = {
    "method": tuple(names.METHODS),
    "task": tuple(names.TASKS),
    "memory": ("own", *names.MEMORIES),
    "skip": ("on", "off"),
    "supervision": tuple(names.SUPERVISIONS),
    "preset": names.PRESETS,
}
# Settings that sweeps run over; compared as numbers, noise as a share: ``noise=0.25``.
NUMBERS = ("noise", "items", "epochs")
_FACTORS = (*LEVELS, *NUMBERS, "seed")


@dataclass(frozen=True)
class Filter:
    """What a cell must be, factor by factor; an empty filter lets everything through."""

    levels: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``factor=level`` pairs joined by commas; raises StudyError for an unknown factor or level."""
        levels: dict[str, str] = {}
        for pair in text.split(","):
            factor, equals, level = (part.strip() for part in pair.partition("="))
            if not equals or factor not in _FACTORS:
                raise StudyError(
                    f"Expected --only to hold factor=level pairs with factors among {', '.join(_FACTORS)}, "
                    f"but got {pair.strip()!r} in {text!r}."
                )
            if factor in levels:
                raise StudyError(f"Expected each factor once in --only, but {text!r} has {factor} twice.")
            if factor in LEVELS and level not in LEVELS[factor]:
                raise StudyError(
                    f"Expected {factor} to be one of {', '.join(LEVELS[factor])}, but got {level!r} in --only."
                )
            if factor == "seed" and not level.isdecimal():
                raise StudyError(f"Expected seed to be a number such as 0, but got {level!r} in --only.")
            if factor in NUMBERS and not _is_number(level):
                raise StudyError(f"Expected {factor} to be a number such as 10, but got {level!r} in --only.")
            levels[factor] = level
        return cls(levels)

    def matches(self, settings: Settings) -> bool:
        """Whether settings have every level asked for, the seed left aside."""
        own = {"skip": "on" if settings.skip else "off"}
        for factor, level in self.levels.items():
            if factor == "seed":
                continue
            if factor in NUMBERS:
                value = getattr(settings, factor)
                if value is None or value != float(level):
                    return False
                continue
            wanted = settings.method if (factor, level) == ("memory", "own") else level
            if own.get(factor, getattr(settings, factor)) != wanted:
                return False
        return True

    def matches_seed(self, seed: int) -> bool:
        """Whether a seed is the one asked for, or none was."""
        return "seed" not in self.levels or int(self.levels["seed"]) == seed


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
