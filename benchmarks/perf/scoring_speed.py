"""Frames scored a second, ours against the published recipe: with and without the test-time update.

Both sides score the same frames with the same weights, drawn from a seed and not trained: speed does not depend on what
they say. What it does depend on is how often the decision to update changes, since a wrong guess is done again; so the
threshold is set to where every frame updates, which gives both sides all the memory's work, and once to the middle of the
frames' errors, where decisions change most. In float32 both sides must give the same scores. Run:
`python -m benchmarks.perf.scoring_speed --data-root DATA --out FILE`.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.data.datasets import open_dataset
from benchmarks.data.video import Dataset
from benchmarks.errors import StudyError
from benchmarks.measure.terms import psnr_from_mse
from benchmarks.perf import ours as our_side
from benchmarks.perf.measuring import Row, exit_on_study_error, interleave, ratio, report
from benchmarks.perf.options import comparison_parser, parse
from benchmarks.perf.roofline import matrix_peak
from benchmarks.perf.separate_process import Subprocess
from benchmarks.perf.workload import CPU, Workload, changed, name_of, open_workload, recipe_of
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.evaluation import Pass, evaluate
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings
from examples import mnad_in_one_file as published_mnad

TOLERANCE = 1e-6
# No squared error in [0, 1] reaches it.
_ALWAYS = 2.0

Variant = Literal["update", "no_update"]


@dataclass(frozen=True)
class Contest:
    """Both sides of a comparison on one set of clips; ``settings`` names the default precision."""

    settings: Settings
    work: Workload
    seed: int = 0

    def ours(self, precision: str, variant: Variant, threshold: float) -> Pass:
        """Score all clips as the harness does, under one variant."""
        settings = changed(self.settings, precision=precision, update_threshold=threshold)
        return evaluate(MemoryAutoencoder(settings, self.seed, CPU), self.work.feed, [variant])

    def theirs(self, threshold: float | None) -> published_mnad.Scores:
        """Score all clips as published; a threshold of None leaves the items alone."""
        return published_mnad.Evaluation(
            _recipe(self.settings, self.seed), threshold=threshold, size=self.settings.size
        ).run([self.work.files])

    def timed_ours(self, precision: str, variant: Variant, threshold: float) -> Callable[[], float]:
        """Return a measurement of frames a second; the network is built before."""
        settings = changed(self.settings, precision=precision, update_threshold=threshold)
        return our_side.scoring(settings, self.seed, self.work.feed, variant)

    def apart(self, threshold: float | None) -> Subprocess:
        """Return a measurement of the recipe's frames a second, in a process of its own."""
        return Subprocess(published, self.settings, self.seed, self.work.files, threshold)


def _recipe(settings: Settings, seed: int) -> published_mnad.Mnad:
    recipe = recipe_of(MemoryAutoencoder(changed(settings, precision="float32"), seed, CPU))
    assert isinstance(recipe, published_mnad.Mnad), "the settings are MNAD's"
    return recipe


def published(settings: Settings, seed: int, files: Sequence[Path], threshold: float | None) -> Callable[[], float]:
    """Return a measurement of the recipe's side, in frames a second; the network is built before."""
    recipe = _recipe(settings, seed)

    def run() -> float:
        begun = time.perf_counter()
        scores = published_mnad.Evaluation(recipe, threshold=threshold, size=settings.size).run([files])
        return len(scores.mse) / (time.perf_counter() - begun)

    return run


def middle(points: Sequence[float]) -> float:
    """Return a threshold between the two middle values, so that half of the frames lie below it, and none near it."""
    ordered = sorted(points)
    half = len(ordered) // 2
    return (ordered[half - 1] + ordered[half]) / 2


def difference(ours: Pass, variant: Variant, theirs: published_mnad.Scores) -> dict[str, float]:
    """Return the largest relative difference of both terms of the score.

    Raises StudyError where it is above `TOLERANCE`, or where a decision to update differs.
    """
    terms = ours.terms[variant]
    pairs = {
        "psnr": (psnr_from_mse(terms["mse"]), np.concatenate(theirs.psnr)),
        "feature_distance": (terms["feature_distance"], np.concatenate(theirs.distance)),
    }
    largest = {name: float(np.max(np.abs(mine / other - 1))) for name, (mine, other) in pairs.items()}
    for name, value in largest.items():
        if not value <= TOLERANCE:
            raise StudyError(
                f"In float32 the {name} of every frame was expected to be the published recipe's within {TOLERANCE:g} "
                f"({variant}), but it differs by {value:.2g}; see benchmarks/run/scoring.py."
            )
    if "updated" in terms and not np.array_equal(terms["updated"].astype(bool), theirs.updated):
        raise StudyError(
            "In float32 every decision to update was expected to be the published recipe's, but "
            f"{int(np.sum(terms['updated'].astype(bool) != theirs.updated))} differ; see benchmarks/run/scoring.py."
        )
    return largest


def compare(settings: Settings, work: Workload, repetitions: int, side: int) -> tuple[list[Row], dict[str, object]]:
    """Check that float32 scores agree, then measure; returns the rows and what the check found."""
    contest = Contest(settings, work)
    default = settings.precision
    agreement: dict[str, object] = {}
    still = contest.theirs(None)
    agreement["no_update"] = difference(contest.ours("float32", "no_update", _ALWAYS), "no_update", still)
    threshold = middle(still.point_score)
    changing = contest.theirs(threshold)
    agreement["update"] = difference(contest.ours("float32", "update", threshold), "update", changing)
    changes = int(np.sum(np.diff(np.array(changing.updated, dtype=np.int8)) != 0))
    agreement["decisions_that_change"] = changes
    with contest.apart(_ALWAYS) as updating, contest.apart(None) as never:
        found = interleave(
            {
                "theirs": updating,
                "default": contest.timed_ours(default, "update", _ALWAYS),
                "float32": contest.timed_ours("float32", "update", _ALWAYS),
                "changing": contest.timed_ours(default, "update", threshold),
            },
            repetitions,
        )
        found |= {
            f"still_{name}": spread
            for name, spread in interleave(
                {"theirs": never, "default": contest.timed_ours(default, "no_update", _ALWAYS)}, repetitions
            ).items()
        }
    peaks = {name: matrix_peak(side, getattr(torch, name)) for name in (default, "float32")}
    limits = interleave(peaks, repetitions)
    with FlopCounterMode(display=False) as counter:
        contest.ours(default, "no_update", _ALWAYS)
    per_frame = counter.get_total_flops() / len(still.mse)
    where, count = name_of(settings, batch=False), len(still.mse)

    def row(what: str, side: str, yardstick: str, target: float | None, precision: str = default) -> Row:
        share = per_frame * found[side].median / limits[precision].median
        limit = (
            f"arithmetic: {per_frame / 1e9:.3g} GFLOP a frame at this rate are {share:.2f} of the machine's "
            f"{precision} matrix peak"
        )
        claim = ratio(found[side], found[yardstick])
        return Row(
            f"{what}, {where}", "frames/s", found[side], found[yardstick], claim, "times as fast", target, limit=limit
        )

    rows = [
        row(f"evaluation with test-time update, {default}", "default", "theirs", 3.0),
        row("evaluation with test-time update, float32, same scores", "float32", "theirs", 1.5, "float32"),
        row(
            f"evaluation with test-time update, {default}, {changes} of {count - 1} decisions change",
            "changing",
            "theirs",
            None,
        ),
        row(f"evaluation without update, {default}, batched and folded", "still_default", "still_theirs", 4.0),
    ]
    return rows, agreement


def measure(
    dataset: Dataset, settings: Settings, *, clips: int, repetitions: int, side: int
) -> tuple[list[Row], dict[str, object]]:
    """Measure on the first clips of a test video."""
    length = published_mnad.LENGTH[settings.task]
    with tempfile.TemporaryDirectory() as folder:
        work = open_workload(dataset, "test", settings, length=length, clips=clips, folder=Path(folder))
        return compare(settings, work, repetitions, side)


@exit_on_study_error
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure from the command line; returns 0, or 2 with a sentence on stderr."""
    parser = comparison_parser("scoring_speed", __doc__, repetitions=3)
    parser.add_argument("--clips", type=int, default=24, help="frames that are scored")
    parser.add_argument("--matrix", type=int, default=4096, help="side of the matrices whose product is the peak")
    chosen = parse(parser, arguments)
    settings = resolve(
        dataset=chosen.dataset, method="mnad", task="prediction", profile="paper", size=chosen.size, width=chosen.width
    )
    dataset = open_dataset(chosen.dataset, chosen.data_root)
    rows, agreement = measure(dataset, settings, clips=chosen.clips, repetitions=chosen.repetitions, side=chosen.matrix)
    return report(chosen.out, rows, largest_relative_difference=agreement, threads=chosen.threads)


if __name__ == "__main__":
    sys.exit(main())
