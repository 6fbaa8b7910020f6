"""Folders as people leave them: hidden files ignored, numbers in natural order."""

import re
from collections.abc import Iterable
from pathlib import Path

from benchmarks.data.images import IMAGE_SUFFIXES
from benchmarks.errors import StudyError

_DIGITS = re.compile(r"(\d+)")


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key under which 2 comes before 10, whatever the zeros in front."""
    parts = (part for part in _DIGITS.split(name.lower()) if part)
    return tuple((0, int(part), part) if part.isdigit() else (1, 0, part) for part in parts)


def trailing_number(name: str) -> int | None:
    """Return the last number in a name: 3 for Test003, 12 for 12; None where there is none."""
    found = _DIGITS.findall(name)
    return int(found[-1]) if found else None


def visible(paths: Iterable[Path]) -> list[Path]:
    """Return paths in natural order, without `._001.bmp`, `.DS_Store` and `Thumbs.db`."""
    kept = (path for path in paths if not path.name.startswith(".") and path.name != "Thumbs.db")
    return sorted(kept, key=lambda path: natural_key(path.name))


def folders_in(path: Path) -> list[Path]:
    """Return the visible folders in `path`; raises StudyError where it is missing or holds none."""
    if not path.is_dir():
        raise StudyError(f"A folder of videos was expected at {path}, but there is none; complete the data set.")
    found = [entry for entry in visible(path.iterdir()) if entry.is_dir()]
    if not found:
        raise StudyError(f"One folder per video was expected in {path}, but it holds none; complete the data set.")
    return found


def images_in(path: Path) -> tuple[Path, ...]:
    """Return the visible image files in `path`; raises StudyError where there are none."""
    found = tuple(entry for entry in visible(path.iterdir()) if entry.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        raise StudyError(f"One image file per frame was expected in {path}, but it holds none; complete the data set.")
    return found


def set_folder(name: str, root: Path | None, marker: str) -> Path | None:
    """Return `root/name`, or `root` itself where it bears the set's name, if it holds the file or folder `marker`.

    `root` is compared in lower case, by its own name and by that of the folder that a link leads to.
    """
    # A path in place of a name would lead out of the root.
    if root is None or name != Path(name).name or name in ("", ".."):
        return None
    if (root / name / marker).exists():
        return root / name
    own = {path.name.lower() for path in (root.absolute(), root.resolve())}
    return root if name.lower() in own and (root / marker).exists() else None
