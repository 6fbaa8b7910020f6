"""The settings of a cell, and the hash that is their identity."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

from benchmarks.errors import StudyError

AUTOENCODERS = ("mnad", "memae")
# The other systems of the source documents: they reconstruct, without memory, skips or supervision.
BASELINES = ("cae", "stae", "convlstm_ae", "lstm_vector_ae", "aae", "pca", "rbm_patches", "dfr", "fcae")
# Sets whose frames are generated when a cell first wants them; every other one must be at hand.
GENERATED_DATASETS = ("synthetic", "pool", "pool-inpainted")
LEARNING_FREE = ("mean_frame", "frame_difference", "clock")
# Draw nothing, so that every seed gives the same numbers.
SEEDLESS = (*LEARNING_FREE, "pca")
METHODS = (*AUTOENCODERS, *BASELINES, *LEARNING_FREE)
TASKS = ("reconstruction", "prediction", "denoising")
MEMORIES = ("mnad", "memae", "none")
SUPERVISIONS = ("none", "uniform_rc2020", "uniform_balance")
PRESETS = ("official", "paper", "rc2020")
PROFILES = ("paper", "cpu", "small", "smoke")
# A test of the machinery: its figures mean nothing, and no view tells them.
UNTOLD = "smoke"
MODES = ("record", "fast")
PRECISIONS = ("bfloat16", "float32", "float64")
# More repetitions than anybody runs: a slip of the finger would list cells until memory ends.
MOST_SEEDS = 1000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that determines a cell's numbers, but for seed and data.

    A value of None means that the setting does not apply to this cell; such settings are left out of the hash, so a
    setting that is added later with None as its default leaves every older hash as it was.
    """

    # Factors of the study (STUDY section 2).
    dataset: str
    method: str
    task: str
    skip: bool
    memory: str
    supervision: str = "none"
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

    # Optimisation.
    learning_rate: float
    schedule: str

    # Corruption of the input (denoising).
    noise: float | None = None
    noise_frames: int | None = None
    noise_unit: str | None = None
    noise_range: str | None = None

    # The memory and its losses.
    items: int | None = None
    update_weight: str | None = None
    read_gradient: bool | None = None
    compactness_reduction: str | None = None
    compactness_weight: float | None = None
    separateness_weight: float | None = None
    address: str | None = None
    shrink_threshold: float | None = None
    entropy_weight: float | None = None
    uniform_weight: float | None = None
    uniform_temperature: float | None = None

    # The backbone where published versions differ.
    upsampling: str | None = None
    normalise_query: bool | None = None

    # Baselines: which of these a baseline has says `benchmarks.study.baseline_presets`.
    bottleneck: int | None = None
    weight_decay: float | None = None
    frames_as: str | None = None
    temporal_strides: int | None = None  # clips whose frames lie 1, 2, ... so many apart, all of them to train on
    adversarial_learning_rate: float | None = None
    shrunk_size: int | None = None
    patch: int | None = None  # pixels of a patch's side, how far patches lie apart, and how many are drawn to fit
    patch_stride: int | None = None
    patches: int | None = None
    backbone: str | None = None
    kernels: str | None = None
    dropout: float | None = None
    augmentation: bool | None = None
    region: str | None = None  # where the method looks; everywhere unless set
    target_corruption: str | None = None  # what is done to the target outside the region
    bright_spots: float | None = None  # at test, pixels brighter than so many standard deviations get the mean colour
    luminosity: float | None = None  # at test, what the range of frames is shrunk to

    # Negative learning: known anomalies that are not to be reconstructed, generated or in a folder of the user's.
    negative_weight: float | None = None
    negative_margin: float | None = None  # squared error, frames in [0, 1], from which on an anomaly is left alone
    negative_frames: int | None = None
    negative_folder: str | None = None

    # The score.
    error: str
    alpha: float | None = None
    update_threshold: float | None = None

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
        memory = {self.method: "memory", "none": "no_memory"}.get(self.memory, f"{self.memory}_memory")
        if self.method in LEARNING_FREE:
            return f"{self.method}-{self.hash[:8]}"
        if self.method in BASELINES:
            return "-".join([self.method, *self._of_a_baseline(), self.hash[:8]])
        parts = [self.method, task, "skip" if self.skip else "no_skip", memory]
        if self.supervision != "none":
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


def distinctions(settings: Iterable[Settings]) -> dict[Settings, str]:
    """What tells settings apart that share a readable name: where one departs from most of them, as ``items=50``."""
    alike: dict[str, list[Settings]] = {}
    for one in dict.fromkeys(settings):
        alike.setdefault(one.name.rpartition("-")[0], []).append(one)
    told: dict[Settings, str] = {}
    for group in alike.values():
        values = {field.name: [getattr(one, field.name) for one in group] for field in fields(Settings)}
        usual = {name: Counter(each).most_common(1)[0][0] for name, each in values.items()}
        for one in group:
            departures = ((name, getattr(one, name)) for name in usual)
            told[one] = ", ".join(f"{name}={value}" for name, value in departures if value != usual[name])
    return told
