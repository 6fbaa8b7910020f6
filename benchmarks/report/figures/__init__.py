"""Figures of a study in ``results/figures``, a module each; every one is drawn from records alone."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.report.figures import comparison, curves, timeline, usage
from benchmarks.report.records import Record, by_cell
from benchmarks.report.rows import make_rows
from benchmarks.report.style import house_style, save


def write_figures(study: str, records: Sequence[Record], results: Path) -> list[Path]:
    """Write every figure of a study to ``results/figures/<study>/`` as PNG.

    records: those of the study's cells. One comparison; per setting the loss curves of all seeds, and the memory's
    usage and the scores over time of the lowest seed. Raises StudyError if a table of terms cannot be read or a figure
    cannot be written.
    """
    rows = make_rows([record.cell for record in records], by_cell(list(records)))
    folder = results / "figures" / study
    paths: list[Path] = []
    with house_style():
        for dataset in sorted({row.settings.dataset for row in rows}):
            figure = comparison.draw([row for row in rows if row.settings.dataset == dataset])
            paths.append(save(figure, folder / f"comparison-{dataset}.png"))
        for row in rows:
            drawn = {
                "curves": curves.draw(row),
                "usage": usage.draw(row.records[0], row.label),
                "timeline": timeline.draw(row.records[0], row.label),
            }
            name = f"{row.settings.dataset}-{row.settings.profile}-{row.settings.name}"
            paths += [save(fig, folder / f"{kind}-{name}.png") for kind, fig in drawn.items() if fig is not None]
    return paths
