"""Which type each setting's value has: TOML and Python tell 64 from 64.0 and "off" from false, a cell's identity must too."""

import math
from collections.abc import Mapping
from dataclasses import fields
from types import NoneType
from typing import Final, get_args

from benchmarks.errors import StudyError
from benchmarks.study.settings import Settings

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    field.name: get_args(field.type) or (field.type,) for field in fields(Settings)
}
_WORDS: Final = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def with_own_type(name: str, value: object) -> object:
    """Return a setting's value in the setting's own type: a whole number for a real one becomes real, all else must fit.

    Raises StudyError, saying what was expected, for a value of another type and for a number that is not finite.
    """
    types = _TYPES[name]
    if type(value) is int and float in types:
        return float(value)
    # a bool is an int to isinstance, and True epochs are not one epoch
    if type(value) not in types or (isinstance(value, float) and not math.isfinite(value)):
        wanted = " or ".join(_WORDS[one] for one in types if one is not NoneType)
        raise StudyError(f"Expected {name} to be {wanted}, but got {value!r}; correct the study file.")
    return value
