"""Figures of studies: each compares all settings of one data set; pages of single settings are drawn where asked for."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from benchmarks.hints import hint
from benchmarks.report.claims.answer_effects import Chosen
from benchmarks.report.figures import (
    animation,
    by_setting,
    by_x,
    images,
    memory_use,
    outputs,
    queries,
    stills,
    tasks,
    timeline,
    usage,
)
from benchmarks.report.figures.style import ON_SCREEN, Medium, house_style, save
from benchmarks.report.read.inspected import Inspected, inspected, not_inspected
from benchmarks.report.read.records import Record, by_cell
from benchmarks.report.read.rows import Row, make_rows
from benchmarks.report.read.selection import native
from benchmarks.study.settings import BASELINES, Settings

# Of all rows of a data set; None where the rows have nothing to show.
OF_A_STUDY: Final[Mapping[str, Callable[[Sequence[Row]], Figure | None]]] = {
    "comparison": by_setting.comparison,
    "memory-effect": by_setting.memory_effect,
    "auc-by-kind": by_setting.by_kind,
    "auc-by-epochs": by_x.epochs,
    "auc-by-noise": by_x.noise,
    "auc-by-items": by_x.items,
    "auc-by-bottleneck": by_x.bottleneck_width,
    "bottleneck": by_setting.bottleneck,
    "memory-epochs": by_x.memory_by_epoch,
    "memory-test": by_setting.memory_at_test,
    "memory-use": memory_use.draw,
}
OF_INSPECTIONS: Final[Mapping[str, Callable[[Sequence[Inspected]], Figure | None]]] = {
    "locations": images.locations,
    "queries": queries.draw,
    "shapes": images.shapes,
    "boxes": images.boxes,
    "systems": stills.systems,
    "mistakes": stills.mistakes,
    "tasks": tasks.draw,
    "separateness": queries.separateness,
    "outputs": outputs.draw,
}
ANSWER: Final = "memory-effect"
"""Name of the README's picture, which is of no single study."""


@dataclass(frozen=True)
class Drawn:
    """What was drawn. paths: written. kept: figures that were there and would have lost panels.

    missing: autoencoders without an inspection, of ``settings`` rows.
    """

    paths: tuple[Path, ...]
    kept: tuple[Path, ...]
    missing: tuple[Row, ...]
    settings: int

    def sentence(self, study: str, work: Path, profile: str | None = None) -> str:
        """For the user: how many inspections are missing, what that leaves undrawn, and the command that makes them."""
        kept = f" Figures that stay as they are: {len(self.kept)}." if self.kept else ""
        count = f"{len(self.missing)} of {self.settings}"
        command = hint("inspect", study, PROFILE=profile) if profile else hint("inspect", study)
        return f"Settings without an inspection in {work}: {count}; {command} makes them.{kept}"


def write_figures(
    study: str,
    records: Sequence[Record],
    results: Path,
    work: Path,
    elsewhere: Collection[Settings] = (),
    medium: Medium = ON_SCREEN,
    *,
    each_setting: bool = False,
) -> Drawn:
    """Write every figure of a study to the medium's folder, ``results/figures/<study>/`` for PNGs of their own width.

    records: those of the study's cells. A figure of inspections that is there already is drawn again only if no
    autoencoder lacks its inspection, so that it loses no panel. each_setting: also losses, use of the memory, scores over
    time, stills and videos of single settings as published, but for those of ``elsewhere``, which another study has.
    Raises StudyError if a table of terms or an inspection cannot be read, or a figure cannot be written.
    """
    rows = make_rows([record.cell for record in records], by_cell(list(records)))
    found = inspected(rows, work)
    missing = not_inspected(rows, found)
    folder = medium.folder(results, study)
    paths: list[Path] = []
    kept: list[Path] = []

    def write(name: str, draw: Callable[[], Figure | None], inspected: Sequence[Row] = ()) -> None:
        path = folder / f"{name}.{medium.format}"
        if path.exists() and any(row in missing for row in inspected):
            kept.append(path)
        elif (figure := draw()) is not None:
            paths.append(save(figure, path, width=medium.width))

    with house_style():
        for dataset in sorted({row.settings.dataset for row in rows}):
            of_set = [row for row in rows if row.settings.dataset == dataset]
            seen = [one for one in found if one.row.settings.dataset == dataset]
            for name, draw in OF_A_STUDY.items():
                write(f"{name}-{dataset}", partial(draw, of_set))
            for name, show in OF_INSPECTIONS.items() if seen else ():
                write(f"{name}-{dataset}", partial(show, seen), rows)
            for name, page in stills.stills([one for one in seen if one.row.settings not in elsewhere]).items():
                if each_setting or len({one.row.settings for one in page}) > 1:
                    shown = [row for row in native(rows) if stills.page_name(row) == name]
                    write(f"stills-{dataset}-{name}", partial(stills.still_page, page), shown)
            own = [row for row in native(of_set) if each_setting and row.settings not in elsewhere]
            for row in own:
                of_row = f"{dataset}-{row.settings.profile}-{row.settings.name}"
                write(f"curves-{of_row}", partial(by_x.losses, row))
                write(f"usage-{of_row}", partial(usage.draw, row.records[0], row.label))
                write(f"timeline-{of_row}", partial(timeline.draw, row.records[0], row.label))
            if medium == ON_SCREEN:
                paths += _videos([one for one in seen if one.row.settings in {row.settings for row in own}], folder)
    return Drawn(tuple(paths), tuple(kept), tuple(missing), len(rows))


def write_answer(found: Sequence[Chosen], results: Path, medium: Medium = ON_SCREEN) -> list[Path]:
    """Write the README's picture, ``results/figures/memory-effect.png``; nothing without a pair of runs."""
    with house_style():
        figure = by_setting.answer(found)
        path = medium.folder(results, "") / f"{ANSWER}.{medium.format}"
        return [] if figure is None else [save(figure, path, width=medium.width)]


def _videos(seen: Sequence[Inspected], folder: Path) -> list[Path]:
    """A GIF for each whole video of methods with their memory, and of baselines."""
    paths = []
    for one in seen:
        settings = one.row.settings
        if one.row.memory == "own" or settings.method in BASELINES:
            for video, file in one.videos().items():
                path = folder / f"video-{video}-{settings.dataset}-{settings.name}.gif"
                paths.append(animation.write(file, f"{one.row.label}, video {video}", path))
    return paths
