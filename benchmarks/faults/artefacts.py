"""What a run of a tiny set leaves, how each file is read, and the ways in which a file can be damaged."""

import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.data.store import open_path
from benchmarks.measure.terms import read_terms
from benchmarks.run.cell_data import Places as CellPlaces
from benchmarks.run.checkpoint import _read as read_checkpoint
from benchmarks.run.inspect.file import InspectionFile
from benchmarks.run.labelling import read_labelling
from benchmarks.run.record_file import read_content
from benchmarks.run.run_cell import run_cell
from benchmarks.run.trained import save_trained
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell, Settings


@dataclass(frozen=True)
class Artefact:
    """A file that a run leaves. read: what is made of it, comparable. partner: the same of another seed."""

    name: str
    path: Path
    read: Callable[[Path], Any]
    partner: Path


def write_tiny_set(root: Path) -> None:
    """Write the set `tiny`: two training videos and a labelled test video of 12 frames of 48 x 64 pixels."""
    rng = np.random.default_rng(0)
    for video in ("train/01", "train/02", "test/01"):
        folder = root / "tiny" / video
        folder.mkdir(parents=True)
        for index in range(12):
            frame = rng.integers(60, 66, (48, 64), dtype=np.uint8)
            frame[12:30, 4 * index : 4 * index + 10] = 200
            cv2.imwrite(str(folder / f"{index:03d}.png"), frame)
    (root / "tiny" / "test" / "01.txt").write_text("0\n" * 6 + "1\n" * 6)


def tiny_settings() -> Settings:
    """Settings of the smallest cell on the set `tiny`."""
    return resolve(dataset="tiny", method="mnad", task="reconstruction", profile="smoke", train_stride=1, batch=4)


def make_artefacts(folder: Path) -> list[Artefact]:
    """Run two seeds of the smallest cell and return what they leave."""
    settings = tiny_settings()
    write_tiny_set(folder / "data")
    places = CellPlaces(folder / "data", folder / "results", folder / "work")
    torch.set_num_threads(1)
    one, other = (run_cell(Cell(settings, seed), places, torch.device("cpu")) for seed in (0, 1))
    work = [folder / "work" / Cell(settings, seed).slug for seed in (0, 1)]
    stores = sorted((folder / "work" / "frames").glob("*.npy"))
    return [
        Artefact("record", one, _record, other),
        Artefact("table of terms", one.with_suffix(".csv.gz"), _table, other.with_suffix(".csv.gz")),
        Artefact(
            "checkpoint", work[0] / "checkpoint.safetensors", partial(_checkpoint, one), work[1] / "checkpoint.safetensors"
        ),
        Artefact("inspection", work[0] / InspectionFile.NAME, _inspection, work[1] / InspectionFile.NAME),
        Artefact("frame store", stores[0], _store, stores[1]),
        Artefact("store's sidecar", stores[0].with_suffix(".json"), lambda path: _store(path.with_suffix(".npy")), stores[1].with_suffix(".json")),
    ]  # fmt: skip


def _record(path: Path) -> Any:
    return read_content(path)


def _table(path: Path) -> Any:
    read_labelling(path, read_content(path.with_name(path.name.split(".")[0] + ".json"))["data"])
    return read_terms(path).to_csv()


def _checkpoint(record: Path, path: Path) -> Any:
    content = read_content(record)
    cell = Cell(Settings.from_dict(content["settings"]), content["seed"])
    with tempfile.TemporaryDirectory() as folder:
        save_trained(
            path, cell, Path(folder), epochs=len(content["epochs"]), fingerprint=content["fingerprint"]["digest"]
        )
    facts, described, tensors = read_checkpoint(path)
    return facts, described, {name: value.tolist() for name, value in tensors.items()}


def _inspection(path: Path) -> Any:
    return repr(InspectionFile.load(path))


def _store(path: Path) -> Any:
    open_path(path)
    return path.read_bytes()


def damages(content: bytes, partner: bytes, rng: random.Random, flips: int) -> Iterator[tuple[str, bytes | None]]:
    """Yield kinds of damage and the file as it is then; None for one that is gone."""
    for _ in range(flips):
        flipped = bytearray(content)
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
        yield "flipped bit", bytes(flipped)
    for _ in range(flips // 3):
        start = rng.randrange(len(content))
        yield "torn", content[:start]
        zeros = bytes(min(512, len(content) - start))
        yield "zeroed block", content[:start] + zeros + content[start + len(zeros) :]
    for digit in rng.sample(
        [place for place, byte in enumerate(content) if 0x31 <= byte <= 0x38], k=min(flips // 2, 1)
    ):
        yield "edited digit", content[:digit] + bytes([content[digit] + 1]) + content[digit + 1 :]
    yield from (("empty", b""), ("swapped with another seed's", partner), ("gone", None), ("doubled", content * 2))
