"""How far a long command is: a bar in a terminal, and a line every few seconds in a log."""

import sys
import time
from types import TracebackType
from typing import Final, Self

_EVERY: Final = 5.0  # seconds


class Progress:
    """Counts to a total on standard error; a context manager.

    what: begins the line, as ``MLflow``. unit: what is counted, as ``records``. shown: False for silence.
    """

    def __init__(self, total: int, what: str, unit: str, *, shown: bool) -> None:
        self._total, self._what, self._unit, self._shown = total, what, unit, shown
        self._done = 0
        self._began = self._said = time.monotonic()
        self._terminal = sys.stderr.isatty()

    def __enter__(self) -> Self:
        """Begin."""
        from tqdm import tqdm

        bar = self._shown and self._terminal
        self._bar = tqdm(total=self._total, desc=self._what, unit=f" {self._unit}", disable=not bar, leave=False)
        return self

    def update(self) -> None:
        """One more is done."""
        self._done += 1
        self._bar.update()
        if self._shown and not self._terminal and time.monotonic() - self._said >= _EVERY:
            self._said = time.monotonic()
            passed = self._said - self._began
            print(
                f"{self._what}: {self._done} of {self._total} {self._unit}, {passed:.0f} s", file=sys.stderr, flush=True
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the bar."""
        self._bar.close()
