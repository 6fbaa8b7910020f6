"""Faults injected into a run of a tiny set: every artefact damaged, every writer killed or refused at each file operation.

A fault ends well if what is read afterwards is what was written, or one sentence names the file; and if nothing is left
over once the same is written again. Kills and full disks are injected by an audit hook in a forked process.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from errno import EIO, ENOSPC, EROFS
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import torch

from benchmarks.errors import StudyError
from benchmarks.faults.artefacts import Artefact, damages, make_artefacts, tiny_settings
from benchmarks.grid.places import Places
from benchmarks.grid.plan import make_plan
from benchmarks.measure.terms import read_terms
from benchmarks.report.read.records import load_records
from benchmarks.run import record as records
from benchmarks.run.cell_data import Places as CellPlaces
from benchmarks.run.inspect.file import InspectionFile
from benchmarks.run.record_file import read_content
from benchmarks.run.run_cell import run_cell
from benchmarks.run.verify_records import verify_record
from benchmarks.study.settings import Cell
from benchmarks.writing import replace_text, replaced_whole

_SECONDS = 30
_EVENTS = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.truncate"})
_ERRORS = {"disk full": ENOSPC, "disk read-only": EROFS, "disk broken": EIO}

GOOD, WRONG, TRACEBACK, UNNAMED, LITTER, HANG = (
    "as written",
    "wrong content accepted",
    "traceback",
    "sentence without the file",
    "left over",
    "hang",
)
SENTENCE = "a sentence names the file"


@dataclass
class Tally:
    """Faults by kind and what came of them; examples of those that ended badly."""

    ends: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    examples: list[str] = field(default_factory=list)

    def add(self, kind: str, end: str, what: str = "") -> None:
        """Count a fault."""
        self.ends[kind][end] += 1
        if end not in (GOOD, SENTENCE) and len(self.examples) < 20:
            self.examples.append(f"{kind}: {end}: {what}")

    @property
    def faults(self) -> int:
        """How many faults were injected."""
        return sum(sum(counter.values()) for counter in self.ends.values())

    @property
    def bad(self) -> int:
        """How many ended badly."""
        return self.faults - sum(counter[end] for counter in self.ends.values() for end in (GOOD, SENTENCE))


def damage_all(artefacts: list[Artefact], rng: random.Random, flips: int, tally: Tally) -> None:
    """Damage every artefact in every way and read it."""
    for artefact in artefacts:
        content, right = artefact.path.read_bytes(), artefact.read(artefact.path)
        try:
            for kind, damaged in damages(content, artefact.partner.read_bytes(), rng, flips):
                _put(artefact.path, damaged)
                end, what = _outcome(partial(artefact.read, artefact.path), right, artefact.path)
                tally.add(f"{artefact.name}: {kind}", end, what)
        finally:
            _put(artefact.path, content)


def _put(path: Path, content: bytes | None) -> None:
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)


def _outcome(read: Callable[[], Any], right: Any, path: Path) -> tuple[str, str]:
    with _alarm():
        try:
            return (GOOD, "") if read() == right else (WRONG, "")
        except StudyError as error:
            named = path.stem.split(".")[0] in str(error)
            return (SENTENCE, "") if named and "\n" not in str(error) else (UNNAMED, str(error))
        except _TooLongError:
            return HANG, ""
        except BaseException as error:
            return TRACEBACK, repr(error)


class _TooLongError(BaseException):
    """A reader took too long."""


@contextmanager
def _alarm() -> Iterator[None]:
    def stop(*_: object) -> NoReturn:
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def views_with_damage(artefacts: list[Artefact], folder: Path, tally: Tally) -> None:
    """One damaged record or table takes its own cell out of tables and plan, and nothing else."""
    results = folder / "results"
    kept = [record.content for record in load_records(results)]
    settings = load_records(results)[0].settings
    cells = [Cell(settings, seed) for seed in (0, 1)]
    for artefact in artefacts[:2]:
        content = artefact.path.read_bytes()
        for kind, damaged in damages(content, artefact.partner.read_bytes(), random.Random(1), 6):
            _put(artefact.path, damaged)
            try:
                left = [record.content for record in load_records(results)]
                plan = make_plan(cells, Places(None, results, folder / "work"))
                states = [one.state for one in plan.cells]
                whole = all(one in kept for one in left) and states[1] == "done"
                own = (kept[0] in left) == (states[0] == "done")
                tally.add(f"views: {artefact.name} {kind}", GOOD if whole and own else WRONG, f"{len(left)} {states}")
            except BaseException as error:
                tally.add(f"views: {artefact.name} {kind}", TRACEBACK, repr(error))
        _put(artefact.path, content)
    first = artefacts[0].path
    for name in ("seed-x.json", "seed-0 (2).json", "seed-0.json.conflict", "seed-7.json"):
        copy = first.with_name(name)
        shutil.copy(first, copy)
        left = [record.content for record in load_records(results)]
        tally.add("views: a copy next to the record", GOOD if left == kept else WRONG, name)
        copy.unlink()
    verdict = verify_record(first)
    tally.add("verify: a whole record", GOOD if not verdict.problem else WRONG, verdict.problem)


def writers(artefacts: list[Artefact], folder: Path) -> dict[str, tuple[Path, Callable[[], None]]]:
    """Return what writes each kind of file, and where; each writes the same again."""
    record, table = artefacts[0], artefacts[1]
    content, terms = read_content(record.path), read_terms(table.path)
    text, inspection = folder / "text" / "a.md", InspectionFile.load(artefacts[3].path)
    data = artefacts[2].path.read_bytes()

    def rewrite_checkpoint() -> None:
        with replaced_whole(folder / "text" / "checkpoint.safetensors") as temporary:
            temporary.write_bytes(data)

    return {
        "record": (record.path, lambda: records.write_record(record.path, content, terms)),
        "sections of a record": (record.path, lambda: records.add_sections(record.path, {"notes": content["notes"]})),
        "text": (text, lambda: replace_text(text, "whole\n")),
        "inspection": (
            folder / "text" / InspectionFile.NAME,
            lambda: inspection.save(folder / "text" / InspectionFile.NAME),
        ),
        "checkpoint": (folder / "text" / "checkpoint.safetensors", rewrite_checkpoint),
    }


def break_writers(artefacts: list[Artefact], folder: Path, tally: Tally) -> None:
    """Kill each writer, or refuse it, at each of its file operations; then write again."""
    for name, (path, write) in writers(artefacts, folder).items():
        write()
        right = path.read_bytes()
        for fault in ("kill", *_ERRORS):
            for number in range(200):
                status = _forked(write, fault, number)
                there = path.read_bytes() if path.exists() else None
                # write_record removes an old record before its table changes: then there is none, and the cell runs again.
                torn = there not in (right, None) or (there is None and name != "record")
                kind = f"{name}: {fault} at a file operation"
                if torn:
                    tally.add(kind, WRONG, f"operation {number}")
                elif status == 3:
                    tally.add(kind, TRACEBACK, f"operation {number}")
                else:
                    write()
                    litter = [left.name for left in path.parent.iterdir() if left.name.endswith(".tmp")]
                    same = path.read_bytes() == right
                    tally.add(kind, LITTER if litter else GOOD if same else WRONG, f"operation {number} {litter}")
                if status == 0:
                    break


def _forked(write: Callable[[], None], fault: str, number: int) -> int:
    """Write in a forked process with a fault at one operation; 0 written, 2 a sentence, 3 a traceback, -9 killed."""
    child = os.fork()
    if child == 0:
        left = number

        def hook(event: str, _: tuple[Any, ...]) -> None:
            nonlocal left
            if event in _EVENTS:
                left -= 1
                if left == -1:
                    if fault == "kill":
                        os.kill(os.getpid(), signal.SIGKILL)
                    raise OSError(_ERRORS[fault], os.strerror(_ERRORS[fault]))

        sys.addaudithook(hook)
        try:
            write()
        except StudyError:
            os._exit(2)
        except BaseException:
            os._exit(3)
        # The fault lay behind the last operation.
        os._exit(0 if left >= 0 else 2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def two_writers(folder: Path, tally: Tally, rounds: int) -> None:
    """Two processes write one file over and over, in namespaces of their own where the system allows; it is always whole."""
    path = folder / "shared" / "a.txt"
    texts = ["a" * 5000, "b" * 5000]
    replace_text(path, texts[0], sync=False)
    children = []
    for text in texts:
        child = os.fork()
        if child == 0:
            try:
                for _ in range(rounds):
                    replace_text(path, text, sync=False)
            except BaseException:
                os._exit(3)
            os._exit(0)
        children.append(child)
    whole = all(path.read_text() in texts for _ in range(rounds))
    ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    litter = [left.name for left in path.parent.iterdir() if left.name != path.name]
    tally.add(
        "two writers of one file", GOOD if whole and ended == [0, 0] and not litter else WRONG, f"{ended} {litter}"
    )


def kill_cells(folder: Path, tally: Tally, number: int, rng: random.Random) -> None:
    """Kill a whole run at a random file operation below its folders, run it again: the record is that of a whole run."""
    cell = Cell(tiny_settings(), 0)
    right = _numbers(records.record_path(folder / "results", cell))
    for attempt in range(number):
        place = folder / f"killed-{attempt}"
        places = CellPlaces(folder / "data", place / "results", place / "work")
        (place / "work" / "frames").mkdir(parents=True)
        for file in (folder / "work" / "frames").iterdir():
            shutil.copy(file, place / "work" / "frames")

        def run(where: CellPlaces = places) -> None:
            run_cell(cell, where, torch.device("cpu"))

        _forked(run, "kill", rng.randrange(20, 120))
        run()
        litter = [path.name for path in place.rglob(".*.tmp")]
        same = _numbers(records.record_path(place / "results", cell)) == right
        tally.add("whole run killed and run again", LITTER if litter else GOOD if same else WRONG, str(litter))
        shutil.rmtree(place)


def _numbers(path: Path) -> Any:
    content = read_content(path)
    return content["metrics"], content["data"]["terms_checksum"], [one["losses"] for one in content["epochs"]]


def to_markdown(tally: Tally, seconds: float) -> str:
    """Return the report."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, counter in tally.ends.items():
        rows[kind.split(" at a file")[0] if " at a file" in kind else kind] += counter
    bad = (WRONG, TRACEBACK, UNNAMED, LITTER, HANG)
    lines = [
        "# Injected faults",
        "",
        (
            f"`make faults`: {tally.faults} faults in {seconds / 60:.0f} minutes, {tally.bad} ended badly. A fault ends well if "
            "what is read afterwards is what was written, or one sentence names the file."
        ),
        "",
        f"| fault | injected | {GOOD} | {SENTENCE} | {' | '.join(bad)} |",
        "|---|" + "--:|" * (3 + len(bad)),
        *(
            f"| {kind} | {sum(counter.values())} | {' | '.join(str(counter[end]) for end in (GOOD, SENTENCE, *bad))} |"
            for kind, counter in rows.items()
        ),
    ]
    return "\n".join([*lines, *(["", *(f"- {one}" for one in tally.examples)] if tally.examples else [])]) + "\n"


def run_campaign(folder: Path, *, flips: int = 30, rounds: int = 300, cells: int = 3, seed: int = 0) -> Tally:
    """Inject all faults below an empty folder; flips: bits a file, rounds: writes of each of two writers, cells: runs killed."""
    tally, rng = Tally(), random.Random(seed)
    artefacts = make_artefacts(folder)
    damage_all(artefacts, rng, flips, tally)
    views_with_damage(artefacts, folder, tally)
    break_writers(artefacts, folder, tally)
    two_writers(folder, tally, rounds)
    kill_cells(folder, tally, cells, rng)
    return tally


def main(argv: list[str] | None = None) -> int:
    """Run the campaign and write its report; returns 1 where a fault ended badly."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.campaign", description=__doc__)
    parser.add_argument("--flips", type=int, default=30, help="flipped bits a file (30)")
    parser.add_argument("--cells", type=int, default=3, help="whole runs to kill (3)")
    parser.add_argument("--out", type=Path, default=Path("results/faults"))
    options = parser.parse_args(argv)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        tally = run_campaign(Path(folder), flips=options.flips, cells=options.cells)
    replace_text(options.out / "faults.md", to_markdown(tally, time.monotonic() - begun))
    print(f"{tally.faults} faults, {tally.bad} ended badly", *tally.examples, sep="\n  ")
    print(f"Written: {options.out / 'faults.md'}")
    return 1 if tally.bad else 0


if __name__ == "__main__":
    sys.exit(main())
