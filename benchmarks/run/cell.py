"""One cell as a command: ``python -m benchmarks.run.cell --settings FILE --seed N ...``.

It leaves its record under the results folder, and its checkpoint, inspection, log and progress under the work folder. It
needs no tracking, no cluster and no plotting library. Exit status: 0 done, 2 a sentence for
the user, 75 another command has the cell, anything else a crash.
"""

import argparse
import logging
import re
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import torch

from benchmarks.errors import StudyError
from benchmarks.reading import expected, printable, read_json
from benchmarks.run.accelerator import explained
from benchmarks.run.cell_data import Places
from benchmarks.run.cell_lock import HELD, CellHeldError, alone_at
from benchmarks.run.hardware import keep_freed_memory
from benchmarks.run.progress import Progress, read_progress
from benchmarks.run.record import record_path
from benchmarks.run.record_file import check_settings
from benchmarks.run.run_cell import make_folder, run_cell
from benchmarks.run.timing import time_cell
from benchmarks.study.settings import Cell, Settings
from benchmarks.study.validation import invalid_reason

_log = logging.getLogger("benchmarks.run.cell")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run.cell", description="Run one cell of a study.")
    parser.add_argument("--settings", type=Path, required=True, help="JSON file with the complete settings")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--data-root", type=Path, help="folder that holds the data set; not for the synthetic one")
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--work", type=Path, default=Path("results/work"))
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--mode", choices=("record", "fast"), default="record")
    parser.add_argument(
        "--evaluate-every", type=int, default=0, metavar="N", help="put the AUC of every Nth epoch into the record"
    )
    parser.add_argument(
        "--time-steps", type=int, default=0, metavar="N", help="time N training steps and some scoring; no record"
    )
    parser.add_argument(
        "--known-record", type=int, metavar="NS", help="leave a record that was changed after this time (st_mtime_ns)"
    )
    parser.add_argument("--quiet", action="store_true", help="log to the cell's file alone")
    return parser.parse_args(argv)


def _read_settings(path: Path) -> Settings:
    with expected("the settings of a cell as a JSON object", path, "let make plan-STUDY COMMANDS=1 write it"):
        settings = check_settings(read_json(path))
        if reason := invalid_reason(settings):
            raise ValueError(printable(reason))
        return settings


def pick_device(name: str) -> torch.device:
    """Return the device for ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; raises StudyError where it is not here."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    asked = re.fullmatch(r"cpu|cuda(?::([0-9]+))?", name)
    if asked is None:
        raise StudyError(f"Expected auto, cpu, cuda or cuda:N for --device, but got {name!r}; choose one of them.")
    if name != "cpu" and not torch.cuda.is_available():
        raise StudyError(f"Expected a CUDA device for --device {name}, but torch sees none here; use --device cpu.")
    if name != "cpu" and int(asked[1] or 0) >= (count := torch.cuda.device_count()):
        raise StudyError(
            f"Expected at most cuda:{count - 1} for --device, but got {name}; choose a device that is here."
        )
    return torch.device(name)


def _start_log(folder: Path, *, quiet: bool) -> None:
    handlers: list[logging.Handler] = [logging.FileHandler(folder / "cell.log", encoding="utf-8")]
    if not quiet:
        handlers.append(logging.StreamHandler())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=handlers, force=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    arguments = _arguments(argv)
    # The cell is given free last: what went wrong is written into its progress before.
    with ExitStack() as held:
        return _run(arguments, held)


def _run(arguments: argparse.Namespace, held: ExitStack) -> int:
    begun = time.perf_counter()
    progress: Progress | None = None
    cell: Cell | None = None
    try:
        cell = Cell(_read_settings(arguments.settings), arguments.seed)
        folder = arguments.work / cell.slug
        make_folder(folder, "checkpoint, log and progress")
        held.enter_context(alone_at(folder, "a run"))
        _start_log(folder, quiet=arguments.quiet)
        progress = Progress(folder / "progress.json")
        if _made_meanwhile(arguments, cell):
            print("Another command has made the record meanwhile.")
            return 0
        torch.set_num_threads(arguments.threads)
        keep_freed_memory()
        places = Places(arguments.data_root, arguments.results, arguments.work)
        device = pick_device(arguments.device)
        if arguments.time_steps:
            time_cell(cell, places, device, arguments.mode, arguments.time_steps)
            return 0
        path = run_cell(cell, places, device, arguments.mode, evaluate_every=arguments.evaluate_every)
    except CellHeldError as error:
        return _fail(None, str(error), status=HELD)
    except StudyError as error:
        return _fail(progress, str(error), status=2)
    except Exception as error:  # the log gets the traceback, whoever started the cell one line
        _log.error("%s", traceback.format_exc())
        phase = "" if progress is None else str((read_progress(progress.path) or {}).get("phase"))
        if cell is not None and (sentence := explained(error, cell.settings, arguments.mode, phase)) is not None:
            return _fail(progress, sentence, status=2)
        return _fail(progress, f"{type(error).__name__}: {error}", status=1)
    _log.info("record written to %s after %.0f s", path, time.perf_counter() - begun)
    return 0


def _made_meanwhile(arguments: argparse.Namespace, cell: Cell) -> bool:
    """Whether the record is newer than whoever started this command knows."""
    if arguments.known_record is None:
        return False
    try:
        version = record_path(arguments.results, cell).stat().st_mtime_ns
    except OSError:
        return False
    return version > int(arguments.known_record)


def _fail(progress: Progress | None, sentence: str, status: int) -> int:
    if progress is not None:
        # What went wrong, a full disk for one, may keep progress from being written; the sentence goes out all the same.
        with suppress(StudyError):
            progress.phase("failed", error=sentence)
    print(sentence, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
