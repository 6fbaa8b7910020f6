"""All benches of speed, one after another, each in a fresh process; then the table of what they found.

Run: `python -m benchmarks.perf.bench --data-root DATA --out results/bench`. A bench that fails is named and its older
result taken away, so that the table holds nothing that this run did not measure; the others go on.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.errors import StudyError
from benchmarks.perf.table import write_table

# In the order in which they run: module of this room -> what it is about.
BENCHES = {
    "training_step": "training steps against the published recipe",
    "roofline": "training step against the machine's limits",
    "scoring_speed": "evaluation against the published recipe",
    "instructions": "float32 against bfloat16, with all instructions and with AVX2 alone",
    "memory_cost": "training and scoring with memory against the same without",
    "store": "clips from the frame store against decoding",
    "store_memory": "resident memory while training from a large store",
    "overhead": "what a run costs in addition to training and evaluation",
    "scaling": "cost against size, length, items, batch, frames and cells",
}


def command(name: str, data_root: Path, out: Path, *, quick: bool) -> list[str]:
    """Return the command of one bench."""
    arguments = ["--data-root", str(data_root), "--out", str(out / f"{name}.json")]
    return [sys.executable, "-m", f"benchmarks.perf.{name}", *arguments, *(["--quick"] if quick else [])]


def run(name: str, data_root: Path, out: Path, *, quick: bool) -> str | None:
    """Run one bench, its output passed on; return None, or what went wrong in a few words."""
    result = out / f"{name}.json"
    result.unlink(missing_ok=True)
    status = subprocess.run(command(name, data_root, out, quick=quick), check=False).returncode
    if status != 0:
        result.unlink(missing_ok=True)
        return f"exit status {status}"
    return None if result.is_file() else f"no {result.name}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benches and write the table; returns 0, 1 where a bench failed, 2 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.perf.bench", description=__doc__)
    parser.add_argument("--data-root", type=Path, required=True, help="folder that holds the set")
    parser.add_argument("--out", type=Path, default=Path("results/bench"), help="folder of JSON files and table")
    parser.add_argument("--quick", action="store_true", help="one repetition of each")
    parser.add_argument("--only", action="append", choices=tuple(BENCHES), help="this bench alone; may be repeated")
    chosen = parser.parse_args(arguments)
    names = [name for name in BENCHES if chosen.only is None or name in chosen.only]
    begun = time.perf_counter()
    failed: dict[str, str] = {}
    try:
        chosen.out.mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(names, start=1):
            started = time.perf_counter()
            print(f"[{number}/{len(names)}] {name}: {BENCHES[name]}", flush=True)
            problem = run(name, chosen.data_root, chosen.out, quick=chosen.quick)
            if problem is not None:
                failed[name] = problem
                print(f"FAILED: {name} ({problem}); the others go on", file=sys.stderr, flush=True)
            seconds, total = time.perf_counter() - started, time.perf_counter() - begun
            print(f"[{number}/{len(names)}] {name}: {seconds:.0f} s, {total:.0f} s in all", flush=True)
        print(f"table written to {write_table(chosen.out, tuple(BENCHES))}")
    except (StudyError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if failed:
        print(f"FAILED: {', '.join(f'{name} ({problem})' for name, problem in failed.items())}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
