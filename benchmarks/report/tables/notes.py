"""The prose of tables: ``notes.toml`` has it by module and name, apart from the code that fills it in."""

import tomllib
from pathlib import Path
from typing import Final

_NOTES: Final = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def note(name: str, /, **values: object) -> str:
    """Return the note ``module.name``; values: what stands in its braces."""
    module, _, key = name.partition(".")
    text: str = _NOTES[module][key]
    return text.format(**values)
