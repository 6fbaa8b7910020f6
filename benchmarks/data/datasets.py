"""Opening a data set by name: the first layout that recognises it reads it, and its facts are checked."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.data.facts import FACTS, SplitFacts, videos_of
from benchmarks.data.findings import Complain, refuse
from benchmarks.data.layouts import LAYOUTS
from benchmarks.data.listing import trailing_number
from benchmarks.data.video import Dataset, Video
from benchmarks.errors import StudyError

_NAME = re.compile(r"\w[\w.-]*", re.ASCII)


def open_dataset(name: str, root: Path | None) -> Dataset:
    """Return the data set `name` from the folder `root` (None for the synthetic set), checked against its facts.

    Raises StudyError naming the first thing that is wrong: no or an empty root, no layout that fits, a missing video,
    a wrong number of frames, labels of another length, a wrong number of abnormal frames.
    """
    found: list[str] = []
    dataset = read_dataset(name, root, found.append)
    # A missing video explains a label file that does not fit, so the facts speak first.
    for sentence in (*contradictions(dataset, where=str(root)), *found):
        raise StudyError(sentence)
    return dataset


def read_dataset(name: str, root: Path | None, complain: Complain = refuse) -> Dataset:
    """Return the data set as its layout reads it, not checked against facts; raises StudyError where none fits."""
    for layout in LAYOUTS:
        path = layout.find(videos_of(name), root)
        if path is not None:
            if not _NAME.fullmatch(name):
                raise StudyError(
                    f"A data set's name of letters a to z, digits, '.', '_' and '-' was expected, since folders and files "
                    f"are named by it, but got {name!r}; rename its folder, or link to it."
                )
            return layout.read(name, path, complain)
    if root is None:
        raise StudyError(
            f"Data set {name} needs a folder, but none was given; set DATA_ROOT to the folder that holds it."
        )
    if not root.is_dir():
        raise StudyError(f"Data was expected in the folder {root}, but there is none; set DATA_ROOT to where it lies.")
    if not any(root.iterdir()):
        raise StudyError(
            f"Data set {name} was expected in {root}, but that folder is empty; set DATA_ROOT or download it there."
        )
    tried = ", ".join(layout.NAME for layout in LAYOUTS if layout.NAME != "generated")
    raise StudyError(
        f"Data set {name} was expected in {root}, but no layout ({tried}) recognises it there; known sets are "
        f"{', '.join(sorted(FACTS))}, and any folder of your own with train/ and test/."
    )


def contradictions(dataset: Dataset, where: str) -> Iterator[str]:
    """Yield a sentence for each fact of the set that the data set does not agree with."""
    facts = FACTS.get(dataset.name)
    if facts is None:
        return
    found = list(_against(dataset.train, facts.train, f"{dataset.name}'s training split", where))
    found += _against(dataset.test, facts.test, f"{dataset.name}'s test split", where)
    yield from found
    labels = [video.labels for video in dataset.test if video.labels is not None]
    abnormal = sum(int(values.sum()) for values in labels)
    counted = len(labels) == len(dataset.test) and dataset.labels_from not in facts.uncounted
    if counted and not found and abnormal not in facts.abnormal.values():
        stated = " or ".join(f"{count} (by {source})" for source, count in facts.abnormal.items())
        yield (
            f"{dataset.name}'s test split should have {stated} abnormal frames, but the labels in {where} "
            f"({dataset.labels_from}) mark {abnormal}; restore the label file{_other_labels(dataset.name, abnormal)}."
        )


def _other_labels(name: str, abnormal: int) -> str:
    """Return the name of the set that has these videos and so many abnormal frames, as the end of a sentence."""
    for other, facts in FACTS.items():
        if facts.relabels == name and abnormal in facts.abnormal.values():
            return f", or ask for {other}, the same videos under these labels"
    return ""


def _against(videos: Sequence[Video], facts: SplitFacts, split: str, where: str) -> Iterator[str]:
    if len(videos) != facts.videos:
        missing = ""
        if facts.numbers is not None:
            gone = sorted(set(facts.numbers) - {trailing_number(video.name) for video in videos})
            missing = f" (missing: {', '.join(f'{number:02d}' for number in gone)})" if gone else ""
        yield (
            f"{split} should hold {facts.videos} videos, but {len(videos)} lie in {where}{missing}; "
            "complete the data set or download it again."
        )
    elif facts.lengths is not None:
        for video, length in zip(videos, facts.lengths, strict=True):
            if video.length != length:
                yield (
                    f"Video {video.name} of {split} should have {length} frames, but {video.length} lie in {where}; "
                    "complete the video or download it again."
                )
    elif (frames := sum(video.length for video in videos)) != facts.frames:
        yield (
            f"{split} should have {facts.frames} frames, but {frames} lie in {where}; "
            "complete the data set or download it again."
        )
