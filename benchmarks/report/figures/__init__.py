"""Figures of a study in ``results/figures``, a module each: from records alone, and from what a look left of a cell."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from benchmarks.report.figures import (
    bottleneck,
    comparison,
    curves,
    epochs,
    items,
    kinds,
    memory_effect,
    memory_epochs,
    memory_test,
    noise,
    timeline,
    usage,
)
from benchmarks.report.figures.style import ON_SCREEN, Medium, house_style, save
from benchmarks.report.read.records import Record, by_cell
from benchmarks.report.read.rows import Row, make_rows
from benchmarks.report.read.selection import native
from benchmarks.study.settings import Settings

# One figure of all rows of a data set each; None where the rows have nothing to show.
OF_A_STUDY: Final[Mapping[str, Callable[[Sequence[Row]], Figure | None]]] = {
    "comparison": comparison.draw,
    "memory-effect": memory_effect.draw,
    "auc-by-kind": kinds.draw,
    "auc-by-epochs": epochs.draw,
    "auc-by-noise": noise.draw,
    "auc-by-items": items.draw,
    "bottleneck": bottleneck.draw,
    "memory-epochs": memory_epochs.draw,
    "memory-test": memory_test.draw,
}


def write_figures(
    study: str,
    records: Sequence[Record],
    results: Path,
    elsewhere: Collection[Settings] = (),
    medium: Medium = ON_SCREEN,
) -> list[Path]:
    """Write every figure of a study to the medium's folder, ``results/figures/<study>/`` for PNGs of their own width.

    records: those of the study's cells. One figure of each kind that compares rows; for each setting that is a method as
    published, the loss curves of all seeds, and the memory's usage and the scores over time of the lowest seed. Other
    settings have theirs in MLflow. elsewhere: settings whose pages another study has. Raises StudyError if a table of
    terms cannot be read or a figure cannot be written.
    """
    rows = make_rows([record.cell for record in records], by_cell(list(records)))
    folder, ending, width = medium.folder(results, study), medium.format, medium.width
    paths: list[Path] = []
    with house_style():
        for dataset in sorted({row.settings.dataset for row in rows}):
            of_set = [row for row in rows if row.settings.dataset == dataset]
            for name, draw in OF_A_STUDY.items():
                if (figure := draw(of_set)) is not None:
                    paths.append(save(figure, folder / f"{name}-{dataset}.{ending}", width=width))
            for row in (one for one in native(of_set) if one.settings not in elsewhere):
                drawn = {
                    "curves": curves.draw(row),
                    "usage": usage.draw(row.records[0], row.label),
                    "timeline": timeline.draw(row.records[0], row.label),
                }
                name = f"{dataset}-{row.settings.profile}-{row.settings.name}"
                paths += [
                    save(one, folder / f"{kind}-{name}.{ending}", width=width)
                    for kind, one in drawn.items()
                    if one is not None
                ]
    return paths
