"""Which combinations of settings are refused, and why."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from benchmarks.errors import StudyError
from benchmarks.study.baseline_presets import BASELINE_PRESETS, own_settings
from benchmarks.study.settings import (
    AUTOENCODERS,
    BASELINES,
    GENERATED_DATASETS,
    LEARNING_FREE,
    MEMORIES,
    METHODS,
    PRECISIONS,
    SUPERVISIONS,
    TASKS,
    Settings,
)
from benchmarks.study.shrinkage import dead_address_reason

_NOT_NEGATIVE = (
    "calibration_videos",  # 0: train on all, as the papers do; then no score can be scaled by training frames
    "compactness_weight",
    "separateness_weight",
    "shrink_threshold",
    "entropy_weight",
    "uniform_weight",
    "uniform_temperature",
    "update_threshold",
    "weight_decay",
    "adversarial_learning_rate",
)
_OPTIONAL = frozenset(field.name for field in fields(Settings) if field.default is None)
# Whose memory each of a memory's settings belongs to.
_OF_MEMORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "items": ("mnad", "memae"),
    **dict.fromkeys(("update_weight", "update_threshold", "read_gradient"), ("mnad",)),
    **dict.fromkeys(("compactness_reduction", "compactness_weight", "separateness_weight"), ("mnad",)),
    **dict.fromkeys(("address", "shrink_threshold", "entropy_weight"), ("memae",)),
}


def refuse_illegal(settings: Settings) -> None:
    """Raise StudyError with the reason if the settings cannot mean anything; return None if they can."""
    reason = illegal_because(settings)
    if reason is not None:
        raise StudyError(f"The cell {settings.name} cannot be run: {reason}")


def illegal_because(settings: Settings) -> str | None:
    """Return why a combination is impossible, naming the settings, or None."""
    checks = (
        _level_reason,
        _range_reason,
        _memory_reason,
        dead_address_reason,
        _noise_reason,
        _baseline_reason,
        _negative_reason,
        _idle_memory_reason,
        _idle_task_reason,
        _idle_score_reason,
        _geometry_reason,
    )
    return next((reason for check in checks if (reason := check(settings)) is not None), None)


def _level_reason(settings: Settings) -> str | None:
    levels = {
        "method": METHODS,
        "task": TASKS,
        "memory": MEMORIES,
        "supervision": SUPERVISIONS,
        "precision": PRECISIONS,
    }
    for name, known in levels.items():
        value = getattr(settings, name)
        if value not in known:
            return f"{name} is one of {', '.join(known)}, but is {value!r}."
    return None


def _range_reason(settings: Settings) -> str | None:
    """Ranges that hold whatever the method."""
    if settings.learning_rate < 0:
        return f"learning_rate is at least 0, but is {settings.learning_rate:g}."
    if settings.alpha is not None and not 0 <= settings.alpha <= 1:
        return f"alpha is the share of the error in the score, from 0 to 1, but is {settings.alpha:g}."
    for name in _NOT_NEGATIVE:
        value = getattr(settings, name)
        if value is not None and value < 0:
            return f"{name} is at least 0, but is {value:g}."
    return None


def _memory_reason(settings: Settings) -> str | None:
    if settings.method in LEARNING_FREE and (
        settings.memory != "none" or settings.skip or settings.task != "reconstruction"
    ):
        return f"{settings.method} learns nothing, so it takes task=reconstruction, memory=none and skip=false alone."
    if settings.supervision != "none" and settings.memory == "none":
        return f"supervision={settings.supervision} needs items to supervise, but memory=none; set supervision=none."
    if settings.items is not None and settings.items < 1:
        return f"a memory needs at least one item, but items={settings.items}."
    if settings.items == 1 and settings.separateness_weight:
        return (
            f"separateness needs a second nearest item, but items=1 and separateness_weight="
            f"{settings.separateness_weight:g}; set separateness_weight=0."
        )
    return None


def _noise_reason(settings: Settings) -> str | None:
    if settings.task != "denoising" and settings.noise is not None:
        return f"noise={settings.noise:g} is for task=denoising, but task={settings.task}."
    if settings.noise is not None and not 0 <= settings.noise <= 1:
        return f"noise is a share of pixels between 0 and 1, but noise={settings.noise:g}."
    if settings.task == "denoising" and settings.method == "mnad" and settings.noise_frames not in (1, 4):
        return f"MNAD denoises one frame or a stack of four, but noise_frames={settings.noise_frames}."
    if settings.task == "denoising" and settings.method == "memae" and settings.noise_frames != 16:
        return f"MemAE denoises a clip of 16 frames, but noise_frames={settings.noise_frames}."
    return None


def _baseline_reason(settings: Settings) -> str | None:
    if settings.method not in BASELINES:
        return _of_baselines_alone(settings)
    method = settings.method
    if settings.memory != "none" or settings.skip or settings.task != "reconstruction":
        return f"{method} is a system of its own, so it takes task=reconstruction, memory=none and skip=false alone."
    if settings.preset != "official":
        return f"{method} has one preset, but preset={settings.preset}; set preset=official."
    foreign = [name for name in settings.to_dict() if name in _OPTIONAL and name not in own_settings(method)]
    if foreign:
        return f"{foreign[0]} does not apply to {method}; leave it out."
    if settings.bottleneck is not None and settings.bottleneck < (0 if method == "cae" else 1):
        return f"bottleneck is a width, or 0 for cae without one, but is {settings.bottleneck}."
    if settings.temporal_strides is not None and settings.temporal_strides < 1:
        return f"temporal_strides is the largest stride, at least 1, but is {settings.temporal_strides}."
    fit = _fit_reason(settings)
    if fit is not None:
        return fit
    if settings.error == "sequence_cost" and method != "convlstm_ae":
        return f"error=sequence_cost is convlstm_ae's, but the method is {method}; choose another error."
    return _fcae_reason(settings)


def _idle_memory_reason(settings: Settings) -> str | None:
    """A setting that changes nothing makes another identity of the same cell: those of memories and supervisions."""
    given = settings.to_dict()
    for name, memories in _OF_MEMORIES.items():
        if name in given and settings.memory not in memories:
            whose = f"{' or '.join(f'memory={one}' for one in memories)} has"
            return f"{name} is a setting that {whose}, but memory={settings.memory}; leave it out."
    if settings.uniform_weight is not None and settings.supervision == "none":
        return "uniform_weight weighs a supervision, but supervision=none; leave it out."
    if settings.uniform_temperature is not None and settings.supervision != "uniform_balance":
        return f"uniform_temperature is uniform_balance's, but supervision={settings.supervision}; leave it out."
    return None


def _idle_task_reason(settings: Settings) -> str | None:
    """The same of what belongs to one task or to one form of a backbone."""
    given = settings.to_dict()
    noise = next((name for name in given if name.startswith("noise") and settings.task != "denoising"), None)
    if noise is not None:
        return f"{noise} is for task=denoising, but task={settings.task}; leave it out."
    if settings.upsampling is not None and (settings.method != "mnad" or settings.skip):
        return (
            f"upsampling tells MNAD's decoders without skips apart, but method={settings.method} and "
            f"skip={str(settings.skip).lower()}; leave it out."
        )
    if settings.normalise_query is not None and settings.memory != "none":
        return f"normalise_query is for memory=none, but memory={settings.memory}, which decides that itself; leave it out."
    return None


def _idle_score_reason(settings: Settings) -> str | None:
    """The same of what a score is made of."""
    # Only MNAD's own score has a second term. Where the presets write 1, all of the score, they may.
    fused = settings.method == settings.memory == "mnad"
    told = settings.method in AUTOENCODERS and "mnad" in (settings.method, settings.memory)
    if settings.alpha is not None and not fused and not (told and settings.alpha == 1):
        return (
            f"alpha={settings.alpha:g} weighs the error against the distance to MNAD's items, but the score of "
            f"method={settings.method} with memory={settings.memory} has no such term; leave it out."
        )
    if settings.error != "mse" and settings.method in ("mnad", *LEARNING_FREE):
        return f"{settings.method}'s score rests on the squared error, so error={settings.error} changes none; leave it out."
    return None


def _fcae_reason(settings: Settings) -> str | None:
    """Ranges of what only the fully convolutional autoencoder has, and what its region rests on."""
    if settings.region == "pool" and settings.channels != 3:
        return f"region=pool is found by its colour, but channels={settings.channels}; set channels=3."
    if settings.target_corruption is not None and settings.region is None:
        return (
            f"target_corruption={settings.target_corruption} is done outside the region, but there is none; set region."
        )
    if settings.dropout is not None and not 0 <= settings.dropout < 1:
        return f"dropout is a share of channels from 0 to below 1, but is {settings.dropout:g}."
    if settings.bright_spots is not None and settings.bright_spots <= 0:
        return f"bright_spots is a number of deviations above 0, but is {settings.bright_spots:g}."
    if settings.luminosity is not None and not 0 < settings.luminosity <= 1:
        return f"luminosity is a share of the range above 0 and at most 1, but is {settings.luminosity:g}."
    return None


def _negative_reason(settings: Settings) -> str | None:
    weight, margin = settings.negative_weight, settings.negative_margin
    frames, folder = settings.negative_frames, settings.negative_folder
    if weight is None:
        given = {"negative_margin": margin, "negative_frames": frames, "negative_folder": folder}
        alone = next((name for name, value in given.items() if value is not None), None)
        return alone and f"{alone} belongs to negative learning, which negative_weight asks for; set it too."
    if not 0 <= weight < float("inf"):
        return f"negative_weight weighs a loss, so it is at least 0, but negative_weight={weight:g}."
    if margin is None or margin <= 0:
        return (
            f"negative learning ends where an error reaches its margin, above 0, but negative_margin={margin or 0:g}."
        )
    if folder is not None:
        if frames is not None:
            return f"all images of negative_folder are known anomalies, but negative_frames={frames}; leave it out."
        return None
    if settings.dataset not in GENERATED_DATASETS:
        return (
            f"negative learning needs known anomalies, but the training split of {settings.dataset} holds none, and "
            "test frames are never trained on; put images of your own into a folder and name it with negative_folder."
        )
    if frames is None or frames < 1:
        return f"negative learning needs at least one known anomaly, but negative_frames={frames}."
    return None


def _fit_reason(settings: Settings) -> str | None:
    """Whether what a baseline is fitted to fits the frames."""
    code = settings.bottleneck or 0
    if settings.shrunk_size is not None:
        features = settings.shrunk_size**2 * settings.channels
        if not 1 <= settings.shrunk_size <= settings.size:
            return f"frames are shrunk to at most size={settings.size}, but shrunk_size={settings.shrunk_size}."
        if code > features:
            return f"frames of {features} values have no more components, but bottleneck={code}."
    if settings.patch is not None and settings.patch_stride is not None:
        visible = settings.patch**2 * settings.channels
        if code >= visible:
            return f"a machine that compresses has fewer hidden units than the {visible} values of a patch, but bottleneck={code}."
        if settings.patch_stride < 1 or settings.patch % settings.patch_stride or settings.patch > settings.size:
            return (
                f"patches lie a whole part of their side apart, but patch={settings.patch} and "
                f"patch_stride={settings.patch_stride} at size={settings.size}."
            )
        if (settings.size - settings.patch) % settings.patch_stride:
            return (
                f"patches of {settings.patch}, {settings.patch_stride} apart, leave a border of frames of "
                f"size={settings.size}; choose a size that they cover."
            )
    if settings.patches is not None and settings.patches < 1:
        return f"a machine is fitted to at least one patch, but patches={settings.patches}."
    if settings.backbone == "vgg19" and settings.width != 1:
        return f"pretrained weights have the published width, but width={settings.width:g}; set width=1, or another backbone."
    return None


def _of_baselines_alone(settings: Settings) -> str | None:
    """Refuse a setting that only baselines have."""
    if settings.error == "sequence_cost":
        return f"error=sequence_cost is convlstm_ae's, but the method is {settings.method}; choose another error."
    only = frozenset[str]().union(*map(own_settings, BASELINES)) & _OPTIONAL
    foreign = [name for name in settings.to_dict() if name in only]
    return f"{foreign[0]} is a setting of baselines and does not apply to {settings.method}." if foreign else None


def _baseline_geometry_reason(settings: Settings) -> str | None:
    preset = BASELINE_PRESETS[settings.method]
    if settings.size < preset.least or (settings.size - preset.least) % preset.step:
        below = max(preset.least, settings.size - (settings.size - preset.least) % preset.step)
        return (
            f"the layers of {settings.method} fit frames of {preset.least} pixels and any multiple of {preset.step} "
            f"more, but size={settings.size}; {below} and {below + preset.step} would do."
        )
    if settings.width <= 0 or preset.narrowest * settings.width % 1:
        return f"width is a share of the published width that leaves whole channels, but width={settings.width:g}."
    return None


def _geometry_reason(settings: Settings) -> str | None:
    if settings.method in LEARNING_FREE:
        return None
    if settings.channels not in (1, 3):
        return f"frames have 1 or 3 channels, but channels={settings.channels}."
    # A baseline that is fitted without gradient has a learning rate of 0 and no epochs.
    least = 0 if settings.method in BASELINES and not settings.learning_rate else 1
    if settings.epochs < least or min(settings.batch, settings.train_stride) < 1:
        counts = (settings.epochs, settings.batch, settings.train_stride)
        return f"epochs, batch and train_stride are at least 1, but are {', '.join(map(str, counts))}."
    if settings.method in BASELINES:
        return _baseline_geometry_reason(settings)
    multiple = 8 if settings.method == "mnad" else 16
    if settings.size < multiple or settings.size % multiple:
        return f"{settings.method} halves a frame until 1/{multiple} is left, but size={settings.size} is no multiple."
    if settings.width <= 0 or (64 if settings.method == "mnad" else 12) * settings.width * 8 % 1:
        return f"width is a share of the published width that leaves whole channels, but width={settings.width:g}."
    return None
