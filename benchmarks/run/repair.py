"""Clearing away what is damaged, so that a run makes it again: records, checkpoints, frame stores, what killed writers left.

Records and their tables are moved aside, since nobody can make a lost one from another machine again; all else goes.
"""

from pathlib import Path

from benchmarks.data.store import open_path
from benchmarks.errors import StudyError
from benchmarks.run.checkpoint import read_facts
from benchmarks.run.inspect.file import InspectionFile
from benchmarks.run.labelling import read_labelling
from benchmarks.run.record_file import read_content
from benchmarks.run.verify_records import strays
from benchmarks.writing import clear_left

ASIDE = "damaged"


def repair(results: Path, work: Path) -> list[str]:
    """Clear away what is damaged; returns a line for each file: what it was and what became of it.

    Records go to `results/damaged`. Nobody else may run there meanwhile.
    """
    runs, said = results / "runs", []
    for path in sorted(runs.glob("*/*/*/seed-*.json")):
        try:
            content = read_content(path)
            read_labelling(path.with_suffix(".csv.gz"), content.get("data", {}))
        except StudyError as error:
            said += [f"Set aside: {error}", *(_aside(file, results) for file in (path, path.with_suffix(".csv.gz")))]
    said += [_aside(path, results) for path in strays(runs)]
    checks = ((work.glob("*/checkpoint.safetensors"), read_facts), (work.glob(f"*/{InspectionFile.NAME}"), InspectionFile.load),
              (work.glob("frames/*.npy"), open_path))  # fmt: skip
    for paths, read in checks:
        for path in sorted(paths):
            try:
                read(path)
            except StudyError as error:
                path.unlink()
                said.append(f"Removed: {error}")
    folders = {path.parent for place in (results, work) for path in place.rglob(".*.tmp")}
    said += [
        f"Removed: {left}, which a killed command left" for folder in sorted(folders) for left in clear_left(folder)
    ]
    return [line for line in said if line]


def _aside(path: Path, results: Path) -> str:
    if not path.exists():
        return ""
    target = results / ASIDE / path.relative_to(results / "runs")
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    return f"Moved: {path} to {target}"
