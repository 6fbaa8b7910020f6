"""Arguments that are refused in one sentence, as everything else is: argparse alone prints a usage and a line of its own."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.errors import StudyError

_WIDTHS = (1.0, 40.0)


class Parser(argparse.ArgumentParser):
    """A parser whose errors, and those of its subparsers, are a StudyError."""

    def error(self, message: str) -> NoReturn:
        """Raise argparse's message as a StudyError."""
        raise StudyError(
            f"Expected what `{self.prog} --help` lists, but got arguments that do not fit ({message}); correct the "
            "command."
        )


def folder(text: str) -> Path:
    """Read a path; a leading ~ is the home folder also where no shell has read it."""
    return Path(text).expanduser()


def add_number(command: argparse.ArgumentParser, option: str, **rest: Any) -> None:
    """Add an option that takes a whole number; anything else raises StudyError."""

    def read(text: str) -> int:
        try:
            return int(text)
        except ValueError as error:
            raise StudyError(f"Expected {option} to be a whole number, but got {text!r}; correct it.") from error

    command.add_argument(option, type=read, **rest)


def add_inches(command: argparse.ArgumentParser, option: str, **rest: Any) -> None:
    """Add an option that takes a width on paper, 1 to 40 inches; anything else raises StudyError."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not _WIDTHS[0] <= value <= _WIDTHS[1]:
            raise StudyError(f"Expected {option} to be 1 to 40 inches, but got {text!r}; correct it.")
        return value

    command.add_argument(option, type=read, **rest)


def add_choice(command: argparse.ArgumentParser, option: str, names: Sequence[str], **rest: Any) -> None:
    """Add an option that takes one of some names; any other raises StudyError."""

    def read(text: str) -> str:
        if text not in names:
            raise StudyError(f"Expected {option} to be one of {', '.join(names)}, but got {text!r}; correct it.")
        return text

    command.add_argument(option, type=read, metavar=f"{{{','.join(names)}}}", **rest)
