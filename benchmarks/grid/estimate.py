"""How long a cell takes: as long as the most similar measured cell, scaled by frames, size, width and epochs.

Training and evaluation are scaled apart. Where no record is of the cell's method, measured costs of a clip stand in on a
CPU, and on a GPU its operations at the throughput assumed for the card (`benchmarks.grid.cards`).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.data.facts import FACTS
from benchmarks.errors import StudyError
from benchmarks.grid.cards import Card, card_of, pass_seconds, step_seconds
from benchmarks.grid.flops import training_flops
from benchmarks.grid.places import read_json
from benchmarks.study.settings import BASELINES, LEARNING_FREE, TASKS, Settings

_SIZE, _WIDTH = 256, 0.25
# Seconds of a process's start, and core-seconds a clip costs however small it is.
_START, _CLIP_OVERHEAD = 5.0, 0.002
# Seconds of a CPU's work that a GPU leaves to it for each test frame: metrics of error maps, the look at sampled frames.
_HOST_PER_FRAME = 0.02
# How unlike two cells of one method are in time: octaves of size and width count 1 each, these if they differ.
_UNLIKE = {"precision": 4.0, "memory": 0.5, "task": 0.25, "skip": 0.25, "items": 0.25}
_OTHER_MODE = 2.0  # the mode `fast` takes about half the time


@dataclass(frozen=True)
class CoreSeconds:
    """Core-seconds (on a GPU: seconds) of what every run of a cell repeats (frames are stored once).

    evaluate: scoring, and with it the look into memory and queries that follows.
    """

    train: float
    evaluate: float

    @property
    def total(self) -> float:
        """Both phases."""
        return self.train + self.evaluate


@dataclass(frozen=True)
class Measured:
    """What one record, or the timing of first steps, says about time and memory.

    accelerator: its name; None on a CPU. peak: MiB that the process took at most.
    """

    settings: Settings
    device: str
    seconds: CoreSeconds
    mode: str = "record"
    accelerator: str | None = None
    peak: float | None = None


def modelled(settings: Settings, evaluate_every: int = 0, card: Card | None = None) -> CoreSeconds | None:
    """Time on a CPU by the table of costs, or on a card by operations; None for a set whose size is not known here.

    evaluate_every: as in a study file; looks between epochs count as training.
    """
    if settings.dataset not in FACTS:
        return None
    train, test = _frames(settings)
    if card is not None and settings.method not in LEARNING_FREE:
        return _on_card(settings, evaluate_every, card)
    scale = (settings.size / _SIZE) ** 2 * (settings.width / _WIDTH) ** 2
    step, half = (cost * scale + _CLIP_OVERHEAD for cost in settings.method_card.clip_cost)
    looks = (settings.epochs - 1) // evaluate_every if evaluate_every else 0
    return CoreSeconds(
        settings.epochs * (train / settings.train_stride) * (settings.temporal_strides or 1) * step
        + looks * test * 2 * half,
        test * _halves(settings) * half,
    )


def training_work(settings: Settings) -> float | None:
    """Floating-point operations of a cell's training; None where they are not known."""
    flops = training_flops(settings)
    if flops is None or settings.dataset not in FACTS:
        return None
    return settings.epochs * (_frames(settings)[0] / settings.train_stride) * flops


def _on_card(settings: Settings, evaluate_every: int, card: Card) -> CoreSeconds | None:
    """Time on a card; None for a method whose operations are not known."""
    train, test = _frames(settings)
    step, half = step_seconds(settings, card), pass_seconds(settings, card)
    if step is None or half is None:
        return None
    looks = (settings.epochs - 1) // evaluate_every if evaluate_every else 0
    steps = settings.epochs * (train / settings.train_stride) / settings.batch
    evaluate = test * (_halves(settings) * half + _HOST_PER_FRAME)
    return CoreSeconds(steps * step + looks * test * 2 * half, evaluate)


def _frames(settings: Settings) -> tuple[int, int]:
    """Training and test frames of a set that is known."""
    facts = FACTS[settings.dataset]
    return facts.train.frames, facts.test.frames


def _halves(settings: Settings) -> float:
    """Passes through encoder or decoder that a test clip takes under all variants, one that is thinned for a quarter."""
    if settings.method in LEARNING_FREE:
        return 1.0
    if settings.method in BASELINES:
        return 2.0
    whole = len(settings.memory_card.variants) + len(TASKS[settings.task].variants)
    thinned = 3 + len(settings.memory_card.ablations)
    return 1 + whole + thinned / 4


def measured(record: Mapping[str, Any]) -> Measured | None:
    """Read settings, device and core-seconds from a record; None where it lacks them."""
    try:
        phases, hardware = record["phases"], record["hardware"]
        cores = hardware["threads"] if hardware["device"] == "cpu" else 1  # threads make no GPU faster
        train, scoring = (phases[name]["seconds"] * cores for name in ("train", "evaluate"))
        look = phases.get("look", {}).get("seconds", 0.0) * cores  # older records have none
        settings, mode = Settings.from_dict(record["settings"]), str(record.get("mode", "record"))
        peaks = [phase["peak_memory_mb"] for phase in phases.values() if phase.get("peak_memory_mb")]
        seconds, peak = CoreSeconds(train, scoring + look), max(peaks, default=None)
        return Measured(settings, hardware["device"], seconds, mode, hardware.get("accelerator"), peak)
    except (KeyError, TypeError, StudyError):
        return None


def read_measured(results: Path, work: Path | None = None) -> list[Measured]:
    """What all records say about time, whatever their data set and profile, and the timings of first steps in `work`."""
    files = [*sorted(results.glob("runs/*/*/*/seed-*.json")), *sorted(work.glob("*/timing.json") if work else ())]
    records = (record for file in files if (record := read_json(file)))
    return [one for record in records if (one := measured(record)) is not None]


def estimate_seconds(
    settings: Settings,
    known: Iterable[Measured],
    *,
    device: str,
    threads: int,
    mode: str = "record",
    evaluate_every: int = 0,
    accelerator: str | None = None,
) -> float | None:
    """Seconds a cell takes with so many threads; None where nothing is known.

    accelerator: name of the GPU; records of another say nothing. Where there is no record of it either, its operations
    count, if the card is one of `benchmarks.grid.cards` and the method's operations are known.
    """
    known = [one for one in known if _speaks_for(one, settings, device, accelerator)]
    same = [one for one in known if one.settings == settings and one.mode == mode]
    threads = threads if device == "cpu" else 1
    if same and not evaluate_every:
        return _START + _undisturbed([one.seconds.total for one in same]) / threads
    card = None if device == "cpu" else card_of(accelerator)
    model = modelled(settings, evaluate_every, card)
    if model is None:
        return None
    pairs = [
        (one, of) for one in _nearest(settings, mode, known) if (of := modelled(one.settings, card=card)) is not None
    ]
    if not pairs:
        return _START + model.total / threads if device == "cpu" or card is not None else None
    train = model.train * _ratio([(one.seconds.train, of.train) for one, of in pairs])
    evaluate = model.evaluate * _ratio([(one.seconds.evaluate, of.evaluate) for one, of in pairs])
    return _START + (train + evaluate) / threads


def _speaks_for(one: Measured, settings: Settings, device: str, accelerator: str | None) -> bool:
    """Whether a measurement is of the method and of the device; a GPU whose name is not known may be any."""
    named = accelerator is not None and one.accelerator is not None
    return (
        one.device == device
        and one.settings.method == settings.method
        and (not named or one.accelerator == accelerator)
    )


def estimate_peak(settings: Settings, known: Iterable[Measured], mode: str = "record") -> float | None:
    """MiB that a cell's process takes at most: the median peak of the records least unlike it; None without any."""
    of_method = [one for one in known if one.peak is not None and one.settings.method == settings.method]
    peaks = [one.peak for one in _nearest(settings, mode, of_method) if one.peak is not None]
    return median(peaks) if peaks else None


def _nearest(settings: Settings, mode: str, known: Sequence[Measured]) -> list[Measured]:
    """The measured cells that are least unlike a cell; several where they are equally so."""
    distances = [
        (_distance(settings, one.settings) + _OTHER_MODE * (one.mode != mode), one)
        for one in known
        if one.settings.dataset in FACTS
    ]
    least = min((distance for distance, _ in distances), default=0.0)
    return [one for distance, one in distances if distance <= least + 1e-9]


def _distance(one: Settings, other: Settings) -> float:
    octaves = abs(math.log2(one.size / other.size)) + abs(math.log2(one.width / other.width))
    return octaves + sum(cost for name, cost in _UNLIKE.items() if getattr(one, name) != getattr(other, name))


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    """Measured over modelled time; 1 where the model has no time, as for a method without training."""
    return _undisturbed([seconds / model for seconds, model in pairs if model] or [1.0])


def _undisturbed(times: Sequence[float]) -> float:
    """The lower quartile: whatever else a machine does makes a cell slower, and nothing makes it faster."""
    return quantiles(times, n=4, method="inclusive")[0] if len(times) > 1 else times[0]
