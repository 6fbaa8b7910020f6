"""A measurement in a process of its own, so that one side of a comparison does not profit from what the other set up."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import cv2
import torch

from benchmarks.errors import StudyError

_SECONDS_TO_STOP = 10


class Subprocess:
    """Call it to measure once, in the other process; use it as a context manager.

    make: a module's function that sets up and returns a measurement; arguments: what it is given, made to be pickled.
    The other process has the same number of threads, and the allocator as Python finds it.
    """

    def __init__(self, make: Callable[..., Callable[[], float]], *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(there, torch.get_num_threads(), make, arguments), daemon=True
        )
        self._there = there

    def __enter__(self) -> Self:
        self._process.start()
        self._there.close()
        return self

    def __call__(self) -> float:
        """Measure once. Raises StudyError with what went wrong there."""
        try:
            self._here.send("measure")
            found = self._here.recv()
        except (EOFError, OSError) as error:
            raise StudyError("The process that measures the other side ended; see its output above.") from error
        if isinstance(found, str):
            raise StudyError(f"The other side of the comparison could not be measured: {found}.")
        measured: float = found
        return measured

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._here.close()
        self._process.join(_SECONDS_TO_STOP)
        if self._process.is_alive():
            self._process.kill()


def _serve(
    there: Connection, threads: int, make: Callable[..., Callable[[], float]], arguments: tuple[Any, ...]
) -> None:
    """Measure whenever asked, until the other end is closed; errors are sent as their sentence."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    measure: Callable[[], float] | None = None
    while True:
        try:
            there.recv()
        except EOFError:
            return
        try:
            measure = make(*arguments) if measure is None else measure
            there.send(measure())
        except Exception as error:  # whatever it is, the other process must hear of it instead of waiting
            there.send(f"{type(error).__name__}: {error}")
