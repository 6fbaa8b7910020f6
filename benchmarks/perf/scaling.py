"""Cost curves: seconds against size, each at a few points, with the exponent fitted over the upper half.

A curve is measured in turn over its points, round by round; each round gives an exponent (least squares in log-log over
the larger half of the points), and their median is claimed. `benchmarks.report.figures.scaling` draws the JSON.
Run: `python -m benchmarks.perf.scaling --out results/bench/scaling.json` (and writes scaling.png).
"""

import io
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import StudyError
from benchmarks.perf import scaling_curves
from benchmarks.perf.measuring import Row, Spread, exit_on_study_error, interleave, report
from benchmarks.perf.options import parse, parser_of
from benchmarks.report.figures.scaling import write_scaling_figure

_ROOT = Path(__file__).resolve().parents[2]
_LINEAR, _SQUARE, _CONSTANT = (1, 1.1), (2, 2.2), (0, 0.3)


@dataclass(frozen=True)
class Curve:
    """What is varied.

    name: by which its greatest point can be lowered; what, x_label: in words; points: ascending; prepare: from a point to
    a call that does the work once; expected: the exponent that the work has where it outgrows its constant part; target:
    what it may be at most; limit: why it is more where that is known.
    """

    name: str
    what: str
    x_label: str
    points: tuple[int, ...]
    prepare: Callable[[int], Callable[[], object]]
    expected: float
    target: float
    limit: str = ""


def all_curves(folder: Path, records: Path, *, largest: Mapping[str, int]) -> list[Curve]:
    """Return every curve; largest: greatest points by curve, for tests, as they are where it has none."""
    frames, items = (1_000, 5_000, 20_000, 75_000, 300_000), (1, 10, 100, 1_000, 10_000)
    cells, few = (10, 30, 100, 200, 400), (1, 2, 4, 8, 16)
    mnad, memae = (partial(scaling_curves.memory_step, memory) for memory in ("mnad", "memae"))
    cut, index = (partial(way, folder) for way in (scaling_curves.cut, scaling_curves.index_clips))
    tables = partial(scaling_curves.plan_and_tables, folder, records)
    more_videos = (
        "videos are 200 frames long, so there are more of them, and every pair of videos is counted; linear in frames of "
        "a fixed number of videos"
    )
    sides = (32, 64, 96, 160, 256)
    curves = [
        Curve("size", "MNAD training step, image side", "pixels", sides, scaling_curves.size_step, *_SQUARE),
        Curve("length", "MNAD's 2D network, clip length", "frames", few, scaling_curves.length_step, *_LINEAR),
        Curve("batch", "MNAD training step, batch", "clips", few, scaling_curves.batch_step, *_LINEAR),
        Curve("items", "MNAD's memory, items", "items", items, mnad, *_LINEAR),
        Curve("items", "MemAE's memory, items", "items", items, memae, *_LINEAR),
        Curve("frames", "cutting 32 batches, frames", "frames", frames, cut, *_CONSTANT),
        Curve("frames", "clips of a store, frames", "frames", frames, index, *_LINEAR),
        Curve("frames", "metrics of a score, frames", "frames", frames, scaling_curves.measure_frames, *_LINEAR),
        Curve(
            "frames", "bootstrap over videos, frames", "frames", frames, scaling_curves.bootstrap, *_LINEAR, more_videos
        ),
        Curve("cells", "plan, tables and index, cells", "cells", cells, tables, *_LINEAR),
    ]
    return [
        replace(one, points=tuple(point for point in one.points if point <= largest.get(one.name, point)))
        for one in curves
    ]


def fit_exponent(points: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the slope in log-log over the larger half of the points, three of five; raises StudyError for one point."""
    half = slice(len(points) // 2, None) if len(points) > 2 else slice(None)
    x, y = np.log(points[half]), np.log(seconds[half])
    if len(x) < 2:
        raise StudyError(f"Expected at least two points for an exponent, but got {len(points)}; ask for larger sizes.")
    return float(np.polyfit(x, y, 1)[0])


def measure_curve(curve: Curve, repetitions: int) -> dict[str, Any]:
    """Return the curve as it is written: seconds at each point, exponent of each round and their median."""
    works = {point: curve.prepare(point) for point in curve.points}
    found = interleave({str(point): partial(_timed, work) for point, work in works.items()}, repetitions)
    rounds = zip(*(spread.values for spread in found.values()), strict=True)
    exponents = Spread(tuple(fit_exponent(curve.points, seconds) for seconds in rounds))
    return {
        "what": curve.what,
        "x_label": curve.x_label,
        "x": list(curve.points),
        "seconds": [_without_values(spread) for spread in found.values()],
        "exponent": round(exponents.median, 3),
        "exponents": [round(value, 3) for value in exponents.values],
        "expected": curve.expected,
        "target": curve.target,
        "limit": curve.limit,
    }


def row_of(measured: Mapping[str, Any]) -> Row:
    """Return the row of a measured curve; ours is the exponent too, since seconds belong to points."""
    exponents = Spread(tuple(measured["exponents"]))
    missed = exponents.median > measured["target"]
    what = f"{measured['what']}: {measured['x'][0]} to {measured['x'][-1]}"
    limit = (measured["limit"] or "not known") if missed else ""
    return Row.alone(what, "exponent", exponents, measured["target"], at_least=False, limit=limit)


def _timed(work: Callable[[], object]) -> float:
    """Return seconds of one call; a call far below the clock's noise is made more often."""
    calls, begun = 0, time.perf_counter()
    while calls == 0 or time.perf_counter() - begun < 0.005:
        work()
        calls += 1
    return (time.perf_counter() - begun) / calls


def _without_values(spread: Spread) -> dict[str, Any]:
    return {name: value for name, value in spread.to_dict().items() if name != "values"}


@exit_on_study_error
def main(arguments: list[str] | None = None) -> int:
    """Measure from the command line; returns 0, or 2 with a sentence on stderr."""
    parser = parser_of("scaling", __doc__)
    parser.add_argument("--records", type=Path, default=_ROOT / "results", help="results folder to copy a record from")
    parser.add_argument(
        "--largest", nargs="*", default=[], metavar="CURVE=N", help="greatest point, as size=64 frames=5000"
    )
    chosen = parse(parser, arguments)
    largest = {name: int(value) for name, value in (one.split("=") for one in chosen.largest)}
    # What tables print is kept off the screen.
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
        curves = all_curves(Path(folder), chosen.records, largest=largest)
        measured = [measure_curve(curve, chosen.repetitions) for curve in curves]
    status = report(chosen.out, [row_of(one) for one in measured], curves=measured)
    print(f"Written: {chosen.out}, {write_scaling_figure(chosen.out)}")
    return status


if __name__ == "__main__":
    sys.exit(main())
