"""What the harness costs: in addition to a run's own work, for a study whose records exist, and in cores left idle by a grid.

A cell: a real one, tiny in pixels but with the epochs, variants and test frames of a `cpu`-profile cell, run by
`python -m benchmarks reproduce` with tracking; its wall time without the seconds of decoding, training and scoring that
its record names is the harness's (imports, checkpoints, metrics, record, MLflow, tables), and drawing its figures is
added. It is divided by what the committed MNAD records of the `cpu` profile took. The first cell of a study, which makes
the MLflow store and the frame store, is reported apart.
A grid: CPU seconds of all cells over wall time and jobs. The frame store is made before.

Run: `python -m benchmarks.perf.overhead --data-root DATA --out FILE`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.errors import StudyError
from benchmarks.grid.device import cores
from benchmarks.grid.places import Places
from benchmarks.grid.plan import make_plan
from benchmarks.perf.measuring import Row, Spread, exit_on_study_error, report
from benchmarks.perf.options import parse, parser_of
from benchmarks.study.files import load_study

_ROOT = Path(__file__).resolve().parents[2]
# CPU seconds of the processes that a command started, cells and their guards, but not its own.
_COUNTED = (
    "import resource, sys; from benchmarks.cli import main; status = main(sys.argv[1:]); "
    "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
    "print('CELLS', used.ru_utime + used.ru_stime); sys.exit(status)"
)
_CELL_TARGET, _EXISTING_TARGET, _BUSY_TARGET = 5.0, 3.0, 0.95


def write_study(path: Path, dataset: str, *, profile: str = "smoke", **settings: Any) -> Path:
    """Write a study file of one MNAD reconstruction cell with these settings."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    header = f'name = "overhead"\ntitle = "overhead"\ndataset = "{dataset}"\nseeds = 1\nprofile = "{profile}"'
    body = "\n".join(['method = "mnad"', 'task = "reconstruction"', *lines])
    path.write_text(f"[study]\n{header}\n\n[[cells]]\n{body}\n", encoding="utf-8")
    return path


def run_command(arguments: Sequence[object], *, code: str = "") -> tuple[float, str]:
    """Run `python -m benchmarks ARGUMENTS` and return wall seconds and what it printed.

    code: run in its place, with the same arguments. Raises StudyError, quoting the last line, where it fails.
    """
    start = ["-c", code] if code else ["-m", "benchmarks"]
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *start, *map(str, arguments)], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - begun
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise StudyError(
            f"Expected `python -m benchmarks {' '.join(map(str, arguments))}` to succeed, but its status is "
            f"{done.returncode}: {said[-1] if said else 'it said nothing'}"
        )
    return seconds, done.stdout


def phase_seconds(record: Path) -> float:
    """Return the seconds of decoding, training and scoring that a record names."""
    phases = json.loads(record.read_text(encoding="utf-8"))["phases"]
    return float(sum(phase["seconds"] for phase in phases.values()))


def cell_seconds(records: Path) -> Spread:
    """Return what the committed MNAD records of the `cpu` profile took, from their phases."""
    files = sorted(records.glob("runs/*/cpu/mnad-*/seed-*.json"))
    if not files:
        raise StudyError(
            f"Expected records of MNAD at the cpu profile in {records / 'runs'}, but there are none; name their folder "
            "with --records."
        )
    return Spread(tuple(map(phase_seconds, files)))


def cell_overhead(study: Path, data_root: Path, folder: Path, *, repetitions: int) -> dict[str, Spread]:
    """Return seconds of the harness: `first` cell of a study, `later` cells, and `figures` of each.

    The same setting with seed after seed, one at a time, each by a command of its own.
    """
    results = folder / "results"
    common: list[object] = ["--data-root", data_root, "--results", results, "--jobs", "1", "--threads", "1"]
    extra: list[float] = []
    figures: list[float] = []
    for seed in range(repetitions + 1):
        wall, _ = run_command(["reproduce", study, *common, "--seeds", str(seed + 1), "--device", "cpu"])
        (record,) = results.glob(f"runs/*/*/*/seed-{seed}.json")
        extra.append(wall - phase_seconds(record))
        drawn, _ = run_command(["figures", study, "--results", results, "--seeds", "1"])
        figures.append(drawn)
    return {"first": Spread((extra[0],)), "later": Spread(tuple(extra[1:])), "figures": Spread(tuple(figures[1:]))}


def existing_study(study: str, data_root: Path, records: Path, folder: Path, *, repetitions: int) -> dict[str, Any]:
    """Return seconds of a study that has nothing to do, and the arguments that made it so.

    As many seeds are asked for as all its cells have; stale records are kept. Raises StudyError where even seed 0 lacks
    a record.
    """
    results = folder / "results"
    shutil.copytree(records / "runs", results / "runs")
    available = 0
    while available < 100:
        cells = load_study(study, seeds=available + 1).cells
        plan = make_plan(cells, Places(data_root, results, results / "work"), keep_stale=True)
        if plan.to_run:
            break
        available += 1
    if not available:
        raise StudyError(f"Expected a record of every cell of {study} in {records}, but some lack one; run them first.")
    seeds = min(available, load_study(study).cells[-1].seed + 1)
    cells = load_study(study, seeds=seeds).cells
    stale = sum(one.state == "stale" for one in make_plan(cells, Places(data_root, results, results / "work")).cells)
    # The records' own precision, whatever this machine would take: nothing is to be trained.
    arguments: list[object] = ["reproduce", study, "--seeds", str(seeds), "--device", "cpu", "--precision", "bfloat16"]
    arguments += ["--keep-stale"] if stale else []
    command: list[object] = [*arguments, "--data-root", data_root, "--results", results]
    run_command(command)
    seconds = Spread(tuple(run_command(command)[0] for _ in range(repetitions)))
    return {"seconds": seconds, "arguments": arguments, "cells": len(cells), "stale": stale}


def busy_cores(study: Path, data_root: Path, folder: Path, *, cells: int, jobs: int) -> dict[str, float]:
    """Return CPU seconds of a grid's cells and its wall seconds; one cell more is run before and makes the store."""
    results = folder / "results"
    common: list[object] = ["reproduce", study, "--data-root", data_root, "--results", results]
    common += ["--threads", "1", "--device", "cpu"]
    run_command([*common, "--jobs", "1", "--seeds", "1", "--no-tracking"])
    wall, said = run_command([*common, "--jobs", str(jobs), "--seeds", str(cells + 1)], code=_COUNTED)
    used = next(float(line.split()[1]) for line in said.splitlines() if line.startswith("CELLS"))
    return {"cpu_seconds": used, "wall_seconds": wall, "jobs": jobs, "cells": cells, "busy": used / wall / jobs}


def _rows(tracking: dict[str, Spread], cell: Spread, existing: dict[str, Any], grid: dict[str, float]) -> list[Row]:
    extra = Spread(tuple(a + b for a, b in zip(tracking["later"].values, tracking["figures"].values, strict=True)))
    share = Spread(tuple(100 * value / (value + cell.median) for value in extra.values))
    each, idle = grid["cpu_seconds"] / grid["cells"], grid["wall_seconds"] - grid["cpu_seconds"] / grid["jobs"]
    number = f"{grid['cells']:.0f} cells of {each:.0f} core-seconds, {grid['jobs']:.0f} at a time"
    slow = "imports, reading records, writing four tables; other load on the cores"
    tail = (
        f"{idle:.1f} s a core without a cell's work (start, end, tables, the last cell's tail, or other load), whatever "
        "the cells' length"
    )
    what = "harness in addition to the work of a cpu-profile MNAD run (imports, records, checkpoints, MLflow, figures)"
    busy = f"cores kept busy by a grid of {number}"
    return [
        Row(what, "s", extra, None, share, "%", _CELL_TARGET, at_least=False),
        Row.alone("the same for a study's first cell (makes the MLflow store)", "s", tracking["first"]),
        Row.alone(
            f"a study whose {existing['cells']} records exist",
            "s",
            existing["seconds"],
            _EXISTING_TARGET,
            at_least=False,
            limit=slow,
        ),
        Row.alone(busy, "share of the cores", Spread((grid["busy"],)), _BUSY_TARGET, limit=tail),
    ]


@exit_on_study_error
def main(arguments: list[str] | None = None) -> int:
    """Measure from the command line; returns 0, or 2 with a sentence on stderr."""
    parser = parser_of("overhead", __doc__)
    parser.add_argument("--records", type=Path, default=_ROOT / "results", help="results folder with records of ped2")
    chosen = parse(parser, arguments)
    data_root = chosen.data_root.absolute()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    cell = cell_seconds(chosen.records)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("cell", "existing", "grid"):
            (folder / name).mkdir()
        # Width, epochs and items as at the cpu profile: checkpoints of the same size, as many of them.
        tiny = write_study(folder / "tiny.toml", "ped2", size=32, width=0.25, epochs=3, train_stride=16)
        tracking = cell_overhead(tiny, data_root, folder / "cell", repetitions=chosen.repetitions)
        existing = existing_study(
            "ped2", data_root, chosen.records, folder / "existing", repetitions=max(2, chosen.repetitions)
        )
        epochs = 2 if chosen.quick else 6
        grid = write_study(folder / "grid.toml", "synthetic", profile="small", size=64, epochs=epochs, train_stride=1)
        busy = busy_cores(grid, data_root, folder / "grid", cells=6, jobs=min(2, cores()))
    return report(
        chosen.out,
        _rows(tracking, cell, existing, busy),
        tracking={name: spread.to_dict() for name, spread in tracking.items()},
        cell_seconds=cell.to_dict(),
        existing={**existing, "seconds": existing["seconds"].to_dict()},
        grids=[busy],
    )


if __name__ == "__main__":
    sys.exit(main())
