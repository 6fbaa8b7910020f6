"""The fuzzer: mutants of valid files into every reader, each reader in a process of its own with guards of time and memory.

An input ends well if the reader returns, or refuses it in a StudyError. Any other exception, a crash, a hang, and a file
outside the fuzzer's folder is a fault, and the input is kept.
"""

import argparse
import faulthandler
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from benchmarks.errors import StudyError
from benchmarks.faults.readers import Reader, readers
from benchmarks.reading import printable
from benchmarks.writing import replace_text

# Of a processor; on a busy machine a reader may wait much longer, but not for ever.
_SECONDS = 5
_WALL_SECONDS = 150
_BYTES = 4 << 30
_NUMBERS = (
    b"0",
    b"-1",
    b"1e999",
    b"nan",
    b"99999999999999999999",
    b"4294967295",
    b"true",
    b"null",
    b"[]",
    b"{}",
    b'""',
)
_REPORT_EVERY = 200


@dataclass
class Counts:
    """What came of the inputs of one reader. faults: what was raised, how often; inputs are kept in the report's folder."""

    inputs: int = 0
    accepted: int = 0
    refused: int = 0
    crashes: int = 0
    hangs: int = 0
    outside: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def wrong(self) -> int:
        """Inputs that ended in neither a result nor a sentence."""
        return self.crashes + self.hangs + self.outside + sum(self.faults.values())


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Return a file with one to four changes: bits, bytes, cuts, blocks moved or repeated, numbers replaced."""
    content = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        if not content:
            return bytes(content)
        place = rng.randrange(len(content))
        size = min(rng.choice((1, 2, 4, 16, 256)), len(content))
        match rng.randrange(9):
            case 0:
                content[place] ^= 1 << rng.randrange(8)
            case 1:
                content[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, 0x20, 0x22, 0x5B, 0x7B))
            case 2:
                del content[place:]
            case 3:
                del content[place : place + size]
            case 4:
                content[place:place] = content[place : place + size] * rng.choice((1, 3, 50))
            case 5:
                content[place : place + size] = rng.randbytes(size)
            case 6:
                content[place : place + 4] = rng.choice((0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)).to_bytes(
                    4, rng.choice(("big", "little"))
                )
            case 7:
                if numbers := list(re.finditer(rb"-?\d+(?:\.\d+)?|true|false|null|\"[^\"]*\"", content[:20_000])):
                    chosen = rng.choice(numbers)
                    content[chosen.start() : chosen.end()] = rng.choice(_NUMBERS)
            case 8:
                other = rng.randrange(len(content))
                block = content[other : other + size]
                content[place : place + len(block)] = block
    return bytes(content)


def fuzz_reader(reader: Reader, seconds: float, inputs: int, seed: int, keep: Path) -> Counts:
    """Send mutants into a reader until the time or the number is spent; a process that dies is started again."""
    counts, deadline, attempt = Counts(), time.monotonic() + seconds, 0
    context = get_context("spawn")
    while counts.inputs < inputs and time.monotonic() < deadline and attempt < 200:
        ours, theirs = context.Pipe(duplex=False)
        left = min(inputs - counts.inputs, 1 << 40)
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            worker = context.Process(
                target=_work,
                args=(
                    reader.name,
                    theirs,
                    left,
                    deadline - time.monotonic(),
                    f"{seed}-{reader.name}-{attempt}",
                    folder,
                ),
            )
            worker.start()
            theirs.close()
            ended = _listen(ours, counts, keep)
            worker.join(_WALL_SECONDS)
            if worker.is_alive():
                worker.kill()
                worker.join()
            if not ended:
                kind = "hangs" if worker.exitcode == -signal.SIGKILL else "crashes"
                setattr(counts, kind, getattr(counts, kind) + 1)
                counts.inputs += 1
                with suppress(FileNotFoundError):
                    shutil.copy(Path(folder) / "now", keep / f"{kind}-{_safe(reader.name)}-{attempt}")
        attempt += 1
    return counts


def warm_up(reader: Reader) -> None:
    """Read a valid file once, so that guards do not count the loading of libraries."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for name, content in ((reader.place, reader.seeds[0]), *reader.others):
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_bytes(content)
        with suppress(StudyError):
            reader.read(Path(folder) / reader.place)


def _listen(connection: Connection, counts: Counts, keep: Path) -> bool:
    """Add up what the worker reports; return whether it came to its end."""
    while True:
        try:
            # Its own alarm comes first; who does not answer that hangs in a library.
            if not connection.poll(5 * _WALL_SECONDS):
                return False
            part = connection.recv()
        except EOFError:
            return False
        if part is None:
            return True
        for name in ("inputs", "accepted", "refused", "hangs", "outside"):
            setattr(counts, name, getattr(counts, name) + getattr(part, name))
        for kind, number in part.faults.items():
            if kind not in counts.faults:
                (keep / f"fault-{_safe(kind)}").write_bytes(part.kept[kind])
            counts.faults[kind] += number


def _safe(name: str) -> str:
    return re.sub(r"\W+", "-", name)[:60]


@dataclass
class _Part(Counts):
    kept: dict[str, bytes] = field(default_factory=dict)


def _work(name: str, connection: Connection, inputs: int, seconds: float, seed: str, folder_name: str) -> None:
    faulthandler.disable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for alarm in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(alarm, _too_long)
    reader = next(one for one in readers() if one.name == name)
    warm_up(reader)
    # Beyond what the libraries have taken already.
    most = _BYTES + int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    folder, rng, part, deadline = Path(folder_name) / "here", random.Random(seed), _Part(), time.monotonic() + seconds
    for number in range(inputs):
        if time.monotonic() > deadline:
            break
        if number % _REPORT_EVERY == 0:
            # A reader may leave files: what an archive unpacks, a table's other half.
            part.outside += sorted(path.name for path in Path(folder_name).iterdir()) not in (
                [],
                ["here"],
                ["here", "now"],
            )
            connection.send(part)
            part = _Part()
            shutil.rmtree(folder, ignore_errors=True)
            for other, content in ((reader.place, b""), *reader.others):
                (folder / other).parent.mkdir(parents=True, exist_ok=True)
                (folder / other).write_bytes(content)
        data = rng.choice(reader.seeds)
        if number >= len(reader.seeds):
            data = mutate(data, rng)
        (folder / reader.place).write_bytes(data)
        if reader.name.startswith("archive"):
            shutil.rmtree(folder / "unpacked", ignore_errors=True)
        (Path(folder_name) / "now").write_bytes(data)
        _one(reader, folder / reader.place, data, part)
    connection.send(part)
    connection.send(None)


def _one(reader: Reader, path: Path, data: bytes, part: _Part) -> None:
    part.inputs += 1
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    signal.alarm(_WALL_SECONDS)
    try:
        reader.read(path)
        part.accepted += 1
    except StudyError as error:
        text = str(error)
        if printable(text, len(text)) == text:
            part.refused += 1
        else:
            part.faults["a sentence with control characters"] += 1
            part.kept.setdefault("a sentence with control characters", data)
    except _TooLongError:
        part.hangs += 1
        part.kept["hang"] = data
    except BaseException as error:
        kind = f"{reader.name}: {type(error).__name__}: {printable(str(error), 80)}"
        part.faults[kind] += 1
        part.kept.setdefault(kind, data)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)


class _TooLongError(BaseException):
    """An input took too long; no reader may catch it."""


def _too_long(*_: object) -> NoReturn:
    raise _TooLongError


def to_markdown(found: dict[str, Counts], seconds: float) -> str:
    """Return the report."""
    total = sum(one.inputs for one in found.values())
    lines = [
        "# Mutated inputs to every reader",
        "",
        (
            f"`make fuzz`: {total:,} inputs in {seconds / 60:.0f} minutes. A reader ends well if it returns, or refuses the file "
            f"in one sentence. Guards: {_SECONDS} s of a processor and {_BYTES >> 30} GiB an input."
        ),
        "",
        "| reader | inputs | accepted | refused in a sentence | other exceptions | crashes | hangs | files outside |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, one in found.items():
        numbers = (one.inputs, one.accepted, one.refused, sum(one.faults.values()), one.crashes, one.hangs, one.outside)
        lines.append(f"| {name} | {' | '.join(f'{number:,}' for number in numbers)} |")
    sums = [
        sum(part)
        for part in zip(
            *(
                (one.inputs, one.accepted, one.refused, sum(one.faults.values()), one.crashes, one.hangs, one.outside)
                for one in found.values()
            ),
            strict=True,
        )
    ]
    lines += [f"| **all** | {' | '.join(f'{number:,}' for number in sums)} |", ""]
    faults = [(kind, number) for one in found.values() for kind, number in one.faults.most_common()]
    lines += [f"- {kind}: {number}" for kind, number in faults]
    return "\n".join(lines).rstrip() + "\n"


def main(argv: list[str] | None = None) -> int:
    """Fuzz all readers, or those named; returns 1 where anything ended in neither a result nor a sentence."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=60_000, help="of each reader (60,000)")
    parser.add_argument("--seconds", type=float, default=600.0, help="of all readers together (600)")
    parser.add_argument("--only", default="", help="pattern of the readers' names")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/faults"))
    options = parser.parse_args(argv)
    chosen = [one for one in readers() if re.search(options.only, one.name)]
    keep = Path(tempfile.mkdtemp(prefix="fuzz-kept-"))
    found, begun = {}, time.monotonic()
    for place, reader in enumerate(chosen):
        # Starting processes takes time, too: no reader goes short because those before it took theirs.
        left = max(
            (options.seconds - (time.monotonic() - begun)) / (len(chosen) - place), options.seconds / len(chosen) / 2
        )
        found[reader.name] = fuzz_reader(reader, left, options.inputs, options.seed, keep)
        one = found[reader.name]
        print(f"{reader.name}: {one.inputs:,} inputs, {one.wrong} wrong", *one.faults, sep="\n  ", flush=True)
    replace_text(options.out / "fuzz.md", to_markdown(found, time.monotonic() - begun))
    print(f"Written: {options.out / 'fuzz.md'}")
    if any(one.wrong for one in found.values()):
        print(f"Inputs that ended in neither a result nor a sentence: {keep}", file=sys.stderr)
        return 1
    shutil.rmtree(keep)
    return 0


if __name__ == "__main__":
    sys.exit(main())
