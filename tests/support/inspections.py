"""Inspections of noise, for figures."""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report.read.rows import Row
from benchmarks.run.inspect.file import InspectionFile
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

SIZE = 16


def mnad(task: str = "prediction", **overrides: Any) -> Settings:
    return resolve(dataset="synthetic", method="mnad", task=task, profile="small", **overrides)


def noise_images(generator: np.random.Generator, count: int) -> np.ndarray:
    return generator.integers(0, 256, (count, SIZE, SIZE, 1), dtype=np.uint8)


def inspection_file(seed: int = 0, items: int = 10) -> InspectionFile:
    """An inspection of noise: two stills, a 4×4 map of places, 60 queries, a patch of each kind of square."""
    generator = np.random.default_rng(seed)
    usage = generator.integers(0, 20, (items, 4, 4)).astype(np.uint16)
    return InspectionFile(
        still_kind=np.array(["normal", "spatial"]),
        still_video=np.array(["01", "02"]),
        still_frame=np.array([7, 9]),
        still_input=noise_images(generator, 2),
        still_target=noise_images(generator, 2),
        still_output=noise_images(generator, 2),
        still_error=generator.random((2, SIZE, SIZE)).astype(np.float16),
        frames=np.array(100),
        items=generator.random((items, 8)).astype(np.float16),
        item_number=np.arange(items),
        usage=usage,
        dead=np.zeros((4, 4), np.uint16),
        query=generator.random((60, 8)).astype(np.float16),
        query_item=np.r_[np.full(5, -1), generator.integers(0, items, 55)],
        patch_kind=np.array(["spatial", "spatio_temporal"]),
        patch_target=generator.integers(0, 256, (2, 9, 9), dtype=np.uint8),
        patch_output=generator.integers(0, 256, (2, 9, 9), dtype=np.uint8),
    )


def leave(work: Path, row: Row, inspection: InspectionFile, seed: int = 0) -> Path:
    """Put an inspection where a cell's work folder has it."""
    folder = work / next(record.cell.slug for record in row.records if record.seed == seed)
    folder.mkdir(parents=True)
    inspection.save(folder / InspectionFile.NAME)
    return folder
