"""How long a cell takes: measured on records of its kind where there are any, else from measured costs of a clip."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.errors import StudyError
from benchmarks.grid.places import read_json
from benchmarks.study.settings import Settings

# Training and test frames (STUDY section 9; the synthetic set's default size, section 7).
_FRAMES = {
    "synthetic": (2000, 2000),
    "ped2": (2550, 2010),
    "ped1": (6800, 7200),
    "avenue": (15328, 15324),
    "shanghaitech": (274515, 40791),
}
# Core-seconds a clip at 256x256 and a quarter of the width: a training step, an evaluation under all variants, as
# measured on an AMD EPYC (Zen 5) with two cells side by side.
_CLIP_COST = {"mnad": (0.105, 0.07), "memae": (0.3, 0.12)}
_LEARNING_FREE_COST = (0.0, 0.0001)
_SIZE, _WIDTH = 256, 0.25
# Seconds of a process's start, and core-seconds a clip costs however small it is.
_START, _CLIP_OVERHEAD = 5.0, 0.002


def modelled_core_seconds(settings: Settings) -> float | None:
    """Core-seconds of training and evaluation on a CPU by the table of costs; None for a set whose size is not known here."""
    if settings.dataset not in _FRAMES:
        return None
    train, test = _FRAMES[settings.dataset]
    scale = (settings.size / _SIZE) ** 2 * (settings.width / _WIDTH) ** 2
    step, score = (cost * scale + _CLIP_OVERHEAD for cost in _CLIP_COST.get(settings.method, _LEARNING_FREE_COST))
    return settings.epochs * (train / settings.train_stride) * step + test * score


@dataclass(frozen=True)
class Measured:
    """What one record says about time. core_seconds: of all phases that repeat (frames are stored once)."""

    settings: Settings
    device: str
    core_seconds: float


def measured(record: Mapping[str, Any]) -> Measured | None:
    """Read settings, device and core-seconds from a record; None where it lacks them."""
    try:
        phases, hardware = record["phases"], record["hardware"]
        seconds = phases["train"]["seconds"] + phases["evaluate"]["seconds"]
        return Measured(Settings.from_dict(record["settings"]), hardware["device"], seconds * hardware["threads"])
    except (KeyError, TypeError, StudyError):
        return None


def read_measured(results: Path, profiles: Iterable[str]) -> list[Measured]:
    """What all records of the given profiles say about time, whatever their data set."""
    files = (file for profile in profiles for file in sorted(results.glob(f"runs/*/{profile}/*/seed-*.json")))
    records = (record for file in files if (record := read_json(file)) is not None)
    return [one for record in records if (one := measured(record)) is not None]


# From the closest relatives of a cell to the most distant ones worth asking.
_RELATIONS: tuple[Callable[[Settings], object], ...] = (
    lambda one: one.hash,
    lambda one: (one.method, one.task, one.memory, one.profile),
    lambda one: (one.method, one.profile),
)


def estimate_seconds(settings: Settings, known: Iterable[Measured], *, device: str, threads: int) -> float | None:
    """Seconds a cell takes with so many threads; None where nothing is known (an accelerator without any record).

    A relative's time is scaled by what the table of costs says of the two.
    """
    model = modelled_core_seconds(settings)
    known = [one for one in known if one.device == device]
    for relation in _RELATIONS:
        kin = [one for one in known if relation(one.settings) == relation(settings)]
        if relation is _RELATIONS[0] and kin:
            return _START + median(one.core_seconds for one in kin) / threads
        ratios = [one.core_seconds / cost for one in kin if (cost := modelled_core_seconds(one.settings))]
        if ratios and model is not None:
            return _START + median(ratios) * model / threads
    return None if model is None or device != "cpu" else _START + model / threads
