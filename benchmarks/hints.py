"""Commands that messages suggest: they carry the options that the user gave, so that they can be pasted."""

import argparse
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

REFERENCE: Final = Path("results")
OWN: Final = Path("my-results")

_CELLS: Final = ("DATA_ROOT", "SEEDS", "PROFILE", "ONLY", "DEVICE")
_RUNS: Final = (*_CELLS, "PRECISION", "MODE", "JOBS", "THREADS", "SCHEDULER", "CLUSTER", "WAIT")
# What make passes on to each command; an option of the same name holds the value.
_VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("plan", "reproduce", "rehearse"), _RUNS),
    "inspect": _CELLS,
    "verify": ("DATA_ROOT", "PRECISION", "DEVICE"),
    **dict.fromkeys(("tables", "figures"), ("DATA_ROOT", "SEEDS", "PROFILE")),
    **dict.fromkeys(("measure", "verdict", "report"), ("DATA_ROOT",)),
    "table": ("SEEDS", "PROFILE"),
    "ui": ("PORT",),
    "import": (),
    "reference": (),
}
_DEFAULTS: Final = {"DATA_ROOT": "data", "DEVICE": "auto", "PORT": "5000"}
_TRAIN: Final = ("plan", "reproduce", "rehearse", "verify", "inspect")
_ON_OWN: Final = (*_TRAIN, "reference", "import", "ui")
_OF_A_STUDY: Final = ("plan", "reproduce", "rehearse", "inspect", "reference")

_given: ContextVar[argparse.Namespace] = ContextVar("given")


@contextmanager
def given(options: argparse.Namespace) -> Iterator[None]:
    """Remember what the user has given to the command that runs."""
    token = _given.set(options)
    try:
        yield
    finally:
        _given.reset(token)


def own_study() -> str | None:
    """The study that the user has named to a command on own runs; None for views of the reference, the same for all."""
    options = _given.get(argparse.Namespace())
    return None if getattr(options, "results", REFERENCE) == REFERENCE else getattr(options, "study", None)


def hint(command: str, study: str = "", *arguments: str, results: Path | None = None, **variables: object) -> str:
    """A line for a shell: ``make inspect-ped2 DATA_ROOT=/data PROFILE=cpu ARGS='--results mine'``.

    study: its name, or the path of its file. arguments: more options of the command. results: in place of the user's
    folder. variables: of make, in place of what the user has given; None leaves one out.
    """
    options = _given.get(argparse.Namespace())
    values = {name: getattr(options, name.lower(), None) for name in _VARIABLES[command]} | variables
    if results is None:
        results = getattr(options, "results", None)
    folders: list[str] = []
    own = command in _ON_OWN
    misplaced = command in _TRAIN and command != "inspect" and results == REFERENCE  # never trained into
    if results is not None and results != (OWN if own else REFERENCE) and not misplaced:
        folders += ["--results", str(results)]
    if (work := getattr(options, "work", None)) is not None:
        folders += ["--work", str(work)]
    if own and (reference := getattr(options, "reference", REFERENCE)) != REFERENCE:
        folders += ["--reference", str(reference)]
    if getattr(options, "keep_stale", False) and command in (*_TRAIN, "verdict", "report") and command != "verify":
        folders.append("--keep-stale")
    target = command
    if command in _OF_A_STUDY and study:
        if study.endswith(".toml") and command in ("plan", "reproduce"):
            values["STUDY"] = study
        else:
            target = f"{command}-{study}"
    elif study:
        values["STUDY"] = study
    said = {name: str(value) for name, value in values.items() if value is not None}
    parts = [f"{name}={shlex.quote(value)}" for name, value in said.items() if value != _DEFAULTS.get(name)]
    if more := [*arguments, *folders]:
        parts.append(f"ARGS={shlex.quote(shlex.join(more))}")
    return " ".join(["make", shlex.quote(target), *parts])
