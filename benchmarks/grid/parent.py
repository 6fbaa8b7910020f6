"""A command that make started ends when make is killed: on its own it would train on, unseen."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_make() -> None:
    """Ask the kernel for a SIGTERM to this process once the make that started it is gone; on Linux, else nothing."""
    if sys.platform == "linux" and "MAKELEVEL" in os.environ:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
