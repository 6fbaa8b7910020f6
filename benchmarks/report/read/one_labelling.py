"""Records of a data set that were measured on the same labels: no view may mix two labellings."""

from collections.abc import Sequence
from typing import TypeVar

from benchmarks.errors import StudyError
from benchmarks.hints import hint
from benchmarks.run.labelling import Labelling, differing_videos, merged

T = TypeVar("T")


def split_by_labelling(records: Sequence[tuple[T, Labelling]], where: str) -> tuple[list[T], list[T]]:
    """Split records of one data set into those measured on the labels of most of them, and the others.

    Labels are compared on the frames that two records both score. where: names the set in the StudyError that is raised
    where no labelling is that of most records.
    """
    known: list[Labelling] = []
    groups: list[list[T]] = []
    seen: dict[frozenset[tuple[str, bytes]], int] = {}
    for record, labelling in records:
        key = frozenset(labelling.items())
        if key not in seen:
            fits = (place for place, other in enumerate(known) if not differing_videos(labelling, other))
            place = next(fits, len(known))
            seen[key] = place
            if place == len(known):
                known.append(labelling)
                groups.append([])
            known[place] = merged(known[place], labelling)
        groups[seen[key]].append(record)
    if len(groups) < 2:
        return [record for record, _ in records], []
    first, second = sorted(groups, key=len, reverse=True)[:2]
    if len(first) == len(second):
        raise StudyError(
            f"Expected the records of {where} to be measured on the same labels, but {len(first)} of them were measured "
            f"on one labelling and {len(second)} on another; `{hint('measure')}` measures all on the labels in DATA_ROOT="
            "."
        )
    return first, [record for group in groups if group is not first for record in group]
