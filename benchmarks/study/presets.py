"""From the factors of a study file to complete settings: profiles, presets and their divergences.

STUDY sections 3, 4 and 6 are the source of the cards' numbers. A profile changes geometry and length only; a preset
changes what the published sources disagree about.
"""

from dataclasses import fields, replace
from typing import Any

from benchmarks.data.facts import FACTS
from benchmarks.errors import StudyError
from benchmarks.study.baselines import negative_learning
from benchmarks.study.memories import MEMORIES, NO_MEMORY
from benchmarks.study.settings import LEVELS, METHODS, Settings
from benchmarks.study.tasks import SUPERVISIONS, TASKS
from benchmarks.study.validation import refuse_invalid
from benchmarks.study.value_types import with_own_type

# What makes a cell large, but for its length.
_GEOMETRY = ("size", "width", "train_stride", "bottleneck", "shrunk_size", "patch", "patch_stride", "patches")
_REHEARSED_EPOCHS = 3
_OWN = "own"


def _check_level(name: str, value: object) -> None:
    levels = LEVELS.get(name, ())
    levels = (_OWN, *levels) if name == "memory" else levels
    if levels and value not in levels:
        raise StudyError(
            f"Expected {name} to be one of {', '.join(levels)}, but got {value!r}; correct the study file."
        )


def native_skip(method: str, task: str) -> bool:
    """Whether the published network for this method and task has skips (STUDY section 2; denoising as prediction)."""
    return task in METHODS[method].native_skip


def resolve(  # the factors of STUDY section 2, one argument each
    *,
    dataset: str,
    method: str,
    task: str,
    memory: str = "own",
    skip: bool | None = None,
    supervision: str = "none",
    preset: str = "official",
    profile: str = "cpu",
    **overrides: Any,
) -> Settings:
    """Complete the settings of a cell from its factors; any setting can be overridden by name.

    skip: None means the native level: on for MNAD's prediction and denoising, off elsewhere.
    Raises StudyError for an unknown factor, level or setting (the valid ones listed) and for an invalid combination.
    """
    chosen = {"method": method, "task": task, "memory": memory, "supervision": supervision}
    for name, value in {**chosen, "preset": preset, "profile": profile, **overrides}.items():
        _check_level(name, value)
    known = {field.name for field in fields(Settings)}
    unknown = sorted(set(overrides) - known)
    if unknown:
        raise StudyError(f"Expected settings among {', '.join(sorted(known))}, but got {', '.join(unknown)}.")
    overrides = {name: with_own_type(name, value) for name, value in overrides.items()}
    if skip is not None:
        with_own_type("skip", skip)
    card = METHODS[method]
    if memory == _OWN:
        memory = method if method in MEMORIES else NO_MEMORY
    if skip is None:
        skip = native_skip(method, task)
    values: dict[str, Any] = {
        "dataset": dataset,
        "method": method,
        "task": task,
        "memory": memory,
        "skip": skip,
        "supervision": supervision,
        "preset": preset,
        "profile": profile,
        "precision": "bfloat16",
        "calibration_videos": 1,
        "channels": 1 if card.grey or (profile != "paper" and dataset in FACTS and FACTS[dataset].grey) else 3,
        **card.geometry(profile),
    }
    cards = [TASKS[task], card, MEMORIES[memory], SUPERVISIONS[supervision]] if card.composed else [card]
    for one in cards:
        values |= one.resolved({**overrides, **values})
    values |= negative_learning(overrides)
    settings = Settings(**(values | overrides))
    refuse_invalid(settings)
    return settings


def rehearsed(settings: Settings) -> Settings:
    """Return the settings at the size and length of a smoke test, long enough to be interrupted; all else stays."""
    small = settings.method_card.geometry("smoke")
    sizes = {name: small[name] for name in _GEOMETRY if name in small and getattr(settings, name) is not None}
    shrunk = replace(settings, **sizes, epochs=_REHEARSED_EPOCHS if settings.epochs else 0)
    refuse_invalid(shrunk)
    return shrunk
