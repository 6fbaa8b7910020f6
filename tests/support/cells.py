"""A cell as a command, for tests: its settings, its arguments, and what two runs of it must share."""

import copy
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.reading import DIGEST
from benchmarks.study.presets import resolve

ROOT = Path(__file__).resolve().parents[2]
# Frames of each video of the set `yard`.
LENGTH = 30


def write_blob_videos(folder: Path, *, train: int, test: int, length: int, abnormal: Callable[[int], slice]) -> None:
    """Write a set into a folder: videos of a moving blob, smaller in the abnormal frames of the labelled test videos."""
    for split, count in (("train", train), ("test", test)):
        for video in range(count):
            frames = folder / split / f"{video + 1:02d}"
            frames.mkdir(parents=True)
            labels = np.zeros(length, dtype=int)
            if split == "test":
                labels[abnormal(video)] = 1
                np.savetxt(frames.with_suffix(".txt"), labels, fmt="%d")
            for index in range(length):
                cv2.imwrite(str(frames / f"{index:03d}.png"), blob(video, index, abnormal=bool(labels[index])))


def blob(video: int, index: int, *, abnormal: bool) -> NDArray[np.uint8]:
    """One frame (32, 32): a blob on its way up and down, smaller where abnormal."""
    rows, columns = np.mgrid[:32, :32]
    centre = (4 + 24 * (0.5 + 0.5 * np.sin(index / 4 + video)), 6 + 4 * video)
    shape = np.exp(-((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2) / (12 if abnormal else 30))
    return (30 + 200 * shape).astype(np.uint8)


def settings_file(folder: Path, **factors: Any) -> Path:
    """Settings of a small cell on the set `yard`, as JSON; a factor that is no setting is written all the same."""
    chosen = {
        "method": "mnad",
        "task": "prediction",
        "precision": "float32",
        "channels": 1,
        "train_stride": 2,
        **factors,
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "settings.json"
    file.write_text(json.dumps(resolve(dataset="yard", profile="smoke", **chosen).to_dict()))
    return file


def arguments(file: Path, yard: Path, folder: Path) -> list[str]:
    """The command's arguments, with results and work below a folder."""
    places = ["--data-root", yard, "--results", folder / "results", "--work", folder / "work"]
    return list(map(str, ["--settings", file, "--seed", 3, *places, "--device", "cpu", "--quiet"]))


def command(file: Path, yard: Path, folder: Path) -> list[str]:
    """The command as a shell would have it."""
    return [sys.executable, "-m", "benchmarks.run.cell", *arguments(file, yard, folder)]


def only(folder: Path, pattern: str) -> Path:
    """The one file below a folder that fits."""
    (found,) = folder.rglob(pattern)
    return found


def without_times(record: dict[str, Any]) -> dict[str, Any]:
    """A record but for times, the memory it took, the commit it ran from, and its digest, in which all of these are."""
    kept = copy.deepcopy(record)
    for name in ("started", "commit", "dirty", "phases", DIGEST):
        del kept[name]
    for epoch in kept["epochs"]:
        del epoch["seconds"]
    return kept


def numbers(folder: Path) -> tuple[dict[str, Any], bytes]:
    """What two runs must share: the record without times, and the bytes of its table."""
    record = json.loads(only(folder / "results", "seed-3.json").read_text())
    return without_times(record), only(folder / "results", "seed-3.csv.gz").read_bytes()
