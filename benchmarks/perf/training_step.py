"""Training steps a second, ours against the published recipe.

Ours is the harness's own epoch in the mode `fast`: batches from the frame store, the cell's precision, checks and record
included. Theirs decodes its images, as published, in a process of its own, whose allocator is as Python finds it. Both
train the same network from the same weights on the same clips. Run: `python -m benchmarks.perf.training_step --data-root
DATA --out FILE`.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.data.datasets import open_dataset
from benchmarks.data.video import Dataset
from benchmarks.perf import ours as our_side
from benchmarks.perf.measuring import Row, exit_on_study_error, interleave, ratio, report
from benchmarks.perf.options import comparison_parser, parse
from benchmarks.perf.separate_process import Subprocess
from benchmarks.perf.workload import CPU, name_of, open_workload, recipe_of
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings
from examples import memae_in_one_file as published_memae
from examples import mnad_in_one_file as published_mnad


def published(settings: Settings, seed: int, files: Sequence[Path], clips: int) -> Callable[[], float]:
    """Return a measurement of the recipe's side, in clips a second; the weights are ours."""
    recipe = recipe_of(MemoryAutoencoder(settings, seed, CPU))
    training: published_mnad.Training | published_memae.Training
    if isinstance(recipe, published_mnad.Mnad):
        training = published_mnad.Training(recipe, size=settings.size, batch=settings.batch)
    else:
        training = published_memae.Training(recipe, size=settings.size, batch=settings.batch)

    def run() -> float:
        begun = time.perf_counter()
        training.epoch(files)
        return clips / (time.perf_counter() - begun)

    return run


def compare(
    settings: Settings, dataset: Dataset, *, steps: int, repetitions: int, target: float | None, seed: int = 0
) -> Row:
    """Measure ``steps`` steps of both sides in turn, in clips a second: a clip of MNAD gives one frame."""
    clips, length = steps * settings.batch, MemoryAutoencoder(settings, seed, CPU).clip_length
    with tempfile.TemporaryDirectory() as folder:
        work = open_workload(dataset, "train", settings, length=length, clips=clips, folder=Path(folder))
        ours = our_side.training(settings, seed, work.feed)
        with Subprocess(published, settings, seed, work.files, clips) as theirs:
            found = interleave({"ours": ours, "theirs": theirs}, repetitions)
    return Row(
        what=f"training step, {name_of(settings)}, {settings.precision}, mode fast",
        unit="frames/s" if settings.method == "mnad" else "clips/s",
        ours=found["ours"],
        theirs=found["theirs"],
        claim=ratio(found["ours"], found["theirs"]),
        claim_unit="times as fast",
        target=target,
        limit="what binds the step is measured by roofline",
    )


def cases(chosen: argparse.Namespace) -> list[tuple[Settings, int, float | None]]:
    """Return settings, steps of a repetition and target of each comparison."""
    common = {"dataset": chosen.dataset}
    mnad = {**common, "method": "mnad", "task": "prediction", "size": chosen.size}
    memae = {**common, "method": "memae", "task": "reconstruction", "size": chosen.memae_size}
    quarter = 0.25 * chosen.width
    return [
        (resolve(**mnad, profile="paper", width=chosen.width), chosen.steps, 2.6),
        (resolve(**mnad, profile="cpu", width=quarter), 2 * chosen.steps, None),
        (resolve(**memae, profile="paper", width=chosen.width, batch=chosen.memae_batch), chosen.steps, 2.5),
        (resolve(**memae, profile="small", width=quarter), chosen.steps, None),
    ]


@exit_on_study_error
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure from the command line; returns 0, or 2 with a sentence on stderr."""
    parser = comparison_parser("training_step", __doc__)
    parser.add_argument("--steps", type=int, default=2, help="steps of a repetition at full width")
    parser.add_argument("--memae-size", type=int, default=128, help="pixels a side of MemAE's clips")
    parser.add_argument("--memae-batch", type=int, default=4, help="clips a step at full width")
    chosen = parse(parser, arguments)
    dataset = open_dataset(chosen.dataset, chosen.data_root)
    rows = [
        compare(settings, dataset, steps=steps, repetitions=chosen.repetitions, target=target)
        for settings, steps, target in cases(chosen)
    ]
    return report(chosen.out, rows, threads=chosen.threads)


if __name__ == "__main__":
    sys.exit(main())
