"""The settings of a cell, and the hash that is their identity.

Outside they are one flat dictionary. Inside, what only some cells have is declared by the cards of methods, memories,
tasks and supervisions, and cannot be given to a cell without that card.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Self, TypeVar

from benchmarks.data.facts import FACTS
from benchmarks.errors import StudyError
from benchmarks.study.baselines import BASELINE_CARDS, BaselineSettings, NegativeSettings
from benchmarks.study.cards import Card, Declared, OwnSettings, declared
from benchmarks.study.memories import MEMORIES, NO_MEMORY, MemoryCard
from benchmarks.study.methods import AUTOENCODER_CARDS, LEARNING_FREE_CARDS, PROFILES, MethodCard
from benchmarks.study.tasks import NO_SUPERVISION, SUPERVISIONS, TASKS

__all__ = ["MEMORIES", "PROFILES", "SUPERVISIONS", "TASKS"]  # and what is defined here

METHODS: Mapping[str, MethodCard] = {**AUTOENCODER_CARDS, **BASELINE_CARDS, **LEARNING_FREE_CARDS}
AUTOENCODERS = tuple(AUTOENCODER_CARDS)
# The other systems of the source documents: they reconstruct, without memory, skips or supervision.
BASELINES = tuple(BASELINE_CARDS)
LEARNING_FREE = tuple(LEARNING_FREE_CARDS)
# Draw nothing, so that every seed gives the same numbers.
SEEDLESS = tuple(name for name, card in METHODS.items() if not card.draws)
# Sets whose frames are generated when a cell first wants them; every other one must be on disk.
GENERATED_DATASETS = tuple(name for name, facts in FACTS.items() if facts.generated)
PRESETS = ("official", "paper", "rc2020")
# A test of the machinery: its figures mean nothing, and no view shows them.
UNREPORTED = "smoke"
MODES = ("record", "fast")
PRECISIONS = ("bfloat16", "float32", "float64")
# More repetitions than anybody runs: a slip of the finger would list cells until memory ends.
MOST_SEEDS = 1000


_CARDS: Final[Mapping[str, Mapping[str, Card]]] = {
    "task": TASKS,
    "memory": MEMORIES,
    "supervision": SUPERVISIONS,
    "method": METHODS,
}
"""The factors whose levels are cards."""
_LAST: Final = ("alpha", "update_threshold")
_Own = TypeVar("_Own", bound=OwnSettings)


@dataclass(frozen=True, kw_only=True)
class CommonSettings:
    """What every cell has: the factors of the study (STUDY section 2), what a profile sets, optimisation."""

    dataset: str
    method: str
    task: str
    skip: bool
    memory: str
    supervision: str = NO_SUPERVISION
    preset: str
    profile: str

    # Geometry and length: what a profile sets.
    size: int
    channels: int
    width: float
    epochs: int
    batch: int
    train_stride: int
    calibration_videos: int
    precision: str

    learning_rate: float
    schedule: str


def _declarations() -> dict[str, Declared]:
    """Return the settings of all cards, in the order in which records hold them."""
    groups = [card.settings for cards in _CARDS.values() for card in cards.values()]
    found: dict[str, Declared] = {}
    for group in (*groups, BaselineSettings, NegativeSettings):
        found |= {name: one for name, one in declared(group).items() if name not in found}
    return {name: found[name] for name in sorted(found, key=_LAST.__contains__)}


DECLARED: Final = MappingProxyType(_declarations())
"""What cards say of each setting that only some cells have."""
OWNERS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    name: tuple(
        (factor, level)
        for factor, cards in _CARDS.items()
        for level, card in cards.items()
        if name in card.setting_names()
    )
    for name in DECLARED
}
"""The cards, as (factor, level), that each of these settings comes with."""

LEVELS: Final[Mapping[str, tuple[str, ...]]] = {
    **{factor: tuple(cards) for factor, cards in _CARDS.items()},
    "preset": PRESETS,
    "profile": PROFILES,
    "precision": PRECISIONS,
    "schedule": ("cosine", "constant"),
    "error": ("mse", "mean_absolute_error", "sequence_cost"),
    **{name: one.levels for name, one in DECLARED.items() if one.levels},
}
"""The valid texts of each setting that has such."""

# The error may differ too: the released code scores by another one where there is no memory.
_WITH_MEMORY: Final = frozenset(
    {"memory", "supervision", "error"}.union(
        name for name, owners in OWNERS.items() if any(factor in ("memory", "supervision") for factor, _ in owners)
    )
)

# A class whose fields come from the cards: None, its default, means that a setting does not apply.
_CardSettings: Any = make_dataclass(
    "_CardSettings",
    [
        *((name, one.type | None, field(default=None)) for name, one in DECLARED.items() if name not in _LAST),
        ("error", str),
        *((name, DECLARED[name].type | None, field(default=None)) for name in _LAST),
    ],
    frozen=True,
    kw_only=True,
)


@dataclass(frozen=True, kw_only=True)
class Settings(_CardSettings, CommonSettings):  # type: ignore[misc]  # its fields are known when the cards are
    """Everything that determines a cell's numbers, but for seed and data.

    A value of None means that the setting does not apply to this cell; such settings are left out of the hash, so a
    setting that a new card declares leaves every older hash as it was. Raises StudyError for a setting of another card.
    """

    def __post_init__(self) -> None:
        """Refuse a setting that changes nothing: it would make another identity of the same cell."""
        reason = self._foreign_reason()
        if reason is not None:
            raise StudyError(f"The cell {self.name} cannot be run: {reason}")

    def _foreign_reason(self) -> str | None:
        if any(getattr(self, factor) not in cards for factor, cards in _CARDS.items()):
            return None  # there is no such level, which validation says
        # Of a system of its own, memory and task are none.
        factors = tuple(_CARDS) if self.method_card.composed else ("method",)
        for name, owners in OWNERS.items():
            if getattr(self, name) is None or any(
                factor in factors and getattr(self, factor) == level for factor, level in owners
            ):
                continue
            factor = owners[0][0] if owners[0][0] in factors else "method"
            whose = " or ".join(f"{one}={level}" for one, level in owners)
            return f"{name} is a setting of {whose}, but {factor}={getattr(self, factor)}; leave it out."
        return None

    @property
    def method_card(self) -> MethodCard:
        """What is known of the method."""
        return METHODS[self.method]

    @property
    def supervision_card(self) -> Card:
        """What its supervision says of itself."""
        return SUPERVISIONS[self.supervision]

    @property
    def memory_card(self) -> MemoryCard:
        """What is known of the memory; of a cell without one, how it does without."""
        return MEMORIES[self.memory]

    @property
    def has_memory(self) -> bool:
        """Whether there is a memory."""
        return self.memory != NO_MEMORY

    @property
    def has_own_memory(self) -> bool:
        """Whether the memory is that of the method's paper."""
        return self.memory == self.method

    @property
    def memory_level(self) -> str:
        """The memory as a level of its factor: ``own``, ``none``, or the printed name of another method's."""
        return "own" if self.has_own_memory else self.memory_card.printed

    @property
    def beside_memory(self) -> tuple[object, ...]:
        """All but the memory, its supervision and what comes with them: equal in cells that differ in the memory alone."""
        return tuple(getattr(self, one.name) for one in fields(self) if one.name not in _WITH_MEMORY)

    def cards(self) -> tuple[Card, ...]:
        """Return the cards of this cell's levels."""
        if not self.method_card.composed:
            return (self.method_card,)
        return tuple(cards[getattr(self, factor)] for factor, cards in _CARDS.items())

    def changed(self, **values: Any) -> Self:
        """Return the same settings with other values, as `dataclasses.replace` does for settings that every cell has."""
        return type(self)(**{one.name: getattr(self, one.name) for one in fields(self)} | values)

    def of(self, own: type[_Own]) -> _Own:
        """Return a card's own settings, as the dataclass that declares them."""
        return own(**{name: getattr(self, name) for name in declared(own)})

    def to_dict(self) -> dict[str, Any]:
        """Return the settings that apply, in the order of declaration; JSON can hold it."""
        named = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in named if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote; raises StudyError for a name that is not a setting or one that is missing."""
        known = {field.name: field for field in fields(cls)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise StudyError(
                f"Expected settings among {', '.join(known)}, but got {', '.join(unknown)}; correct the name."
            )
        try:
            return cls(**values)
        except TypeError as error:
            raise StudyError(f"Expected a complete set of settings, but {error}; resolve the cell again.") from error

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) of the canonical JSON of the settings that apply."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @cached_property
    def name(self) -> str:
        """A readable slug that ends in the first eight digits of the hash: ``mnad-prediction-skip-memory-1a2b3c4d``."""
        task = self.task if self.noise is None else f"{self.task}{round(100 * self.noise)}"
        memory = {self.method: "memory", NO_MEMORY: "no_memory"}.get(self.memory, f"{self.memory}_memory")
        if self.method in LEARNING_FREE:
            return f"{self.method}-{self.hash[:8]}"
        if self.method in BASELINES:
            return "-".join([self.method, *self._of_a_baseline(), self.hash[:8]])
        parts = [self.method, task, "skip" if self.skip else "no_skip", memory]
        if self.supervision != NO_SUPERVISION:
            parts.append(self.supervision)
        if self.preset != "official":
            parts.append(self.preset)
        return "-".join([*parts, self.hash[:8]])

    def _of_a_baseline(self) -> list[str]:
        """What a document calls a variant of its system, in words."""
        without = ["no_dense"] if self.bottleneck == 0 else []
        stacked = ["stacked"] if self.frames_as == "channels" else []
        backbone = [] if self.backbone in (None, "vgg19") else [str(self.backbone)]
        shallow = ["three_layers"] if self.kernels == "3-5-9" else []
        corrupted = [self.target_corruption] if self.target_corruption is not None else []
        negative = ["negative"] if self.negative_weight is not None else []
        return [*without, *stacked, *shallow, *corrupted, *negative, *backbone]


@dataclass(frozen=True)
class Cell:
    """One training run: settings and the seed that repeats them."""

    settings: Settings
    seed: int

    @property
    def slug(self) -> str:
        """Name of the cell's work folder, unique over data sets, profiles, settings and seeds."""
        return f"{self.settings.dataset}-{self.settings.profile}-{self.settings.name}-seed{self.seed}"

    @property
    def place(self) -> str:
        """Path of the cell's record below ``results/runs``, without its ending."""
        return f"{self.settings.dataset}/{self.settings.profile}/{self.settings.name}/seed-{self.seed}"


def distinctions(settings: Iterable[Settings]) -> dict[Settings, str]:
    """What tells settings apart that share a readable name: where one departs from most of them, as ``items=50``."""
    alike: dict[str, list[Settings]] = {}
    for one in dict.fromkeys(settings):
        alike.setdefault(one.name.rpartition("-")[0], []).append(one)
    found: dict[Settings, str] = {}
    for group in alike.values():
        values = {field.name: [getattr(one, field.name) for one in group] for field in fields(Settings)}
        usual = {name: Counter(each).most_common(1)[0][0] for name, each in values.items()}
        for one in group:
            departures = ((name, getattr(one, name)) for name in usual)
            found[one] = ", ".join(f"{name}={value}" for name, value in departures if value != usual[name])
    return found
