"""Training and scoring in float32 and in bfloat16, with all instructions of the processor and with AVX2 alone.

A processor without instructions for bfloat16 emulates it; a run therefore takes the precision that the machine computes
natively. Each of the four sides is a process of its own, since torch reads the variables that restrict it once. Where the
processor has no more than AVX2, its own set is the only one. Run: `python -m benchmarks.perf.instructions --data-root DATA
--out FILE`.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import torch

from benchmarks.data.datasets import open_dataset
from benchmarks.perf import ours as our_side
from benchmarks.perf.measuring import Row, exit_on_study_error, interleave, ratio, report
from benchmarks.perf.options import comparison_parser, parse
from benchmarks.perf.separate_process import Subprocess
from benchmarks.perf.workload import changed, name_of, open_workload
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

What = Literal["training", "scoring"]
_AVX2: Final = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}


def instruction_sets(capability: str) -> dict[str, Mapping[str, str]]:
    """Return what to set in the environment for each set of instructions, by its name.

    capability: the most that the processor can do, as torch calls it (`torch.backends.cpu.get_cpu_capability`)
    """
    own = capability.replace("AVX512", "AVX-512")
    return {own: {}, "AVX2": _AVX2} if capability.startswith("AVX512") else {own: {}}


def side(what: What, settings: Settings, data_root: Path, clips: int) -> Callable[[], float]:
    """Return a measurement in clips a second; its frames are decoded before."""
    split: Literal["train", "test"] = "train" if what == "training" else "test"
    dataset = open_dataset(settings.dataset, data_root)
    with tempfile.TemporaryDirectory() as folder:
        feed = open_workload(dataset, split, settings, length=5, clips=clips, folder=Path(folder)).feed
        feed.clips.frames = feed.clips.frames.copy()  # the folder goes
    return getattr(our_side, what)(settings, 0, feed)  # type: ignore[no-any-return]


def compare(settings: Settings, data_root: Path, *, clips: int, repetitions: int) -> list[Row]:
    """Measure float32 against bfloat16 under each set of instructions, in training and in scoring."""
    rows = []
    for name, environment in instruction_sets(torch.backends.cpu.get_cpu_capability()).items():
        for what in ("training", "scoring"):
            sides = [changed(settings, precision=precision) for precision in ("float32", "bfloat16")]
            with (
                Subprocess(side, what, sides[0], data_root, clips, environment=environment) as ours,
                Subprocess(side, what, sides[1], data_root, clips, environment=environment) as theirs,
            ):
                found = interleave({"ours": ours, "theirs": theirs}, repetitions)
            rows.append(
                Row(
                    what=f"{what} in float32 (compared with: bfloat16), {name}, {name_of(settings)}",
                    unit="frames/s",
                    ours=found["ours"],
                    theirs=found["theirs"],
                    claim=ratio(found["ours"], found["theirs"]),
                    claim_unit="times as fast",
                    target=None,
                )
            )
    return rows


@exit_on_study_error
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure from the command line; returns 0, or 2 with a sentence on stderr."""
    parser = comparison_parser("instructions", __doc__, repetitions=3)
    parser.set_defaults(size=64, width=0.25)
    parser.add_argument("--clips", type=int, default=32, help="of a repetition")
    chosen = parse(parser, arguments)
    settings = resolve(
        dataset=chosen.dataset, method="mnad", task="prediction", profile="small", size=chosen.size, width=chosen.width
    )
    rows = compare(settings, chosen.data_root, clips=chosen.clips, repetitions=chosen.repetitions)
    return report(chosen.out, rows, threads=chosen.threads)


if __name__ == "__main__":
    sys.exit(main())
