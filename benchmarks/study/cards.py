"""What every card has: a name, a printed name, and the settings that come and go with it.

A card says once what a memory, a method, a task or a supervision is. Levels, defaults, validation, printed names, variants
at test, pairs, estimates and the fingerprint follow from the cards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

Factors = Mapping[str, Any]
"""Levels of a cell's factors by name, and what its study file sets beyond them."""


def setting(default: Any = None, *, least: float | None = None, needed: bool = True) -> Any:
    """Declare a setting of a card: its value where a preset has no other, its lowest value, whether it must have one."""
    return field(default=default, metadata={"least": least, "needed": needed})


@dataclass(frozen=True, kw_only=True)
class OwnSettings:
    """Settings that come with one card. A subclass declares each as a field: ``top_k: int = setting(3, least=1)``.

    A ``Literal`` lists the levels of a setting. The base class itself stands for a card without settings of its own.
    """

    def invalid_reason(self) -> str | None:
        """Return why these values cannot go together, naming them, or None; types, levels and ranges are right already."""
        return None


def _no_values(factors: Factors) -> dict[str, Any]:
    """All settings of the card keep their defaults."""
    del factors
    return {}


@dataclass(frozen=True, kw_only=True)
class Card:
    """What memories, methods, tasks and supervisions have in common.

    printed: its name in tables, legends and sentences
    settings: the dataclass of the settings that only cells with this card have
    values: from factors to what a preset sets in place of a setting's default
    """

    printed: str
    settings: type[OwnSettings] = OwnSettings
    values: Callable[[Factors], dict[str, Any]] = _no_values

    def setting_names(self) -> frozenset[str]:
        """Return the names of the settings that a cell with this card can have."""
        return frozenset(declared(self.settings))

    def resolved(self, factors: Factors) -> dict[str, Any]:
        """Return the card's settings in a cell of these factors: defaults, or what the preset sets."""
        defaults = {one.name: one.default for one in fields(self.settings) if one.default is not None}
        return {**defaults, **self.values(factors)}


@dataclass(frozen=True)
class Declared:
    """One setting as a card declares it. levels: its valid texts; empty for numbers, flags and free text."""

    type: type
    levels: tuple[str, ...] = ()
    least: float | None = None
    needed: bool = True


_FOUND: dict[type, Mapping[str, Declared]] = {}


def declared(settings: type[OwnSettings]) -> Mapping[str, Declared]:
    """Return the settings that a dataclass declares, by name, in order."""
    if settings in _FOUND:
        return _FOUND[settings]
    hints = get_type_hints(settings)
    found: dict[str, Declared] = {}
    for one in fields(settings):
        hint = hints[one.name]
        levels = get_args(hint) if get_origin(hint) is Literal else ()
        found[one.name] = Declared(
            str if levels else hint, levels, one.metadata.get("least"), one.metadata.get("needed", True)
        )
    return _FOUND.setdefault(settings, found)
