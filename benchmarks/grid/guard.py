"""Run a command in a process group of its own, and kill the group once whoever asked for it is gone.

A script of its own (``python -I -S guard.py COMMAND ...``), not a module: every cell waits for its start, so it imports
next to nothing. COMMAND begins with the path of a program. Its standard input is a pipe that nobody writes to: it ends when
the parent closes it or dies, however it dies. Exits with the command's status, or 128 plus the signal that ended it.
"""

import _thread  # threading alone takes as long to import as all the rest
import os
import signal
import sys


def main(command: list[str]) -> int:
    """Run the command to its end, or to the parent's."""
    no_input = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
    cell = os.posix_spawn(command[0], command, os.environ, file_actions=[no_input], setpgroup=0)

    def kill(*_: object) -> None:
        try:  # noqa: SIM105 -- contextlib is not imported
            os.killpg(cell, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    def kill_at_parents_end() -> None:
        os.read(0, 1)
        kill()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, kill)
    _thread.start_new_thread(kill_at_parents_end, ())
    status = os.waitstatus_to_exitcode(os.waitpid(cell, 0)[1])
    kill()  # what a cell that crashed has left running
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    # Not sys.exit: the thread still waits in a read.
    os._exit(main(sys.argv[1:]))
