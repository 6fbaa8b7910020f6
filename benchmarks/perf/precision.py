"""AUC of the same checkpoints scored in bfloat16 and in float32.

Weights, frames, items and score stay as they are; only the arithmetic of encoder and decoder changes. Cells without a
record or a checkpoint are left out by name; nothing is trained and no record is changed. Run, for the cells of a study:
`python -m benchmarks.perf.precision STUDY --data-root DATA --out results/bench/precision.json`.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from benchmarks.cli.options import add_cell_options, add_folders, work_folder
from benchmarks.errors import StudyError
from benchmarks.perf.measuring import Row, Spread, exit_on_study_error, report
from benchmarks.run import record as records
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.cell import pick_device
from benchmarks.run.cell_data import CellData, Places
from benchmarks.run.contract import ScoreRule
from benchmarks.run.evaluation import evaluate
from benchmarks.run.feed import Feed
from benchmarks.run.inspect.cells import restored
from benchmarks.study.files import load_study
from benchmarks.study.settings import AUTOENCODERS, Cell

PRECISIONS: Final = ("bfloat16", "float32")
Areas = dict[str, float | None]
"""Micro AUC, a fraction, by the name of the score; the published score first."""


def areas(method: MemoryAutoencoder, data: CellData, device: torch.device, precision: str) -> Areas:
    """Score the test frames under the published variant by a trained method's weights in this precision."""
    settings = replace(method.settings, precision=precision)
    other = MemoryAutoencoder(settings, method.seed, device)
    other.load(method.state())
    feed = Feed(data.clips("test", other.clip_length), device)
    table = records.terms_table(evaluate(other, feed, [other.rule.variant]), data.dataset.test)
    scores = {other.rule.name: other.rule.weights, **other.rule.others}
    return {
        name: records.published_micro_auc(table, ScoreRule(name, weights, other.rule.variant))
        for name, weights in scores.items()
    }


def rows_of(found: dict[Cell, dict[str, Areas]]) -> list[Row]:
    """A row for each cell and score, the mean change over cells and the greatest change under the published score.

    found: cell -> precision -> areas. Raises StudyError where no cell has an AUC in both precisions.
    """
    rows: list[Row] = []
    changes: list[float] = []
    for cell, by_precision in found.items():
        half, single = (by_precision[precision] for precision in PRECISIONS)
        for place, (name, ours) in enumerate(half.items()):
            theirs = single[name]
            if ours is None or theirs is None:
                continue
            change = 100 * (ours - theirs)
            if place == 0:
                changes.append(change)
            what = f"AUC by {name} in bfloat16, compared with float32, {cell.slug}"
            sides = Spread((100 * ours,)), Spread((100 * theirs,))
            rows.append(Row(what, "%", *sides, Spread((change,)), "points", None))
    if not changes:
        raise StudyError(
            f"Expected an AUC in both precisions, but none of {len(found)} cells has one; choose a set with labels."
        )
    mean = Spread((statistics.fmean(changes),))
    greatest = Spread((max(map(abs, changes)),))
    of = f"published score, {len(changes)} cells"
    rows.append(Row.alone(f"change of AUC from float32 to bfloat16, mean, {of}", "points", mean))
    rows.append(Row.alone(f"the same, greatest in size, {of}", "points", greatest, at_least=False))
    return rows


def _scored(
    cells: Sequence[Cell], places: Places, device: torch.device, *, keep_stale: bool
) -> dict[Cell, dict[str, Areas]]:
    found: dict[Cell, dict[str, Areas]] = {}
    for cell in cells:
        if cell.settings.method not in AUTOENCODERS:
            continue
        try:
            method, data = restored(cell, places, device, keep_stale=keep_stale)
        except StudyError as reason:
            print(f"Left out: {reason}", file=sys.stderr)
            continue
        assert isinstance(method, MemoryAutoencoder), "every autoencoder is one"
        found[cell] = {precision: areas(method, data, device, precision) for precision in PRECISIONS}
        print(cell.slug, found[cell], flush=True)
    if not found:
        raise StudyError(
            f"Expected a cell with its record in {places.results} and its checkpoint in {places.work}, but there is none "
            f"among {len(cells)}; run the study first, or give --results and --work."
        )
    return found


@exit_on_study_error
def main(arguments: Sequence[str] | None = None) -> int:
    """Score a study's checkpoints in both precisions and write the rows; returns 0, or 2 with a sentence."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.perf.precision", description=__doc__)
    parser.add_argument("study", help="a study's name, or the path of its file")
    add_cell_options(parser)
    add_folders(parser)
    parser.add_argument("--out", type=Path, default=Path("results/bench/precision.json"))
    chosen = parser.parse_args(arguments)
    device = pick_device(chosen.device)
    study = load_study(
        chosen.study, profile=chosen.profile, seeds=chosen.seeds, only=chosen.only, cuda=device.type == "cuda"
    )
    places = Places(chosen.data_root if study.needs_data else None, chosen.results, work_folder(chosen))
    return report(chosen.out, rows_of(_scored(study.cells, places, device, keep_stale=chosen.keep_stale)))


if __name__ == "__main__":
    sys.exit(main())
