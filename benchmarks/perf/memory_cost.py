"""What the memory costs: time of a training step and of a scored frame, and parameters, compared with the network without it.

Both sides are the harness's own, on the same clips, measured in turn. Scoring is the published variant's; MNAD's updates
its items after every frame, which is the most that its memory can cost. Weights are not trained: speed does not depend on
what they say. Run: `python -m benchmarks.perf.memory_cost --data-root DATA --out FILE`.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.data.datasets import open_dataset
from benchmarks.data.video import Dataset
from benchmarks.perf import ours as our_side
from benchmarks.perf.measuring import Row, exit_on_study_error, interleave, ratio, report
from benchmarks.perf.options import comparison_parser, parse
from benchmarks.perf.workload import CPU, changed, name_of, open_workload
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

# No squared error in [0, 1] reaches it: every frame updates the items.
_ALWAYS = 2.0


def cases(chosen: argparse.Namespace) -> list[tuple[Settings, int]]:
    """Return a cell with its own memory and the clips of a repetition, at the published width and at a quarter of it."""
    found = []
    for method, task in (("mnad", "reconstruction"), ("mnad", "prediction"), ("memae", "reconstruction")):
        # As in training_step: MemAE at 256 pixels, ten clips a step, is too slow on a core to be repeated.
        size = {"size": chosen.size} if method == "mnad" else {"size": chosen.memae_size, "batch": 4}
        common = {"dataset": chosen.dataset, "method": method, "task": task}
        paper = resolve(**common, profile="paper", width=chosen.width, **size)
        small = resolve(**common, profile="small", width=0.25 * chosen.width, size=chosen.size // 2)
        found += [(paper, chosen.steps * paper.batch), (small, chosen.small_steps * small.batch)]
    return found


def compare(settings: Settings, dataset: Dataset, *, clips: int, repetitions: int) -> tuple[list[Row], dict[str, Any]]:
    """Measure a cell with its memory against the same without; returns the rows, and the cost in a form for machines."""
    own = changed(settings, update_threshold=_ALWAYS) if settings.update_threshold is not None else settings
    sides = {"own": own, "none": without_memory(settings)}
    methods = {side: MemoryAutoencoder(one, 0, CPU) for side, one in sides.items()}
    parameters = {side: method.parameter_count() for side, method in methods.items()}
    length = methods["own"].clip_length
    with tempfile.TemporaryDirectory() as folder:
        parts = {
            split: open_workload(dataset, split, settings, length=length, clips=clips, folder=Path(folder)).feed
            for split in ("train", "test")
        }
        ways = {"training": our_side.training, "scoring": our_side.scoring}
        found = {
            what: interleave({side: ways[what](one, 0, parts[split]) for side, one in sides.items()}, repetitions)
            for what, split in (("training", "train"), ("scoring", "test"))
        }
    # Speed without over speed with is time with over time without.
    times = {what: ratio(speeds["none"], speeds["own"]) for what, speeds in found.items()}
    unit = "frames/s" if settings.method == "mnad" else "clips/s"
    names = {
        "training": (f"training step with memory (compared with: without), {name_of(settings)}, mode fast", unit),
        "scoring": (f"scored frame with memory (compared with: without), {name_of(settings, batch=False)}", "frames/s"),
    }
    rows = [
        Row(*names[what], speeds["own"], speeds["none"], times[what], "times the time", None)
        for what, speeds in found.items()
    ]
    cost = {
        **{name: getattr(settings, name) for name in ("method", "task", "profile", "size", "width")},
        "parameters": parameters,
        **{what: spread.to_dict() for what, spread in times.items()},
    }
    return rows, cost


def without_memory(settings: Settings) -> Settings:
    """Return the same network without memory, at the same geometry."""
    named = ("dataset", "method", "task", "profile", "size", "width", "batch")
    return resolve(**{name: getattr(settings, name) for name in named}, memory="none")


@exit_on_study_error
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure from the command line; returns 0, or 2 with a sentence on stderr."""
    parser = comparison_parser("memory_cost", __doc__)
    parser.add_argument("--steps", type=int, default=3, help="training steps of a repetition at full width")
    parser.add_argument("--small-steps", type=int, default=12, help="the same at a quarter of it")
    parser.add_argument("--memae-size", type=int, default=128, help="pixels a side of MemAE's clips at full width")
    chosen = parse(parser, arguments)
    dataset = open_dataset(chosen.dataset, chosen.data_root)
    found = [
        compare(settings, dataset, clips=clips, repetitions=chosen.repetitions) for settings, clips in cases(chosen)
    ]
    rows, costs = [row for rows, _ in found for row in rows], [cost for _, cost in found]
    return report(chosen.out, rows, costs=costs, threads=chosen.threads)


if __name__ == "__main__":
    sys.exit(main())
