"""From the factors of a study file to complete settings: profiles, presets and their divergences.

STUDY sections 3, 4 and 6 are the source of every number here. A profile changes geometry and length only; a preset
changes what the published sources disagree about.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from benchmarks.errors import StudyError
from benchmarks.study import settings as names
from benchmarks.study.baseline_presets import baseline, negative_learning
from benchmarks.study.legality import refuse_illegal
from benchmarks.study.settings import Settings
from benchmarks.study.value_types import with_own_type

# Sets whose three channels are equal, so that one holds everything.
GREY_DATASETS = ("ped2", "ped1", "synthetic")

_PROFILES: dict[str, dict[str, dict[str, Any]]] = {
    "paper": {
        "mnad": {"size": 256, "width": 1.0, "epochs": 60, "batch": 4, "train_stride": 1},
        "memae": {"size": 256, "width": 1.0, "epochs": 100, "batch": 10, "train_stride": 1},
    },
    "cpu": {
        "mnad": {"size": 256, "width": 0.25, "epochs": 3, "batch": 4, "train_stride": 1},
        "memae": {"size": 256, "width": 0.25, "epochs": 3, "batch": 4, "train_stride": 4},
    },
    "small": {
        "mnad": {"size": 128, "width": 0.25, "epochs": 3, "batch": 4, "train_stride": 1},
        "memae": {"size": 128, "width": 0.25, "epochs": 3, "batch": 4, "train_stride": 4},
    },
    "smoke": {
        "mnad": {"size": 32, "width": 0.125, "epochs": 2, "batch": 4, "train_stride": 16},
        "memae": {"size": 32, "width": 0.125, "epochs": 2, "batch": 4, "train_stride": 32},
    },
}

# What makes a cell large, but for its length.
_GEOMETRY = ("size", "width", "train_stride", "bottleneck", "shrunk_size", "patch", "patch_stride", "patches")
_REHEARSED_EPOCHS = 3

_FACTOR_LEVELS: dict[str, tuple[str, ...]] = {
    "method": names.METHODS,
    "task": names.TASKS,
    "supervision": names.SUPERVISIONS,
    "preset": names.PRESETS,
    "profile": names.PROFILES,
    "memory": ("own", *names.MEMORIES),
    "precision": names.PRECISIONS,
    "schedule": ("cosine", "constant"),
    "noise_unit": ("pixel", "element"),
    "noise_range": ("scaled", "rc2020"),
    "update_weight": ("all", "own"),
    "compactness_reduction": ("mean", "sum"),
    "address": ("inner_product", "cosine"),
    "upsampling": ("keep", "halve"),
    "error": ("mse", "mean_absolute_error", "sequence_cost"),
    "frames_as": ("sequence", "channels"),
    "backbone": ("vgg19", "random", "self_supervised"),
    "kernels": ("3-5-7-9", "3-5-9"),
    "region": ("pool",),
    "target_corruption": ("gaussian", "bounded_gaussian", "inverted", "modulo_shift"),
}


def _check_level(name: str, value: object) -> None:
    levels = _FACTOR_LEVELS.get(name)
    if levels is not None and value not in levels:
        raise StudyError(
            f"Expected {name} to be one of {', '.join(levels)}, but got {value!r}; correct the study file."
        )


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
    Raises StudyError for an unknown factor, level or setting (the valid ones listed) and for an illegal combination.
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
    if memory == "own":
        memory = method if method in names.AUTOENCODERS else "none"
    if skip is None:
        skip = method == "mnad" and task in ("prediction", "denoising")
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
        **_geometry(method, profile),
    }
    grey = method == "memae" or (dataset in GREY_DATASETS and profile != "paper")
    values["channels"] = 1 if grey else 3
    values |= _METHOD_VALUES[method](values)
    values |= _memory(values, overrides.get("items"))
    values |= _supervision(values)
    values |= _denoising(values)
    values |= negative_learning(overrides)
    settings = Settings(**(values | overrides))
    refuse_illegal(settings)
    return settings


def rehearsed(settings: Settings) -> Settings:
    """Return the settings at the size and length of a smoke test, long enough to be interrupted; all else stays."""
    small = _geometry(settings.method, "smoke")
    if settings.method in names.BASELINES:
        small = baseline(settings.method, "smoke")
    sizes = {name: small[name] for name in _GEOMETRY if name in small and getattr(settings, name) is not None}
    shrunk = replace(settings, **sizes, epochs=_REHEARSED_EPOCHS if settings.epochs else 0)
    refuse_illegal(shrunk)
    return shrunk


def _mnad(factors: Mapping[str, Any]) -> dict[str, Any]:
    """What MNAD fixes, whatever its memory: optimisation, decoder, score."""
    prediction = factors["task"] == "prediction"
    # Park et al. quote 2e-5 for reconstruction, their documented command uses 2e-4; RC2020 follows the quote.
    slow = not prediction and factors["preset"] in ("paper", "rc2020")
    values: dict[str, Any] = {
        "learning_rate": 2e-5 if slow else 2e-4,
        "schedule": "cosine",
        "error": "mse",
        "alpha": 1.0,
    }
    if factors["memory"] == "mnad":
        values["alpha"] = 0.6 if prediction else 0.7
        values["update_threshold"] = 0.01 if prediction else 0.015
    if factors["memory"] == "none":
        # The released code has no such twin; leaving the memory out leaves its normalisation out, as RC2020 does.
        values["normalise_query"] = False
    if not factors["skip"]:
        values["upsampling"] = "keep" if factors["preset"] == "official" else "halve"
    return values


def _memae(factors: Mapping[str, Any]) -> dict[str, Any]:
    """What MemAE fixes, whatever its memory. Its score in the text is the squared error, in the code the absolute."""
    # The released code scores the twin without memory by the squared error; records hold both, so contrasts can agree.
    squared = factors["preset"] == "paper" or factors["memory"] == "none"
    values: dict[str, Any] = {
        "learning_rate": 1e-4,
        "schedule": "constant",
        "error": "mse" if squared else "mean_absolute_error",
    }
    if factors["memory"] == "mnad":
        values |= {"alpha": 1.0, "update_threshold": 0.015}
    if factors["memory"] == "none":
        values["normalise_query"] = False
    return values


def _geometry(method: str, profile: str) -> dict[str, Any]:
    """Size, width and length; frames of the profile's size for a method that trains no network."""
    if method in names.BASELINES:
        return {}  # they come with all else that a baseline fixes
    if method in names.AUTOENCODERS:
        return _PROFILES[profile][method]
    return {**_PROFILES[profile]["mnad"], "width": 1.0, "epochs": 0, "train_stride": 1}


def _baseline(factors: Mapping[str, Any]) -> dict[str, Any]:
    """What a baseline fixes: geometry, channels, optimisation, score."""
    return baseline(factors["method"], factors["profile"])


def _learning_free(factors: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing is optimised; the error is MNAD's."""
    del factors
    return {"learning_rate": 0.0, "schedule": "constant", "error": "mse"}


# What fixes a method's own settings; a method without an entry is none.
_METHOD_VALUES: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "mnad": _mnad,
    "memae": _memae,
    **dict.fromkeys(names.BASELINES, _baseline),
    **dict.fromkeys(names.LEARNING_FREE, _learning_free),
}


def _memory(factors: Mapping[str, Any], items: int | None = None) -> dict[str, Any]:
    """What the memory fixes, whatever its backbone; items: how many where the study file says so."""
    paper = factors["preset"] == "paper"
    if factors["memory"] == "mnad":
        weight = 0.1 if factors["task"] == "prediction" else 0.01
        return {
            "items": 10,
            "update_weight": "own" if paper else "all",
            "read_gradient": paper,
            "compactness_reduction": "sum" if paper else "mean",
            "compactness_weight": weight,
            "separateness_weight": weight,
        }
    if factors["memory"] == "memae":
        return {
            "items": 2000,
            "address": "cosine" if paper else "inner_product",
            # The text gives the interval [1/N, 3/N], the code 5/N at its 2,000 items. The preset takes the lower end: at
            # 2/N, down to a quarter of the width, no weight of a cosine to freshly drawn items survives.
            "shrink_threshold": 1 / (items or 2000) if paper else 0.0025,
            "entropy_weight": 0.0002,
        }
    return {}


def _supervision(factors: Mapping[str, Any]) -> dict[str, Any]:
    """Weights of the forced-uniform supervisions (STUDY section 5)."""
    if factors["supervision"] == "none":
        return {}
    values: dict[str, Any] = {"uniform_weight": 1.0}
    if factors["supervision"] == "uniform_balance":
        values["uniform_temperature"] = 0.1
    elif factors["memory"] == "mnad":
        # RC2020's script scales the other two losses by 0.01 on top of their weight of 0.1.
        values |= {"compactness_weight": 0.001, "separateness_weight": 0.001}
    return values


def _denoising(factors: Mapping[str, Any]) -> dict[str, Any]:
    """Salt-and-pepper noise: 25 % unless the study file says otherwise; MemAE's clip has its own length."""
    if factors["task"] != "denoising":
        return {}
    rc2020 = factors["preset"] == "rc2020"
    return {
        "noise": 0.25,
        "noise_frames": 16 if factors["method"] == "memae" else 4 if rc2020 else 1,
        "noise_unit": "element" if rc2020 else "pixel",
        "noise_range": "rc2020" if rc2020 else "scaled",
    }
