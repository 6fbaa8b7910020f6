"""The mode `fast` compared with the default one, from the records of both: AUC within seeds, and what the cells cost.

Nothing is run here: run a study in the mode fast with a results folder of its own, then
`python -m benchmarks.perf.modes --fast FOLDER --out results/bench/modes.json`. Cells that only one side has are left out.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.errors import StudyError
from benchmarks.perf.measuring import Row, Spread, exit_on_study_error, report
from benchmarks.report.read.records import Record, by_cell, load_records
from benchmarks.study.settings import AUTOENCODERS

_PHASES = ("frames", "train", "evaluate")


def rows(fast: Sequence[Record], default: Sequence[Record]) -> list[Row]:
    """Return the AUC of each cell that both have, their mean difference, and the minutes of all fast cells on two cores.

    Raises StudyError where no cell of a network is in both, or a record on the fast side was made in another mode.
    """
    strangers = [str(record.path) for record in fast if record.content["mode"] != "fast"]
    if strangers:
        raise StudyError(f"Expected records of the mode fast, but {strangers[0]} is of another; choose another folder.")
    others = by_cell([record for record in default if record.content["mode"] != "fast"])
    pairs = [
        (record, others[record.cell])
        for record in fast
        if record.cell in others and record.settings.method in AUTOENCODERS
    ]
    if not pairs:
        raise StudyError(f"Expected cells that both modes have run, but there are none among {len(fast)} fast records.")
    found: list[Row] = []
    differences: list[float] = []
    for mine, theirs in pairs:
        ours, other = (100 * (record.metric("micro_auc") or float("nan")) for record in (mine, theirs))
        differences.append(ours - other)
        what = f"AUC in the mode fast minus default, {mine.settings.name} seed {mine.seed} ({mine.settings.profile})"
        found.append(Row(what, "%", Spread((ours,)), None, Spread((ours - other,)), "points", None))
    found.append(Row.alone("the same, mean over cells", "points", Spread((statistics.fmean(differences),))))
    seconds = sum(record.phase(phase, "seconds") or 0.0 for record in fast for phase in _PHASES)
    study = f"{len(fast)} cells in the mode fast: their seconds of frames, training and evaluation shared out over two cores"
    found.append(Row.alone(study, "minutes", Spread((seconds / 60 / 2,))))
    return found


@exit_on_study_error
def main(arguments: Sequence[str] | None = None) -> int:
    """Write the rows of two folders of results; returns 0, or 2 with a sentence."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.perf.modes", description=__doc__)
    parser.add_argument("--fast", type=Path, required=True, help="results folder of the mode fast")
    parser.add_argument("--default", type=Path, default=Path("results"), help="results folder of the default mode")
    parser.add_argument("--out", type=Path, default=Path("results/bench/modes.json"))
    chosen = parser.parse_args(arguments)
    return report(chosen.out, rows(load_records(chosen.fast), load_records(chosen.default)))


if __name__ == "__main__":
    sys.exit(main())
