"""The command that measures records again from their terms, without training."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cli.lazy_data import LazyData
from benchmarks.errors import StudyError

if TYPE_CHECKING:
    from benchmarks.run.available_data import AvailableData


def measure(options: argparse.Namespace) -> int:
    """Measure all records again: on the labels of the data here, and by every metric of today."""
    from benchmarks.report.read.records import refuse_without_records

    refuse_without_records(options.results)
    data = LazyData(options, generated=True)
    left = measure_records(sorted((options.results / "runs").glob("*/*/*/seed-*.json")), data.opened)
    data.say_unchecked()
    return 1 if left else 0


def verify_records(options: argparse.Namespace) -> int:
    """Check every record: digest, form, place and table, and all metrics measured again from the terms."""
    from benchmarks.report.read.records import refuse_without_records
    from benchmarks.run.verify_records import summary, verify_all

    refuse_without_records(options.results)
    found = []
    for one in verify_all(options.results / "runs"):
        found.append(one)
        if sys.stderr.isatty():
            print(f"\r{len(found)}", end="", file=sys.stderr, flush=True)
        if one.problem:
            print(one.problem)
    print(summary(found))
    return 1 if any(one.problem for one in found) else 0


def measure_records(paths: Sequence[Path], data: AvailableData) -> int:
    """Measure records again and say what came of it; return how many could not be measured."""
    from benchmarks.run.remeasure import Measured, measure_again

    found: dict[Path, Measured] = {}
    for done, path in enumerate(paths, start=1):
        if sys.stderr.isatty():
            print(f"\r{done} of {len(paths)}", end="", file=sys.stderr, flush=True)
        try:
            found[path] = measure_again(path, data)
        except StudyError as error:
            print(f"Left as it is: {error}", file=sys.stderr)
            continue
        if found[path].frames:
            print(f"Left as it is: {path} ({found[path].frames}; run its cell again)", file=sys.stderr)
    relabelled = [path for path, one in found.items() if one.labels]
    for path in relabelled:
        left_out = ", ".join(found[path].left_out)
        without = f"; without {left_out}, whose terms it does not hold" if left_out else ""
        print(f"On the labels here: {path}{without}")
    unmeasured = len(paths) - sum(not one.frames for one in found.values())
    changed = sum(one.changed for one in found.values())
    print(
        f"{len(paths)} records measured from their terms, no training: {len(relabelled)} on other labels than before, "
        f"{changed - len(relabelled)} with other metrics, {len(paths) - changed - unmeasured} as they were"
        + (f", {unmeasured} left as they are." if unmeasured else ".")
    )
    if kept := sorted({name for one in found.values() for name in one.kept}):
        print(f"As recorded, since tables hold no terms of them: {', '.join(kept)}.")
    return unmeasured
