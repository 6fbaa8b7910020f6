"""Folders as people leave them: hidden files ignored, numbers in natural order."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.data.images import IMAGE_SUFFIXES
from benchmarks.errors import StudyError

_DIGITS = re.compile(r"(\d+)")
_DECIMAL = re.compile(r"(?<![\d.])\d+\.\d+(?![\d.])")
# What systems and NAS boxes leave between a user's folders.
_STRAY = frozenset({"__macosx", "@eadir", "lost+found", "$recycle.bin", "system volume information", "thumbs.db"})


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key under which 2 comes before 10, whatever the zeros in front."""
    parts = (part for part in _DIGITS.split(name.lower()) if part)
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts)


def trailing_number(name: str) -> int | None:
    """Return the last number in a name: 3 for Test003, 12 for 12; None where there is none."""
    found = _DIGITS.findall(name)
    return int(found[-1]) if found else None


def visible(paths: Iterable[Path]) -> list[Path]:
    """Return paths in natural order, without `._001.bmp`, `.DS_Store`, `Thumbs.db` and `__MACOSX`."""
    kept = (path for path in paths if not path.name.startswith(".") and path.name.lower() not in _STRAY)
    return sorted(kept, key=lambda path: natural_key(path.name))


def folders_in(path: Path) -> list[Path]:
    """Return the visible folders in `path`; raises StudyError where it is missing or holds none."""
    if not path.is_dir():
        raise StudyError(f"A folder of videos was expected at {path}, but there is none; complete the data set.")
    entries = visible(path.iterdir())
    found = [entry for entry in entries if entry.is_dir()]
    if not found:
        loose = sum(entry.suffix.lower() in IMAGE_SUFFIXES for entry in entries)
        what = f"{loose} images side by side; put those of each video into a folder of its own" if loose else "none"
        raise StudyError(f"One folder per video was expected in {path}, but it holds {what}; complete the data set.")
    # train/frames/01: a folder that holds nothing but folders is no video.
    if len(found) == 1 and found[0].name.lower() == "frames":
        inner = visible(found[0].iterdir())
        if inner and all(entry.is_dir() for entry in inner):
            return inner
    return found


def images_in(path: Path) -> tuple[Path, ...]:
    """Return the visible image files in `path`, in the order in which their names count.

    Raises StudyError where there are none, or where names can be ordered in more than one way.
    """
    found = tuple(entry for entry in visible(path.iterdir()) if entry.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        kinds = sorted({entry.suffix.lower() or "folders" for entry in visible(path.iterdir())})
        other = f" but {', '.join(kinds[:5])}" if kinds else ""
        raise StudyError(
            f"One image file per frame ({', '.join(sorted(IMAGE_SUFFIXES))}) was expected in {path}, but it holds "
            f"none{other}; complete the data set."
        )
    return _in_order(found)


def _in_order(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Order files whose names hold seconds (`t0.25`, `t0.5`) by their value, where that is certain."""
    values = [_DECIMAL.findall(path.stem) for path in paths]
    skeletons = {_DIGITS.sub("#", path.stem.lower()) for path in paths}
    if len(skeletons) > 1 and list(paths) != sorted(paths, key=lambda path: path.name.lower()):
        # 0a, 0f, 10: a counter of other digits than ten, or two counters in one folder.
        raise StudyError(
            f"Frames numbered in one way were expected in {paths[0].parent}, but there are names such as "
            f"{' and '.join(sorted(skeletons)[:3])} (# for a number), which can be ordered in several ways; rename "
            "them 0001, 0002, ..."
        )
    if any(len(one) != 1 for one in values):
        return paths
    by_value = tuple(sorted(paths, key=lambda path: float(_DECIMAL.findall(path.stem)[0])))
    if by_value == paths:
        return paths
    counts = [[int(part) for part in one[0].split(".")] for one in values]
    as_counter = len({whole for whole, _ in counts}) == 1 and _even([float(part) for _, part in counts])
    as_decimal = _even(sorted(float(one[0]) for one in values))
    if as_counter == as_decimal:
        raise StudyError(
            f"Frames in an order that is certain were expected in {paths[0].parent}, but {paths[0].name} to "
            f"{paths[-1].name} can be read as counters or as decimal numbers; rename them 0001, 0002, ..."
        )
    return by_value if as_decimal else paths


def _even(values: Sequence[float]) -> bool:
    """Whether ascending values are equally far apart."""
    steps = [after - before for before, after in pairwise(values)]
    return bool(steps) and min(steps) > 0 and max(steps) - min(steps) < 1e-6 * max(1.0, *steps)


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
