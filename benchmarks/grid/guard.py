"""Run a command in a process group of its own, and kill the group once whoever asked for it is gone.

A script of its own (``python -I guard.py COMMAND ...``), not a module: it must start at once and stay small. Its
standard input is a pipe that nobody writes to: it ends when the parent closes it or dies, however it dies.
Exits with the command's status, or 128 plus the signal that ended it.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading


def main(command: list[str]) -> int:
    """Run the command to its end, or to the parent's."""
    cell = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)

    def kill(*_: object) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(cell.pid, signal.SIGKILL)

    def kill_at_parents_end() -> None:
        os.read(0, 1)
        kill()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, kill)
    threading.Thread(target=kill_at_parents_end, daemon=True).start()
    status = cell.wait()
    kill()  # what a cell that crashed has left running
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    # Not sys.exit: the thread still waits in a read.
    os._exit(main(sys.argv[1:]))
