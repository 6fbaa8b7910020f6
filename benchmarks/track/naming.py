"""Names of runs: MLflow's columns and legends show some twenty characters, so what differs comes first."""

from collections.abc import Mapping
from typing import Final

from benchmarks.report.read.rows import GEOMETRY, METHOD_NAMES, departures, native_skip
from benchmarks.study.settings import AUTOENCODERS, Settings

# Characters of a name that MLflow shows in a column or legend.
SHOWN: Final = 20

_TASKS: Final = {"reconstruction": "rec", "prediction": "pred"}
_SUPERVISIONS: Final = {"none": "+mem", "uniform_rc2020": "+rc", "uniform_balance": "+bal"}
_METHODS: Final = {
    "frame_difference": "frame diff",
    "fcae": "FCAE",
    "rbm_patches": "RBM",
    "lstm_vector_ae": "LSTM AE",
    "aae": "AAE",
    "stae": "STAE",
}
# Losses and thresholds of a memory, by the word for those that are switched off.
_SWITCHES: Final = {
    "compactness_weight": "-comp",
    "separateness_weight": "-sep",
    "shrink_threshold": "-shr",
    "entropy_weight": "-ent",
}
# Settings whose value says enough; the strength of negative learning goes without saying.
_VALUE_ALONE: Final = frozenset({"target_corruption", "backbone", "kernels", "noise_unit"})
_WITH_ANOTHER: Final = frozenset({"negative_margin", "negative_frames"})
_LAST: Final = GEOMETRY | {"region"}


def run_name(settings: Settings, seed: int | None = None, origin: str = "reference") -> str:
    """Name the run of a setting, or of one of its seeds: ``s0 MNAD pred+mem``, ``MemAE rec 10 items``.

    The sign before ``mem`` says whether the memory is there; ``+bal`` and ``+rc`` are a memory with the uniform loss. A
    percentage in place of the task is denoising. Runs of the user's own begin with ``own``.
    """
    own = [] if origin == "reference" else [origin]
    return " ".join([*own, *([] if seed is None else [f"s{seed}"]), *_parts(settings, with_memory=True)])


def contrast_name(settings: Settings, origin: str = "reference") -> str:
    """Name a contrast of memory minus none by the setting that has the memory: ``Δ MNAD pred``."""
    own = [] if origin == "reference" else [origin]
    return " ".join([*own, "Δ", *_parts(settings, with_memory=False)])


def _parts(settings: Settings, *, with_memory: bool) -> list[str]:
    method = _METHODS.get(settings.method, METHOD_NAMES.get(settings.method, settings.method))
    extra = departures(settings)
    if settings.method not in AUTOENCODERS:
        return [method, *_others(extra)]
    parts = [method, _TASKS.get(settings.task, f"{100 * (settings.noise or 0):g}%")]
    own_memory = settings.has_own_memory or not settings.has_memory
    of_memory = _of_memory(extra)
    # What is said of a memory says that it is there.
    if with_memory and not (of_memory and own_memory and settings.supervision == "none"):
        parts[-1] += _memory(settings)
    elif not own_memory:
        parts.append(f"{settings.memory}-mem")
    parts += of_memory
    if settings.skip != native_skip(settings):
        parts[-1] += "+skip" if settings.skip else "-skip"
    if settings.preset != "official":
        parts.append(settings.preset)
    return [
        *parts,
        *_others({name: value for name, value in extra.items() if name not in (*_SWITCHES, "items", "address")}),
    ]


def _memory(settings: Settings) -> str:
    if not settings.has_memory:
        return "-mem"
    another = "" if settings.has_own_memory else f"{settings.memory}-"
    return _SUPERVISIONS[settings.supervision].replace("+", f"+{another}")


def _of_memory(extra: Mapping[str, object]) -> list[str]:
    switched = [
        word if extra[name] == 0 else f"{word[1:]}{_short(extra[name])}"
        for name, word in _SWITCHES.items()
        if name in extra
    ]
    address = [str(extra["address"])] if "address" in extra else []
    items = [_counted(extra["items"], "item")] if "items" in extra else []
    return [*address, *switched, *items]


def _others(extra: Mapping[str, object]) -> list[str]:
    """Single settings, those that a profile or a whole study sets last."""
    names = sorted(
        extra.keys() - _WITH_ANOTHER,
        key=lambda name: (name != "epochs", name in _LAST, name != "precision", list(extra).index(name)),
    )
    return [_other(name, extra[name]) for name in names]


def _other(name: str, value: object) -> str:
    if name == "precision":
        return str(value).replace("float", "f")
    if name in _VALUE_ALONE:
        return str(value)
    words = {
        "negative_weight": "negative",
        "noise_frames": _counted(value, "noisy frame"),
        "epochs": f"{value}ep",
    }
    return words.get(name, f"{name}={value}")


def _short(value: object) -> str:
    """A number in few characters: ``1e-3`` for 0.001."""
    return f"{value:.0e}".replace("e-0", "e-") if isinstance(value, float) and 0 < value < 0.01 else f"={value}"


def _counted(number: object, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
