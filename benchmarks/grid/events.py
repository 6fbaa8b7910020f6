"""What the engine reports to listeners: screen, tracking."""

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
_ENDS: frozenset[Kind] = frozenset({"done", "failed", "elsewhere"})


class IsolatedListener:
    """A listener whose failure must not end the study.

    The first failure is printed to stderr. From then on progress is left out; ends of cells are kept, and passed on in
    order as soon as the listener takes them, which is tried whenever a cell ends.
    """

    def __init__(self, listener: Listener, name: str) -> None:
        self._listener = listener
        self._name = name
        self._missed: list[Event] = []
        self._failed = False

    def __call__(self, event: Event) -> None:
        """Pass the event on, or keep it where it is an end and the listener has failed."""
        if not self._failed:
            try:
                self._listener(event)
            except Exception as error:  # whatever a tracking server's client may raise
                self._failed = True
                self._missed += [event] if event.kind in _ENDS else []
                print(
                    f"WARNING: {self._name} failed ({type(error).__name__}: {error}); the cells go on, and it is tried "
                    "again when the next one ends.",
                    file=sys.stderr,
                )
        elif event.kind in _ENDS:
            self._missed.append(event)
            self.catch_up()

    def catch_up(self) -> int:
        """Try to pass on what was missed; returns how many ends are still missing."""
        while self._missed:
            try:
                self._listener(self._missed[0])
            except Exception:  # as it failed before
                return len(self._missed)
            del self._missed[0]
        if self._failed:
            self._failed = False
            print(f"{self._name} works again and has all that it missed.", file=sys.stderr)
        return 0


def warn_once_for_all(name: str, error: Exception) -> None:
    """Say loudly that a listener is out for the rest of the study."""
    print(
        f"WARNING: {name} failed and is off for the rest of this study ({type(error).__name__}: {error}); "
        f"the cells go on, and their records can be imported later ({hint('import')}).",
        file=sys.stderr,
    )
