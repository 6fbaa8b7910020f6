"""Which combinations of settings are refused, and why.

What a card alone decides (levels, ranges, what goes together in its own settings) is declared with the card.
"""

from benchmarks.errors import StudyError
from benchmarks.study.cards import declared
from benchmarks.study.settings import (
    DECLARED,
    GENERATED_DATASETS,
    LEVELS,
    Settings,
)


def refuse_invalid(settings: Settings) -> None:
    """Raise StudyError with the reason if the settings cannot mean anything; return None if they can."""
    reason = invalid_reason(settings)
    if reason is not None:
        raise StudyError(f"The cell {settings.name} cannot be run: {reason}")


def invalid_reason(settings: Settings) -> str | None:
    """Return why a combination is impossible, naming the settings, or None."""
    checks = (
        _level_reason,
        _factor_reason,
        _range_reason,
        _card_reason,
        _score_reason,
        _noise_reason,
        _baseline_reason,
        _negative_reason,
        _geometry_reason,
    )
    return next((reason for check in checks if (reason := check(settings)) is not None), None)


def _level_reason(settings: Settings) -> str | None:
    for name in ("method", "task", "memory", "supervision", "precision"):
        value = getattr(settings, name)
        if value not in LEVELS[name]:
            return f"{name} is one of {', '.join(LEVELS[name])}, but is {value!r}."
    return None


def _factor_reason(settings: Settings) -> str | None:
    """Whether the factors fit each other."""
    if not settings.method_card.composed:
        if settings.has_memory or settings.skip or settings.task != "reconstruction":
            return (
                f"{settings.method} is a system of its own, so it takes task=reconstruction, memory=none and skip=false "
                "alone."
            )
        if settings.preset != "official" and settings.method_card.kind == "baseline":
            return f"{settings.method} has one preset, but preset={settings.preset}; set preset=official."
    if settings.supervision != "none" and not settings.has_memory:
        return f"supervision={settings.supervision} needs items to supervise, but memory=none; set supervision=none."
    return None


def _range_reason(settings: Settings) -> str | None:
    """Ranges that hold whatever the method."""
    if settings.learning_rate < 0:
        return f"learning_rate is at least 0, but is {settings.learning_rate:g}."
    if settings.calibration_videos < 0:
        # 0: train on all, as the papers do; then no score can be scaled by training frames
        return f"calibration_videos is at least 0, but is {settings.calibration_videos}."
    for name, one in DECLARED.items():
        value = getattr(settings, name)
        if value is not None and one.least is not None and value < one.least:
            return f"{name} is at least {one.least:g}, but is {value:g}."
    return None


def _card_reason(settings: Settings) -> str | None:
    """What the cards themselves say of their settings."""
    for card in settings.cards():
        for name, one in declared(card.settings).items():
            if one.needed and getattr(settings, name) is None:
                return f"{name} is needed by {card.printed}, but is not set; give it a value."
        reason = settings.of(card.settings).invalid_reason()
        if reason is not None:
            return reason
    return None


def _score_reason(settings: Settings) -> str | None:
    """What a score is made of; a setting that changes nothing would make another identity of the same cell."""
    if settings.alpha is not None and not 0 <= settings.alpha <= 1:
        return f"alpha is the share of the error in the score, from 0 to 1, but is {settings.alpha:g}."
    # Only a method's own memory adds terms to its score. Where presets write 1, all of the score, they may.
    fused = settings.has_own_memory and settings.memory_card.score_shares
    if settings.alpha is not None and settings.alpha != 1 and not fused:
        return (
            f"alpha={settings.alpha:g} weighs the error against the distance to a memory's items, but the score of "
            f"method={settings.method} with memory={settings.memory} has no such term; leave it out."
        )
    for name, value in settings.method_card.idle.items():
        if getattr(settings, name) != value:
            return (
                f"{settings.method}'s score rests on the squared error, so {name}={getattr(settings, name)} changes none; "
                "leave it out."
            )
    if settings.error == "sequence_cost" and settings.frames_as is None:
        return f"error=sequence_cost is convlstm_ae's, but the method is {settings.method}; choose another error."
    return None


def _noise_reason(settings: Settings) -> str | None:
    frames, possible = settings.noise_frames, settings.method_card.noise_frames
    if frames is not None and frames not in possible:
        return (
            f"{settings.method_card.printed} denoises clips of {' or '.join(map(str, possible))} frames, but "
            f"noise_frames={frames}."
        )
    if settings.upsampling is not None and settings.skip:
        return "upsampling tells decoders without skips apart, but skip=true; leave it out."
    return None


def _baseline_reason(settings: Settings) -> str | None:
    """Ranges of what baselines have."""
    method = settings.method
    if settings.bottleneck is not None and settings.bottleneck < (0 if method == "cae" else 1):
        return f"bottleneck is a width, or 0 for cae without one, but is {settings.bottleneck}."
    if settings.temporal_strides is not None and settings.temporal_strides < 1:
        return f"temporal_strides is the largest stride, at least 1, but is {settings.temporal_strides}."
    fit = _fit_reason(settings)
    return fit if fit is not None else _fcae_reason(settings)


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
    if settings.backbone in ("vgg19", "efficientnet_lite0") and settings.width != 1:
        return f"pretrained weights have the published width, but width={settings.width:g}; set width=1, or another backbone."
    return None


def _geometry_reason(settings: Settings) -> str | None:
    card = settings.method_card
    if card.kind == "learning-free":
        return None
    if settings.channels not in (1, 3):
        return f"frames have 1 or 3 channels, but channels={settings.channels}."
    # A baseline that is fitted without gradient has a learning rate of 0 and no epochs.
    least = 0 if card.kind == "baseline" and not settings.learning_rate else 1
    if settings.epochs < least or min(settings.batch, settings.train_stride) < 1:
        counts = (settings.epochs, settings.batch, settings.train_stride)
        return f"epochs, batch and train_stride are at least 1, but are {', '.join(map(str, counts))}."
    if settings.size < card.least or (settings.size - card.least) % card.step:
        below = max(card.least, settings.size - (settings.size - card.least) % card.step)
        return (
            f"the layers of {settings.method} fit frames of {card.least} pixels and any multiple of {card.step} "
            f"more, but size={settings.size}; {below} and {below + card.step} would do."
        )
    if settings.width <= 0 or card.narrowest * settings.width % 1:
        return f"width is a share of the published width that leaves whole channels, but width={settings.width:g}."
    return None
