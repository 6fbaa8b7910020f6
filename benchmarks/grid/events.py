"""What the engine tells whoever listens: screen, tracking."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from benchmarks.hints import hint
from benchmarks.study.settings import Cell

Kind = Literal["started", "progress", "done", "failed", "held", "elsewhere"]


@dataclass(frozen=True)
class Event:
    """Something that happened to a cell.

    progress: content of its progress file, for kind `progress`. sentence: why, for kind `failed`; who has it, for kind
    `held`. elsewhere: another command has made its record.
    seconds: what the cell took, for kinds `done` and `failed`.
    """

    kind: Kind
    cell: Cell
    progress: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = ""
    seconds: float = 0.0


Listener = Callable[[Event], None]


class IsolatedListener:
    """A listener whose failure must not end the study: the first failure is printed to stderr, and the listener is called no more."""

    def __init__(self, listener: Listener, name: str) -> None:
        self._listener: Listener | None = listener
        self._name = name

    def __call__(self, event: Event) -> None:
        """Pass the event on, as long as that works."""
        if self._listener is None:
            return
        try:
            self._listener(event)
        except Exception as error:  # whatever a tracking server's client may raise
            self._listener = None
            warn_once_for_all(self._name, error)


def warn_once_for_all(name: str, error: Exception) -> None:
    """Say loudly that a listener is out for the rest of the study."""
    print(
        f"WARNING: {name} failed and is off for the rest of this study ({type(error).__name__}: {error}); "
        f"the cells go on, and their records can be imported later ({hint('import')}).",
        file=sys.stderr,
    )
