"""Cost curves: seconds against size, each at a few points, with the exponent fitted over the upper half.

A curve is measured in turn over its points, round by round; each round gives an exponent (least squares in log-log over
the larger half of the points), and their median is claimed. `benchmarks.report.figures.scaling` draws the JSON.
Run: `python -m benchmarks.perf.scaling --out results/bench/scaling.json` (writes scaling.png beside it).
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.errors import StudyError
from benchmarks.perf import scaling_curves as curves
from benchmarks.perf.measuring import Row, Spread, exit_on_study_error, interleave, write_rows
from benchmarks.report.figures.scaling import write_scaling_figure

_ROOT = Path(__file__).resolve().parents[2]
_LINEAR, _SQUARE, _CONSTANT = (1, 1.1), (2, 2.2), (0, 0.3)


@dataclass(frozen=True)
class Curve:
    """What is varied.

    what, x_label: in words; points: ascending; prepare: from a point to a call that does the work once; expected: the
    exponent that the work has where it outgrows its constant part; target: what it may be at most; limit: why it is more
    where that is known.
    """

    what: str
    x_label: str
    points: tuple[int, ...]
    prepare: Callable[[int], Callable[[], object]]
    expected: float
    target: float
    limit: str = ""


def all_curves(folder: Path, records: Path, *, largest: Mapping[str, int]) -> list[Curve]:
    """Return every curve; largest: greatest points by curve, for tests, as they are where it has none."""

    def curve(
        name: str,
        what: str,
        x_label: str,
        points: Sequence[int],
        prepare: Callable[[int], Callable[[], object]],
        exponent: tuple[float, float],
        limit: str = "",
    ) -> Curve:
        kept = tuple(point for point in points if point <= largest.get(name, points[-1]))
        return Curve(what, x_label, kept, prepare, *exponent, limit)

    frames = (1_000, 5_000, 20_000, 75_000, 300_000)
    items = (1, 10, 100, 1_000, 10_000)
    return [
        curve("size", "MNAD training step, image side", "pixels", (32, 64, 96, 160, 256), curves.size_step, _SQUARE),
        curve("length", "MNAD's 2D network, clip length", "frames", (1, 2, 4, 8, 16), curves.length_step, _LINEAR),
        curve("batch", "MNAD training step, batch", "clips", (1, 2, 4, 8, 16), curves.batch_step, _LINEAR),
        curve("items", "MNAD's memory, items", "items", items, partial(curves.memory_step, "mnad"), _LINEAR),
        curve("items", "MemAE's memory, items", "items", items, partial(curves.memory_step, "memae"), _LINEAR),
        curve("frames", "cutting 32 batches, frames", "frames", frames, partial(curves.cut, folder), _CONSTANT),
        curve("frames", "clips of a store, frames", "frames", frames, partial(curves.index_clips, folder), _LINEAR),
        curve("frames", "metrics of a score, frames", "frames", frames, curves.measure_frames, _LINEAR),
        curve(
            "frames",
            "bootstrap over videos, frames",
            "frames",
            frames,
            curves.bootstrap,
            _LINEAR,
            "videos are 200 frames long, so there are more of them, and every pair of videos is counted; linear in "
            "frames of a fixed number of videos",
        ),
        curve(
            "cells",
            "plan, tables and index, cells",
            "cells",
            (10, 30, 100, 200, 400),
            partial(curves.plan_and_tables, folder, records),
            _LINEAR,
        ),
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
    return Row(
        f"{measured['what']}: {measured['x'][0]} to {measured['x'][-1]}",
        "exponent",
        exponents,
        None,
        exponents,
        "exponent",
        measured["target"],
        at_least=False,
        limit=(measured["limit"] or "not known") if missed else "",
    )


def _timed(work: Callable[[], object]) -> float:
    """Return seconds of one call; a call far below the clock's noise is made more often."""
    calls, begun = 0, time.perf_counter()
    while calls == 0 or time.perf_counter() - begun < 0.005:
        work()
        calls += 1
    return (time.perf_counter() - begun) / calls


def _without_values(spread: Spread) -> dict[str, Any]:
    return {name: value for name, value in spread.to_dict().items() if name != "values"}


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what tables print off the screen."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        before, sys.stdout = sys.stdout, nowhere
        try:
            yield
        finally:
            sys.stdout = before


@exit_on_study_error
def main(arguments: list[str] | None = None) -> int:
    """Measure from the command line; returns 0, or 2 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.perf.scaling", description=__doc__)
    parser.add_argument("--data-root", type=Path, help="not used: frames are generated")
    parser.add_argument("--records", type=Path, default=_ROOT / "results", help="results folder to copy a record from")
    parser.add_argument(
        "--largest", nargs="*", default=[], metavar="CURVE=N", help="greatest point, as size=64 frames=5000"
    )
    parser.add_argument("--repetitions", type=int, help="rounds of each curve (3, quick: 2)")
    parser.add_argument("--quick", action="store_true", help="two rounds")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write; the figure goes beside it")
    chosen = parser.parse_args(arguments)
    repetitions = chosen.repetitions or (2 if chosen.quick else 3)
    torch.set_num_threads(1)
    measured = []
    largest = {name: int(value) for name, value in (one.split("=") for one in chosen.largest)}
    with tempfile.TemporaryDirectory() as temporary:
        for curve in all_curves(Path(temporary), chosen.records, largest=largest):
            with _silent():
                measured.append(measure_curve(curve, repetitions))
            last = measured[-1]
            print(f"{last['what']}: exponent {last['exponent']:.2f}, expected {last['expected']:g}", flush=True)
    rows = [row_of(one) for one in measured]
    write_rows(chosen.out, rows, curves=measured)
    print(f"Written: {chosen.out}, {write_scaling_figure(chosen.out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
