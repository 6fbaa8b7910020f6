"""Which rows of a study a figure shows, and how it tells them apart in few words."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from benchmarks.report.read.groups import common_label
from benchmarks.report.read.published import PUBLISHED_TASKS
from benchmarks.report.read.rows import GEOMETRY, Row, departures, native_skip, only_factors
from benchmarks.study.settings import AUTOENCODERS, LEARNING_FREE, Settings

_GEOMETRY: Final = tuple(sorted(GEOMETRY))


def of_usual_geometry(rows: Sequence[Row]) -> list[Row]:
    """Rows of the geometry and length that most rows of their method have: a sweep over epochs leaves one of them."""
    counted: dict[str, Counter[tuple[object, ...]]] = {}
    for row in rows:
        counted.setdefault(row.settings.method, Counter())[_geometry(row.settings)] += 1
    usual = {method: counts.most_common(1)[0][0] for method, counts in counted.items()}
    return [row for row in rows if _geometry(row.settings) == usual[row.settings.method]]


def plain(rows: Sequence[Row]) -> list[Row]:
    """Rows that differ in method, task, skip and memory alone: no supervision, preset or single setting departs."""
    return [row for row in of_usual_geometry(rows) if row.settings.supervision == "none" and only_factors(row.settings)]


def native(rows: Sequence[Row]) -> list[Row]:
    """Rows of each method as it was published, with its own memory and without one."""
    return [
        row
        for row in plain(rows)
        if row.comparable() and row.settings.task in (PUBLISHED_TASKS.get(row.settings.method) or (row.settings.task,))
    ]


def parts(row: Row, without: Collection[str] = ()) -> dict[str, str]:
    """What a row is, by the name of the setting that says so; settings that only say what is usual are left out."""
    settings = row.settings
    said = {"method": row.method}
    if settings.method in LEARNING_FREE:
        return said
    if settings.method in AUTOENCODERS:
        said["task"] = row.task
        said["memory"] = {"own": "memory", "none": "no memory"}.get(row.memory, f"{row.memory}'s memory")
        if settings.skip != native_skip(settings):
            said["skip"] = "with skips" if settings.skip else "without skips"
    if settings.supervision != "none":
        said["supervision"] = settings.supervision_card.printed
    if settings.preset != "official":
        said["preset"] = f"preset {settings.preset}"
    said |= {name: f"{name.replace('_', ' ')} {_short(value)}" for name, value in departures(settings).items()}
    return {name: text for name, text in said.items() if name not in without}


def told_apart(rows: Sequence[Row], without: Collection[str] = ()) -> tuple[str, list[str]]:
    """What all rows have in common, and for each what sets it apart from the others.

    without: settings that the figure shows in another way. Geometry that all share is left to the profile's name; a row
    that stands alone shares nothing.
    """
    said = [parts(row, without) for row in rows]
    if len(said) == 1:
        return "", [" · ".join(text for name, text in said[0].items() if name not in GEOMETRY)]
    shared = set(said[0].items()).intersection(*(one.items() for one in said)) if said else set()
    common = [text for name, text in said[0].items() if (name, text) in shared and name not in GEOMETRY] if said else []
    own = [[text for name, text in one.items() if (name, text) not in shared] for one in said]
    return " · ".join(common), [" · ".join(texts) or "as usual" for texts in own]


def labels(rows: Sequence[Row], without: Collection[str] = ()) -> list[str]:
    """A label for each row; geometry is named where it is not the study's usual one, which `subject` tells.

    without: settings that the figure shows in another way.
    """
    usual = {row.settings for row in of_usual_geometry(rows)}
    shared = _shared_geometry(rows)
    said = [parts(row, without={*without, *(GEOMETRY if row.settings in usual else ())}) for row in rows]
    return [" · ".join(text for name, text in one.items() if (name, text) not in shared) for one in said]


def subject(rows: Sequence[Row]) -> str:
    """Data set and distance from the paper of most rows, for a title: ``UCSD Ped2, 128×128, ¼ width, 3 of 60 epochs``."""
    return common_label(row.settings for row in of_usual_geometry(rows))


def _shared_geometry(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """What departs from the profile in all rows of the usual geometry, by name of the setting."""
    learned = [row for row in of_usual_geometry(rows) if row.settings.method in AUTOENCODERS]
    geometry = [{name: text for name, text in parts(row).items() if name in GEOMETRY} for row in learned]
    return [item for item in geometry[0].items() if all(item in one.items() for one in geometry)] if geometry else []


def _geometry(settings: Settings) -> tuple[object, ...]:
    return tuple(getattr(settings, name) for name in _GEOMETRY)


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
