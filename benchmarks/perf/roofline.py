"""How near MNAD's training step comes to what the machine could do at best.

In the mode `fast`. At full width: the share of the machine's bfloat16 matrix peak, a timed product of square
matrices. At the `cpu` profile, where memory binds: the share of a roofline, the sum over all operations of what takes longer, their arithmetic at that
peak or their traffic at a measured bandwidth. Run: `python -m benchmarks.perf.roofline --data-root DATA --out FILE`.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.data.datasets import open_dataset
from benchmarks.data.video import Dataset
from benchmarks.errors import StudyError
from benchmarks.perf.counting import bound, by_name, count
from benchmarks.perf.measuring import Row, Spread, exit_on_study_error, interleave, ratio, report
from benchmarks.perf.options import comparison_parser, parse
from benchmarks.perf.ours import silent
from benchmarks.perf.workload import CPU, name_of, open_workload
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.fast import speed_up
from benchmarks.run.feed import Feed
from benchmarks.run.training import train_epoch
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

_MOST_NAMED = 12


def matrix_peak(side: int, dtype: torch.dtype = torch.bfloat16) -> Callable[[], float]:
    """Return a measurement of floating-point operations a second, by one product of square matrices."""
    left, right = (torch.randn(side, side).to(dtype) for _ in range(2))
    result = torch.empty(side, side, dtype=dtype)

    def measure() -> float:
        begun = time.perf_counter()
        torch.mm(left, right, out=result)
        return 2 * side**3 / (time.perf_counter() - begun)

    return measure


def memory_bandwidth(elements: int, times: int) -> Callable[[], float]:
    """Return a measurement of bytes a second: the faster of a copy and a triad over float32 arrays of this length.

    Bytes are those that the program names, as everywhere in `counting`: what a cache fetches besides is not counted.
    """
    first, second, result = (torch.ones(elements) for _ in range(3))

    def measure() -> float:
        begun = time.perf_counter()
        for _ in range(times):
            result.copy_(first)
        copied = time.perf_counter()
        for _ in range(times):
            torch.add(first, second, alpha=3.0, out=result)
        ended = time.perf_counter()
        size = times * elements * result.element_size()
        return max(2 * size / (copied - begun), 3 * size / (ended - copied))

    return measure


def measure(settings: Settings, dataset: Dataset, chosen: argparse.Namespace, steps: int) -> dict[str, Any]:
    """Count one training step and time ``steps`` of them in turn with the machine's limits.

    Returns ``step`` (seconds), ``peak``, ``bandwidth``, ``cached_bandwidth`` (Spread), ``counter`` and ``flops``.
    Raises StudyError where torch's counter and ours disagree.
    """
    method = MemoryAutoencoder(settings, 0, CPU)
    speed_up(method, CPU)
    objectives = method.objectives()
    with tempfile.TemporaryDirectory() as folder:

        def feed(steps: int) -> Feed:
            clips = steps * settings.batch
            return open_workload(
                dataset, "train", settings, length=method.clip_length, clips=clips, folder=Path(folder)
            ).feed

        one, all_of_them = feed(1), feed(steps)

        def train(work: Feed) -> None:
            train_epoch(method, objectives, work, settings, 0, 1, silent)

        def step() -> float:
            begun = time.perf_counter()
            train(all_of_them)
            return (time.perf_counter() - begun) / steps

        step()  # the optimiser's state is made in the first step
        counter = count(lambda: train(one))
        with FlopCounterMode(display=False) as official:
            train(one)
        if official.get_total_flops() != counter.flops:
            raise StudyError(
                f"torch counts {official.get_total_flops()} floating-point operations in a training step, but "
                f"benchmarks/perf/counting.py counted {counter.flops}; see which operation it missed."
            )
        ways = {
            "peak": matrix_peak(chosen.matrix),
            "bandwidth": memory_bandwidth(chosen.elements, 2),
            "cached_bandwidth": memory_bandwidth(chosen.cached_elements, 50),
            "step": step,
        }
        found = interleave(ways, chosen.repetitions)
    return {**found, "counter": counter}


def facts(settings: Settings, found: dict[str, Any]) -> dict[str, Any]:
    """Return what was counted and measured of one step, for the JSON file: bounds under both bandwidths among it."""
    operations = found["counter"].operations
    peak, step = found["peak"].median, found["step"].median
    described: dict[str, Any] = {
        "what": name_of(settings),
        "seconds_per_step": found["step"].to_dict(),
        "peak_gflops": scaled(found["peak"], 1e-9).to_dict(),
        "gflop_per_frame": round(found["counter"].flops / settings.batch / 1e9, 3),
        "mbyte_per_frame": round(found["counter"].bytes / settings.batch / 1e6, 2),
    }
    for name in ("bandwidth", "cached_bandwidth"):
        limits = {"peak": peak, "bandwidth": found[name].median}
        least = bound(operations, **limits)
        described[name] = {
            "gbyte_per_second": scaled(found[name], 1e-9).to_dict(),
            "bound_seconds": float(f"{least.seconds:.5g}"),
            "share_of_bound": round(least.seconds / step, 4),
            "compute_share": round(least.compute_share, 4),
            "memory_share": round(1 - least.compute_share, 4),
            "bound_seconds_by_operation": {
                operation: float(f"{seconds:.4g}")
                for operation, seconds in list(by_name(operations, **limits).items())[:_MOST_NAMED]
            },
        }
    return described


def scaled(spread: Spread, factor: float) -> Spread:
    """Return a spread in another unit."""
    return Spread(tuple(value * factor for value in spread.values))


def peak_row(settings: Settings, found: dict[str, Any], described: dict[str, Any]) -> Row:
    """Return the share of the matrix peak that the step reaches."""
    rate = Spread(tuple(found["counter"].flops / seconds for seconds in found["step"].values))
    bandwidth = described["bandwidth"]
    attainable = found["counter"].flops / bandwidth["bound_seconds"] / found["peak"].median
    return Row(
        what=f"share of the bfloat16 matrix peak, training step, {name_of(settings)}",
        unit="GFLOP/s",
        ours=scaled(rate, 1e-9),
        theirs=None,
        claim=ratio(rate, found["peak"]),
        claim_unit="of the peak",
        target=0.88,
        limit=f"the roofline of the step allows {attainable:.2f} of the peak, since memory binds for "
        f"{bandwidth['memory_share']:.0%} of its time",
    )


def roofline_row(settings: Settings, found: dict[str, Any], described: dict[str, Any]) -> Row:
    """Return the share of the roofline's bound that the step reaches."""
    operations = found["counter"].operations
    shares = [
        bound(operations, peak=peak, bandwidth=bandwidth).seconds / step
        for peak, bandwidth, step in zip(
            found["peak"].values, found["bandwidth"].values, found["step"].values, strict=True
        )
    ]
    main, cached = described["bandwidth"], described["cached_bandwidth"]
    binds = "memory traffic" if main["memory_share"] > main["compute_share"] else "arithmetic"
    return Row(
        what=f"share of the roofline, training step, {name_of(settings)}",
        unit="frames/s",
        ours=Spread(tuple(settings.batch / seconds for seconds in found["step"].values)),
        theirs=None,
        claim=Spread(tuple(shares)),
        claim_unit="of the roofline",
        target=0.75,
        limit=f"{binds} binds: {main['memory_share']:.0%} of the bound is memory traffic, {main['compute_share']:.0%} "
        f"arithmetic (at the bandwidth of arrays that a cache may hold the share is {cached['share_of_bound']:.2f})",
    )


def precision_row(side: int, repetitions: int) -> Row:
    """Return how much faster the machine multiplies in bfloat16 than in float32: what changing precision can give."""
    found = interleave({"ours": matrix_peak(side), "theirs": matrix_peak(side, torch.float32)}, repetitions)
    return Row(
        what=f"matrix peak, bfloat16 against float32, {side}x{side}",
        unit="GFLOP/s",
        ours=scaled(found["ours"], 1e-9),
        theirs=scaled(found["theirs"], 1e-9),
        claim=ratio(found["ours"], found["theirs"]),
        claim_unit="times as fast",
        target=None,
        limit="what binds every comparison with the float32 recipe",
    )


@exit_on_study_error
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure from the command line; returns 0, or 2 with a sentence on stderr."""
    parser = comparison_parser("roofline", __doc__)
    parser.add_argument("--steps", type=int, default=2, help="steps of a repetition at full width")
    parser.add_argument("--matrix", type=int, default=4096, help="side of the matrices whose product is timed")
    parser.add_argument("--elements", type=int, default=2**26, help="length of the arrays that no cache holds")
    # 8 MiB: an activation of the cpu profile's first level, 4 x 16 x 256 x 256 in bfloat16.
    parser.add_argument("--cached-elements", type=int, default=2**21, help="length of arrays as long as an activation")
    chosen = parse(parser, arguments)
    mnad = {"dataset": chosen.dataset, "method": "mnad", "task": "prediction", "size": chosen.size}
    cases = (
        (resolve(**mnad, profile="paper", width=chosen.width), chosen.steps, peak_row),
        (resolve(**mnad, profile="cpu", width=0.25 * chosen.width), 4 * chosen.steps, roofline_row),
    )
    dataset = open_dataset(chosen.dataset, chosen.data_root)
    rows, steps = [], []
    for settings, repeated, row in cases:
        found = measure(settings, dataset, chosen, repeated)
        steps.append(facts(settings, found))
        rows.append(row(settings, found, steps[-1]))
    rows.append(precision_row(chosen.matrix, chosen.repetitions))
    return report(chosen.out, rows, steps=steps, threads=chosen.threads)


if __name__ == "__main__":
    sys.exit(main())
