"""A measurement in another process gives its value, and its troubles as a sentence."""

import os
from collections.abc import Callable

import pytest

from benchmarks.errors import StudyError
from benchmarks.perf.separate_process import Subprocess


def counting(step: int) -> Callable[[], float]:
    """Count in steps, and say by whom: the sum tells the process."""
    state = {"calls": 0}

    def measure() -> float:
        state["calls"] += step
        return float(state["calls"] + 1000 * os.getpid())

    return measure


def failing() -> Callable[[], float]:
    """Fail while setting up."""
    raise ValueError("no such clip")


def leaving() -> Callable[[], float]:
    """Leave without a word."""
    os._exit(3)


class TestApart:
    def test_measures_elsewhere_and_sets_up_once(self) -> None:
        """The state of the other process lives from call to call, and it is another process."""
        with Subprocess(counting, 2) as measure:
            first, second = measure(), measure()
        assert second - first == 2
        assert first // 1000 != os.getpid()

    def test_an_error_there_is_a_sentence_here(self) -> None:
        """What went wrong is reported; the call does not wait forever."""
        with Subprocess(failing) as measure, pytest.raises(StudyError, match="no such clip"):
            measure()

    def test_a_process_that_ends_is_a_sentence_here(self) -> None:
        """A killed process is reported too."""
        with Subprocess(leaving) as measure, pytest.raises(StudyError, match="ended"):
            measure()
