"""How a layout says what is wrong: opening a set stops at the first sentence, the doctor collects them all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from benchmarks.errors import StudyError

Complain = Callable[[str], None]


def refuse(sentence: str) -> NoReturn:
    """Complain by raising StudyError."""
    raise StudyError(sentence)


@contextmanager
def noted(complain: Complain) -> Iterator[None]:
    """Hand a StudyError of the block on to `complain`, and go on after the block where that returns."""
    try:
        yield
    except StudyError as error:
        complain(str(error))
