"""Figures of what looks left in the work folder: they are drawn where it is, and committed ones stay where it is not."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from benchmarks.report.figures import animation, boxes, locations, queries, shapes, stills
from benchmarks.report.figures.style import ON_SCREEN, Medium, house_style, save
from benchmarks.report.read.inspected import Looked, looked, without_look
from benchmarks.report.read.records import Record, by_cell
from benchmarks.report.read.rows import Row, make_rows
from benchmarks.report.read.selection import native
from benchmarks.study.settings import BASELINES, Settings

OF_LOOKS: Final[Mapping[str, Callable[[Sequence[Looked]], Figure | None]]] = {
    "locations": locations.draw,
    "queries": queries.draw,
    "shapes": shapes.draw,
    "boxes": boxes.draw,
}
# Photographs and maps need more colours than lines.
_COLOURS: Final = 128


@dataclass(frozen=True)
class FromLooks:
    """What was drawn. paths: written. kept: figures that were there and would have lost panels.

    missing: autoencoders without a look, of ``settings`` rows.
    """

    paths: tuple[Path, ...]
    kept: tuple[Path, ...]
    missing: tuple[Row, ...]
    settings: int

    def sentence(self, study: str, work: Path) -> str:
        """For the user: how many looks are missing, what that leaves undrawn, and the command that makes them."""
        kept = f" Figures that stay as they are: {len(self.kept)}." if self.kept else ""
        count = f"{len(self.missing)} of {self.settings}"
        return f"Settings without a look in {work}: {count}; make inspect-{study} makes them.{kept}"


def write_look_figures(
    study: str,
    records: Sequence[Record],
    results: Path,
    work: Path,
    elsewhere: Collection[Settings] = (),
    medium: Medium = ON_SCREEN,
) -> FromLooks:
    """Write every figure that needs a look to the medium's folder, and beside PNGs a GIF for each whole video.

    A figure that is there already is drawn again only if no look of an autoencoder is missing, so that it loses no panel.
    Videos are those of methods as published with their memory, and of baselines. elsewhere: settings whose stills and
    videos another study has.
    Raises StudyError if a file of a look is damaged or a figure cannot be written.
    """
    rows = make_rows([record.cell for record in records], by_cell(list(records)))
    found = looked(rows, work)
    missing = without_look(rows, found)
    folder, ending, width = medium.folder(results, study), medium.format, medium.width
    paths: list[Path] = []
    kept: list[Path] = []

    def may_draw(path: Path, of: Sequence[Row]) -> bool:
        if path.exists() and any(row in missing for row in of):
            kept.append(path)
            return False
        return True

    with house_style():
        for dataset in sorted({one.row.settings.dataset for one in found}):
            of_set = [one for one in found if one.row.settings.dataset == dataset]
            for name, draw in OF_LOOKS.items():
                path = folder / f"{name}-{dataset}.{ending}"
                if may_draw(path, rows) and (figure := draw(of_set)) is not None:
                    paths.append(save(figure, path, _COLOURS, width=width))
            for name, page in stills.draw([one for one in of_set if one.row.settings not in elsewhere]):
                path = folder / f"stills-{dataset}-{name}.{ending}"
                if may_draw(path, [row for row in native(rows) if stills.page_name(row) == name]):
                    paths.append(save(page, path, _COLOURS, width=width))
        shown = {row.settings for row in native(rows) if row.memory == "own" or row.settings.method in BASELINES}
        moving = shown.difference(elsewhere) if medium == ON_SCREEN else set()
        for one in (one for one in found if one.row.settings in moving):
            for video, file in one.videos().items():
                path = folder / f"video-{video}-{one.row.settings.dataset}-{one.row.settings.name}.gif"
                title = f"{one.row.settings.dataset} {video}, {one.row.settings.name.rpartition('-')[0]}"
                paths.append(animation.write(file, title, path))
    return FromLooks(tuple(paths), tuple(kept), tuple(missing), len(rows))
