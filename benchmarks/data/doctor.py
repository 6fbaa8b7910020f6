"""The doctor: examines a data set and says everything that is wrong with it, not only the first thing."""

import argparse
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.data.datasets import contradictions, read_dataset
from benchmarks.data.facts import FACTS
from benchmarks.data.video import Dataset, Video
from benchmarks.errors import StudyError


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
    _check_classes(dataset, report)
    if decode:
        _check_frames(dataset, report, progress=progress)
        _check_masks(dataset, report, progress=progress)
    frames = [sum(video.length for video in videos) for videos in (dataset.train, dataset.test)]
    abnormal = sum(int(video.labels.sum()) for video in dataset.test if video.labels is not None)
    report.summary = (
        f"{name} (layout {dataset.layout}): {len(dataset.train)} training videos with {frames[0]} frames, "
        f"{len(dataset.test)} test videos with {frames[1]} frames, {abnormal} of them abnormal"
        f"{', every frame decoded' if decode else ''}"
    )
    return report


def run_doctor(name: str, root: Path | None, *, decode: bool = True) -> int:
    """Print what the doctor finds; return 0 where the set is fit to use, else 1."""
    report = examine(name, root, decode=decode, progress=True)
    for sentence in report.problems:
        print(f"problem: {sentence}")
    for sentence in report.remarks:
        print(f"remark:  {sentence}")
    if report.summary:
        print(report.summary)
    print(f"{name}: {len(report.problems)} problem(s)." if report.problems else f"{name} is fit to use.")
    return 1 if report.problems else 0


def _check_classes(dataset: Dataset, report: Report) -> None:
    one_class = [v.name for v in dataset.test if v.labels is not None and len(np.unique(v.labels)) == 1]
    if one_class:
        report.remarks.append(
            f"Test videos {', '.join(one_class)} hold one class only and do not count in the macro AUC."
        )


def _check_frames(dataset: Dataset, report: Report, *, progress: bool) -> None:
    facts = FACTS.get(dataset.name)
    shape = facts.frame_size[::-1] if facts is not None else None
    seen: dict[bytes, str] = {}
    videos: dict[bytes, str] = {}
    twice: list[tuple[str, str]] = []
    for split, video in _videos(dataset, progress=progress, what="frames"):
        whole = hashlib.sha256()
        for index in range(video.length):
            place = f"{split}/{video.name} frame {index}"
            try:
                frame = video.read(index)
            except StudyError as error:
                report.problems.append(str(error))
                continue
            shape = frame.shape[:2] if shape is None else shape
            if frame.shape[:2] != shape:
                report.problems.append(
                    f"Frames of {shape[1]}x{shape[0]} pixels were expected, but {place} has {frame.shape[1]}x"
                    f"{frame.shape[0]}; restore it."
                )
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
    if twice:
        report.remarks.append(
            f"{len(twice)} frames are there more than once, first {twice[0][1]}, which equals {twice[0][0]}."
        )


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


def _videos(dataset: Dataset, *, progress: bool, what: str) -> Iterator[tuple[str, Video]]:
    videos = [("train", video) for video in dataset.train] + [("test", video) for video in dataset.test]
    yield from tqdm(videos, desc=f"{dataset.name} {what}", unit="video", disable=not progress, leave=False)


def main(arguments: list[str] | None = None) -> int:
    """Examine a set from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data.doctor", description=__doc__)
    parser.add_argument("name", help="data set, as ped2")
    parser.add_argument("--data-root", type=Path, default=None, help="folder that holds the set")
    parser.add_argument("--quick", action="store_true", help="do not decode the images")
    chosen = parser.parse_args(arguments)
    return run_doctor(chosen.name, chosen.data_root, decode=not chosen.quick)


if __name__ == "__main__":
    sys.exit(main())
