"""What runs in MLflow hold: a run per setting, one per seed below it, and one per contrast of memory minus none."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.report.read.contrasts import Contrast
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row
from benchmarks.study.settings import Settings
from benchmarks.track import describe, sketches
from benchmarks.track.flatten import (
    Point,
    contrast_points,
    epoch_points,
    final_points,
    parameters,
    record_tags,
    seed_summary,
    settings_tags,
    span,
)
from benchmarks.track.naming import contrast_name, run_name

# Goes into every digest: an importer that says something else replaces the runs of an older one.
_LAYOUT: Final = "3"
NOTE: Final = "mlflow.note.content"


@dataclass(frozen=True)
class Dataset:
    """A split that a run read, by its checksum; nothing of it is copied."""

    name: str
    digest: str
    context: str
    source: str


@dataclass(frozen=True)
class Content:
    """All that one finished run holds.

    start, end: milliseconds. files: artifacts by name, each a file to copy or the text itself.
    """

    name: str
    start: int
    end: int
    tags: dict[str, str]
    params: dict[str, str] = field(default_factory=dict)
    points: tuple[Point, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    files: dict[str, Path | str] = field(default_factory=dict)

    def write_files(self, folder: Path) -> None:
        """Write the artifacts below a folder, which is made where there are any."""
        for name, file in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if isinstance(file, str):
                (folder / name).write_text(file, encoding="utf-8")
            else:
                shutil.copyfile(file, folder / name)


@dataclass(frozen=True)
class Planned:
    """A run that an import wants: its key within the experiment, the digest of what it shows, and how it is made.

    parent: the key of the run above it. make: called only where the store has no run of this digest.
    """

    key: str
    digest: str
    make: Callable[[], Content]
    parent: str | None = None


def setting_key(settings: Settings, seed: int | None, origin: str) -> str:
    """Key of a setting's run, or of one of its seeds."""
    level = "setting" if seed is None else f"seed-{seed}"
    return f"{origin}/{level}/{settings.hash}"


def plan_setting(records: Sequence[Record], origin: str) -> list[Planned]:
    """The run of a setting, then those of its seeds. records: of one setting, by ascending seed."""
    row = Row(records[0].settings, tuple(records))
    parent = setting_key(row.settings, None, origin)
    digests = [record_digest(record.path) for record in records]
    plans = [Planned(parent, _digest(*digests), lambda: setting_content(row, origin))]
    for record, digest in zip(records, digests, strict=True):
        key = setting_key(record.settings, record.seed, origin)
        plans.append(Planned(key, _digest(digest), partial(seed_content, record, origin), parent))
    return plans


def plan_contrast(contrasts: Sequence[Contrast], origin: str) -> Planned:
    """The run of a contrast; contrasts: of one pair of settings, under the published score and those of both sides."""
    rows = (contrasts[0].with_memory, contrasts[0].without_memory)
    key = f"{origin}/contrast/{rows[0].settings.hash}/{rows[1].settings.hash}"
    digest = _digest(*(record_digest(record.path) for row in rows for record in row.records))
    return Planned(key, digest, lambda: contrast_content(contrasts, origin))


def seed_content(record: Record, origin: str) -> Content:
    """All that a record says of one training run."""
    start, end = span(record)
    began = start + round(1000 * (record.phase("frames", "seconds") or 0.0))
    files: dict[str, Path | str] = {"record.json": record.path}
    if (usage := sketches.usage(record)) is not None:
        files["memory_usage.svg"] = usage
    return Content(
        name=run_name(record.settings, record.seed, origin),
        start=start,
        end=end,
        params=parameters(record.settings, record.seed),
        tags=seed_tags(record.settings, record.seed, origin) | record_tags(record) | {NOTE: describe.seed(record)},
        points=(*final_points(record), *epoch_points(record.content["epochs"], began)),
        datasets=datasets(record),
        files=files,
    )


def seed_tags(settings: Settings, seed: int, origin: str) -> dict[str, str]:
    """Tags that a seed's run has from its first moment."""
    return settings_tags(settings) | {"level": "seed", "origin": origin, "seed": str(seed)}


def setting_content(row: Row, origin: str) -> Content:
    """Mean over seeds, the settings in full, and the scores over time of the lowest seed."""
    start, end = _extent(row.records)
    first = row.records[0]
    # Where records come from is said of a setting as far as its seeds agree.
    origins = [record_tags(record) for record in row.records]
    shared = {name: value for name, value in origins[0].items() if all(one.get(name) == value for one in origins)}
    return Content(
        name=run_name(row.settings, None, origin),
        start=start,
        end=end,
        params=parameters(row.settings),
        tags=setting_tags(row.settings, origin) | shared | {NOTE: describe.setting(row)},
        points=tuple(seed_summary(row)),
        datasets=datasets(first),
        files={
            "settings.json": json.dumps(row.settings.to_dict(), indent=1),
            f"scores_over_time_seed_{first.seed}.svg": sketches.scores(first),
        },
    )


def setting_tags(settings: Settings, origin: str) -> dict[str, str]:
    """Tags that a setting's run has from its first moment."""
    return settings_tags(settings) | {"level": "setting", "origin": origin}


def contrast_content(contrasts: Sequence[Contrast], origin: str) -> Content:
    """The paired difference with its interval and number of pairs, under each score."""
    row, without = contrasts[0].with_memory, contrasts[0].without_memory
    start, end = _extent((*row.records, *without.records))
    tags = settings_tags(row.settings) | {"level": "contrast", "origin": origin}
    return Content(
        name=contrast_name(row.settings, origin),
        start=start,
        end=end,
        params=parameters(row.settings),
        tags=tags | {"minus": run_name(without.settings, None, origin), NOTE: describe.contrast(contrasts[0])},
        points=tuple(contrast_points(contrasts)),
        datasets=datasets(row.records[0]),
    )


def datasets(record: Record) -> tuple[Dataset, ...]:
    """The splits that a cell read."""
    data = record.content.get("data", {})
    name, source = record.settings.dataset, json.dumps({"tags": {"layout": str(data.get("layout"))}})
    return tuple(
        Dataset(f"{name}-{split}", data[f"{split}_checksum"][:16], context, source)
        for split, context in (("train", "training"), ("test", "testing"))
        if data.get(f"{split}_checksum")
    )


def _extent(records: Sequence[Record]) -> tuple[int, int]:
    """The first start, and as long after it as all the runs took together: not how long somebody was away."""
    spans = [span(record) for record in records]
    start = min(began for began, _ in spans)
    return start, start + sum(ended - began for began, ended in spans)


def record_digest(path: Path) -> str:
    """SHA-256 (hex) of a record's file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join((_LAYOUT, *parts)).encode()).hexdigest()
