"""A measurement in a process of its own, so that one side of a comparison does not profit from what the other set up."""

import multiprocessing
import os
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from types import MappingProxyType, TracebackType
from typing import Self

import cv2
import torch

from benchmarks.errors import StudyError

Make = Callable[..., Callable[[], float]]


class Subprocess:
    """Call it to measure once, in the other process; use it as a context manager.

    make: a module's function that sets up and returns a measurement; arguments: what it is given, made to be pickled.
    The other process has the same number of threads, the allocator as Python finds it, and the variables of `environment`.
    """

    def __init__(self, make: Make, *arguments: Hashable, environment: Mapping[str, str] = MappingProxyType({})) -> None:
        self._environment = environment
        self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        self._work = (torch.get_num_threads(), make, arguments)

    def __enter__(self) -> Self:
        return self

    def __call__(self) -> float:
        """Measure once. Raises StudyError with what went wrong there."""
        try:
            with _environment(self._environment):  # the process starts with the first call
                return self._pool.submit(_measure, *self._work).result()
        except BrokenProcessPool as error:
            raise StudyError("The process that measures the other side ended; see its output above.") from error
        except Exception as error:
            raise StudyError(
                f"The other side of the comparison could not be measured: {type(error).__name__}: {error}."
            ) from error

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _measure(threads: int, make: Make, arguments: tuple[Hashable, ...]) -> float:
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    return _made(make, arguments)()


@cache
def _made(make: Make, arguments: tuple[Hashable, ...]) -> Callable[[], float]:
    """Set up once; later measurements find it there."""
    return make(*arguments)
