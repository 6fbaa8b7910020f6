"""What an inspection left of each setting in the work folder, for figures; it is not in the repository, `inspect` makes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row
from benchmarks.run.inspect.file import InspectionFile, VideoFile
from benchmarks.study.settings import AUTOENCODERS


@dataclass(frozen=True)
class Inspected:
    """A setting and the inspection of its lowest seed that has one. folder: the work folder of that cell."""

    row: Row
    record: Record
    inspection: InspectionFile
    folder: Path

    def fact(self, section: str, name: str) -> object:
        """A fact that the inspection left in a section of the record, under its published variant; None where it did not."""
        return self.record.section(section).get(name)

    def videos(self) -> dict[str, VideoFile]:
        """The whole videos that were inspected, by name; raises StudyError if a file is damaged."""
        before, after = VideoFile.name("*").split("*")
        paths = sorted(self.folder.glob(VideoFile.name("*")))
        return {path.name.removeprefix(before).removesuffix(after): VideoFile.load(path) for path in paths}


def inspected(rows: Sequence[Row], work: Path) -> list[Inspected]:
    """What is there of each row, in the rows' order; raises StudyError if a file is damaged."""
    found = []
    for row in rows:
        for record in row.records:
            folder = work / record.cell.slug
            if (folder / InspectionFile.NAME).is_file():
                found.append(Inspected(row, record, InspectionFile.load(folder / InspectionFile.NAME), folder))
                break
    return found


def not_inspected(rows: Sequence[Row], found: Sequence[Inspected]) -> list[Row]:
    """The rows of trained autoencoders that have a record but no inspection here."""
    seen = {one.row.settings for one in found}
    return [row for row in rows if row.records and row.settings.method in AUTOENCODERS and row.settings not in seen]
