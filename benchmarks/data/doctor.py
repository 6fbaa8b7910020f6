"""The doctor: examines a data set and says everything that is wrong with it, not only the first thing."""

import hashlib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.data.datasets import contradictions, read_dataset
from benchmarks.data.facts import FACTS
from benchmarks.data.listing import trailing_number
from benchmarks.data.video import Dataset, Video
from benchmarks.errors import StudyError

# What two sentences of one cause differ in: paths, and words that hold a number.
_VARYING = re.compile(r"\S*[/\d]\S*")
_FEW = 3
# Frames of a clip by method and task, the longest first: what a shorter video cannot be used for.
_CLIPS = {16: "MemAE", 5: "prediction with MNAD"}


@dataclass
class Report:
    """What the doctor found: problems make the set unfit, remarks do not. summary: what was examined."""

    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    summary: str = ""


def examine(name: str, root: Path | None, *, decode: bool = True, progress: bool = False) -> Report:
    """Check a set against its facts, its labels against its masks and, with `decode`, every image of it.

    Decoding finds damaged images, frames of another size, and frames or whole videos that are there twice.
    """
    report = Report()
    try:
        dataset = read_dataset(name, root, report.problems.append)
    except StudyError as error:
        report.problems.append(str(error))
        return report
    report.problems += contradictions(dataset, where=str(root))
    _check_labels(dataset, report)
    _check_training(dataset, report)
    _check_numbering(dataset, report)
    _check_lengths(dataset, report)
    decoded = ""
    if decode:
        unreadable = _check_frames(dataset, report, progress=progress)
        decoded = f", every frame decoded{f' but {unreadable}' if unreadable else ''}"
        _check_masks(dataset, report, progress=progress)
    frames = [sum(video.length for video in videos) for videos in (dataset.train, dataset.test)]
    abnormal = sum(int(video.labels.sum()) for video in dataset.test if video.labels is not None)
    report.summary = (
        f"{name} (layout {dataset.layout}): {len(dataset.train)} training videos with {frames[0]} frames, "
        f"{len(dataset.test)} test videos with {frames[1]} frames, {abnormal} of them abnormal{decoded}"
    )
    return report


def run_doctor(name: str, root: Path | None) -> int:
    """Print what the doctor finds; return 0 where the set is fit to use, else 1."""
    report = examine(name, root, progress=True)
    problems = one_a_cause(report.problems)
    for sentence in problems:
        print(f"problem: {sentence}")
    for sentence in report.remarks:
        print(f"remark:  {sentence}")
    if report.summary:
        print(report.summary)
    print(f"{name}: {len(problems)} problem(s)." if problems else f"{name} is fit to use.")
    return 1 if problems else 0


def one_a_cause(sentences: Sequence[str]) -> list[str]:
    """Return one sentence a cause: those that differ in paths and numbers alone are one, with a count and a few places."""
    causes: dict[str, list[str]] = {}
    for sentence in sentences:
        causes.setdefault(_VARYING.sub("#", sentence), []).append(sentence)
    return [_counted(found) for found in causes.values()]


def _counted(found: Sequence[str]) -> str:
    first, others = found[0], found[1:]
    if not others:
        return first
    own = _VARYING.findall(first)
    places = [
        next((part for part, mine in zip(_VARYING.findall(other), own, strict=True) if part != mine), "")
        for other in others[:_FEW]
    ]
    return (
        f"{first} The same holds {len(others)} times more: {', '.join(places)}{', ...' if len(others) > _FEW else ''}"
    )


def _check_labels(dataset: Dataset, report: Report) -> None:
    labels = {video.name: video.labels for video in dataset.test if video.labels is not None}
    # Labels that do not fit are a problem, said already.
    if dataset.test and not labels and not report.problems:
        report.remarks.append(f"The test videos of {dataset.name} have no labels: no AUC can be measured.")
    one_class = [name for name, values in labels.items() if len(np.unique(values)) == 1]
    if one_class:
        report.remarks.append(
            f"Test videos {', '.join(one_class)} hold one class only and do not count in the macro AUC."
        )


def _check_training(dataset: Dataset, report: Report) -> None:
    if len(dataset.train) == 1:
        report.remarks.append(
            f"{dataset.name} has one training video, and a cell that holds it out for calibration has none to train "
            "on; add a video, or set calibration_videos to 0 in the study file."
        )


def _check_numbering(dataset: Dataset, report: Report) -> None:
    """A frame that is missing between two others makes a jump, and no count tells it where a set has no facts."""
    videos = _all(dataset)
    found = [(f"{split}/{video.name}", hole) for split, video in videos if (hole := _hole(video)) is not None]
    if found:
        place, (before, after) = found[0]
        report.remarks.append(
            f"The numbers of frames have a hole in {len(found)} of {len(videos)} videos, first in {place}, where "
            f"{after} comes after {before}: frames may be missing."
        )


def _check_lengths(dataset: Dataset, report: Report) -> None:
    shortest = min(_all(dataset), key=lambda pair: pair[1].length, default=None)
    if shortest is None or not (unfit := [who for length, who in _CLIPS.items() if shortest[1].length < length]):
        return
    split, video = shortest
    report.remarks.append(
        f"{split}/{video.name} has {video.length} frame{'s' * (video.length > 1)}, fewer than a clip of "
        f"{' or '.join(unfit)}: such runs refuse the set; leave out the video for them."
    )


def _hole(video: Video) -> tuple[str, str] | None:
    """The files before and after the first jump in the numbers of a video's image files, where they are numbered."""
    numbers = [trailing_number(path.stem) for path in video.sources]
    if len(numbers) != video.length or None in numbers:
        return None
    steps = [after - before for before, after in itertools.pairwise(number for number in numbers if number is not None)]
    # Every second or fifth frame is a numbering too; names whose last number does not count frames are none.
    smallest = min(steps, default=0)
    if smallest < 1:
        return None
    place = next((place for place, step in enumerate(steps) if step > smallest), None)
    return None if place is None else (video.sources[place].name, video.sources[place + 1].name)


def _check_frames(dataset: Dataset, report: Report, *, progress: bool) -> int:
    """Look at every frame; returns how many cannot be decoded."""
    facts = FACTS.get(dataset.name)
    shape = facts.frame_size[::-1] if facts is not None else None
    seen: dict[bytes, str] = {}
    videos: dict[bytes, str] = {}
    twice: list[tuple[str, str]] = []
    unreadable = 0
    odd: list[str] = []
    for split, video in _videos(dataset, progress=progress, what="frames"):
        whole = hashlib.sha256()
        for index in range(video.length):
            place = f"{split}/{video.name} frame {index}"
            try:
                frame = video.read(index)
            except StudyError as error:
                report.problems.append(str(error))
                unreadable += 1
                continue
            shape = frame.shape[:2] if shape is None else shape
            if frame.shape[:2] != shape:
                odd.append(f"{place} has {frame.shape[1]}x{frame.shape[0]}")
            digest = hashlib.sha256(frame.tobytes()).digest()
            whole.update(digest)
            if digest in seen:
                twice.append((seen[digest], place))
            seen.setdefault(digest, place)
        first = videos.setdefault(whole.digest(), f"{split}/{video.name}")
        if first != f"{split}/{video.name}":
            report.problems.append(
                f"Videos of their own were expected, but {split}/{video.name} is a copy of {first}; restore it."
            )
    if odd and shape is not None:
        # A run resizes whatever comes; only a set with facts must have one size.
        (report.remarks if facts is None else report.problems).append(
            f"Frames of {shape[1]}x{shape[0]} pixels were expected, but {len(odd)} differ, first {odd[0]}: all are resized "
            "to one square, so that shapes differ; restore or crop them."
        )
    if twice:
        report.remarks.append(
            f"{len(twice)} frames are there more than once, first {twice[0][1]}, which equals {twice[0][0]}."
        )
    return unreadable


def _check_masks(dataset: Dataset, report: Report, *, progress: bool) -> None:
    facts = FACTS.get(dataset.name)
    other_labels = facts is not None and facts.relabels is not None
    for split, video in _videos(dataset, progress=progress, what="masks"):
        if video.masks is None:
            continue
        differing = []
        for index in range(video.length):
            try:
                abnormal = bool(video.masks(index).any())
            except StudyError as error:
                report.problems.append(str(error))
                continue
            if video.labels is not None and abnormal != bool(video.labels[index]):
                differing.append(index)
        if differing:
            (report.remarks if other_labels else report.problems).append(
                f"Masks and labels should agree on every frame, but in {split}/{video.name} they differ on "
                f"{len(differing)}, first on frame {differing[0]}; restore the masks or the label file."
            )


def _all(dataset: Dataset) -> list[tuple[str, Video]]:
    return [("train", video) for video in dataset.train] + [("test", video) for video in dataset.test]


def _videos(dataset: Dataset, *, progress: bool, what: str) -> Iterator[tuple[str, Video]]:
    yield from tqdm(_all(dataset), desc=f"{dataset.name} {what}", unit="video", disable=not progress, leave=False)
