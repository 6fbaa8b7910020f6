"""What each baseline fixes, and what a profile makes of it.

The profile `paper` has the input size and the optimiser settings of the source document (or of the paper that it cites,
where it has none); the other profiles scale size, width and length. A baseline has no other preset than `official`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.study.settings import PROFILES

_COMMON: Mapping[str, Any] = {"channels": 1, "precision": "float32", "schedule": "constant"}


@dataclass(frozen=True)
class BaselinePreset:
    """One baseline.

    fixed: settings at every profile. profiles: size, width, epochs, batch, train_stride and what scales with them.
    least, step: frames of ``least`` pixels, and of any whole number of steps more, fit the layers.
    narrowest: channels of its narrowest scaled layer at the published width.
    """

    fixed: Mapping[str, Any]
    profiles: Mapping[str, Mapping[str, Any]]
    least: int = 1
    step: int = 1
    narrowest: int = 1


BASELINE_PRESETS: Mapping[str, BaselinePreset] = {
    # Seed 001: 100x100, batch 32, 30 epochs, Adam 1e-4 with weight decay 1e-5, a bottleneck of 2000.
    "cae": BaselinePreset(
        fixed={"learning_rate": 1e-4, "weight_decay": 1e-5, "error": "mse"},
        profiles={
            "paper": {"size": 100, "width": 1.0, "bottleneck": 2000, "epochs": 30, "batch": 32, "train_stride": 1},
            "cpu": {"size": 100, "width": 0.5, "bottleneck": 1000, "epochs": 30, "batch": 32, "train_stride": 1},
            "small": {"size": 100, "width": 0.25, "bottleneck": 500, "epochs": 12, "batch": 32, "train_stride": 1},
            "smoke": {"size": 32, "width": 0.125, "bottleneck": 32, "epochs": 2, "batch": 4, "train_stride": 16},
        },
        least=16,
        step=4,
        narrowest=32,
    ),
    # Seed 001 after Hasan et al. 2016: ten frames at 227x227; optimiser, batch and epochs of the notebook's training loop.
    "stae": BaselinePreset(
        fixed={"learning_rate": 1e-4, "weight_decay": 1e-5, "error": "mean_absolute_error"},
        profiles={
            "paper": {"size": 227, "width": 1.0, "epochs": 30, "batch": 32, "train_stride": 1},
            "cpu": {"size": 227, "width": 0.25, "epochs": 6, "batch": 8, "train_stride": 4},
            "small": {"size": 115, "width": 0.25, "epochs": 8, "batch": 8, "train_stride": 4},
            "smoke": {"size": 83, "width": 0.03125, "epochs": 2, "batch": 4, "train_stride": 32},
        },
        least=83,
        step=16,
        narrowest=128,
    ),
    # Chong and Tay 2017: ten frames at 227x227, Adam at its default rate, batch 64, at most 50 epochs. Strides 1 to 4 are
    # the third document's (the paper has 1 to 3).
    "convlstm_ae": BaselinePreset(
        fixed={"learning_rate": 1e-3, "frames_as": "sequence", "temporal_strides": 4, "error": "sequence_cost"},
        profiles={
            "paper": {"size": 227, "width": 1.0, "epochs": 50, "batch": 64, "train_stride": 1},
            "cpu": {"size": 227, "width": 0.25, "epochs": 3, "batch": 8, "train_stride": 8},
            "small": {"size": 115, "width": 0.25, "epochs": 4, "batch": 8, "train_stride": 8},
            "smoke": {"size": 43, "width": 0.125, "epochs": 2, "batch": 4, "train_stride": 64},
        },
        least=27,
        step=8,
        narrowest=32,
    ),
    # Seed 004's reference is a thesis of which only the abstract was at hand, so sizes and rates are ours: with a slower
    # encoder, or a longer code, the discriminator won at once. ``bottleneck`` is the code.
    "aae": BaselinePreset(
        fixed={"learning_rate": 1e-3, "adversarial_learning_rate": 1e-3, "bottleneck": 32, "error": "mse"},
        profiles={
            "paper": {"size": 128, "width": 1.0, "epochs": 60, "batch": 16, "train_stride": 1},
            "cpu": {"size": 128, "width": 0.5, "epochs": 10, "batch": 16, "train_stride": 1},
            "small": {"size": 128, "width": 0.25, "epochs": 6, "batch": 16, "train_stride": 1},
            "smoke": {"size": 32, "width": 0.125, "epochs": 2, "batch": 4, "train_stride": 16},
        },
        least=16,
        step=16,
        narrowest=64,
    ),
    # The first document gives no training; that of the ConvLSTM autoencoder, which it stands beside, is taken.
    "lstm_vector_ae": BaselinePreset(
        fixed={"learning_rate": 1e-3, "bottleneck": 32, "error": "mse"},
        profiles={
            "paper": {"size": 227, "width": 1.0, "epochs": 50, "batch": 64, "train_stride": 1},
            "cpu": {"size": 227, "width": 0.25, "epochs": 6, "batch": 8, "train_stride": 4},
            "small": {"size": 115, "width": 0.25, "epochs": 8, "batch": 8, "train_stride": 4},
            "smoke": {"size": 43, "width": 0.125, "epochs": 2, "batch": 4, "train_stride": 32},
        },
        least=27,
        step=8,
        narrowest=64,
    ),
    # Seed 000 gives no sizes: these are ours. A batch is a chunk of frames, the bottleneck the number of components.
    "pca": BaselinePreset(
        fixed={"learning_rate": 0.0, "epochs": 0, "width": 1.0, "train_stride": 1, "error": "mse"},
        profiles={
            "paper": {"size": 256, "shrunk_size": 64, "bottleneck": 64, "batch": 256},
            "cpu": {"size": 256, "shrunk_size": 64, "bottleneck": 64, "batch": 256},
            "small": {"size": 128, "shrunk_size": 64, "bottleneck": 64, "batch": 256},
            "smoke": {"size": 32, "shrunk_size": 16, "bottleneck": 8, "batch": 16},
        },
    ),
    # Seed 004, reference 1: an extremely compressive machine on really small patches; the numbers are ours. Batch, epochs
    # and learning rate are the machine's, over the patches that were drawn.
    "rbm_patches": BaselinePreset(
        fixed={
            "learning_rate": 0.01,
            "bottleneck": 16,
            "patch": 8,
            "patch_stride": 4,
            "width": 1.0,
            "train_stride": 1,
            "error": "mse",
        },
        profiles={
            "paper": {"size": 256, "patches": 100_000, "epochs": 40, "batch": 10},
            "cpu": {"size": 256, "patches": 50_000, "epochs": 20, "batch": 10},
            "small": {"size": 128, "patches": 50_000, "epochs": 20, "batch": 10},
            "smoke": {"size": 32, "patches": 500, "epochs": 2, "batch": 10},
        },
        least=8,
        step=4,
    ),
    # Yang et al. 2020 and their released code: 256x256, Adam 1e-4, batch 4, 150 epochs (over some 250 images a class).
    "dfr": BaselinePreset(
        fixed={
            "learning_rate": 1e-4,
            "backbone": "vgg19",
            "width": 1.0,
            "batch": 4,
            "precision": "bfloat16",
            "error": "mse",
        },
        profiles={
            "paper": {"size": 256, "epochs": 150, "train_stride": 1},
            "cpu": {"size": 256, "epochs": 5, "train_stride": 16},
            "small": {"size": 128, "epochs": 5, "train_stride": 8},
            "smoke": {"size": 32, "epochs": 2, "train_stride": 16},
        },
        least=16,
        step=8,
        narrowest=64,
    ),
    # Seed 004: frames of a fifth of 1600x900, as many pixels as 240x240; Adam at its default rate, weak weight decay, 50
    # epochs (its best models had 20 or 50). Batch and the decay's weight are not in it. What rests on a pool is left out
    # here: region, corruption, bright spots and luminosity are for study files of frames that show one.
    "fcae": BaselinePreset(
        fixed={
            "learning_rate": 1e-3,
            "weight_decay": 1e-5,
            "error": "mse",
            "kernels": "3-5-7-9",
            "augmentation": True,
            **dict.fromkeys(("dropout", "region", "target_corruption", "bright_spots", "luminosity")),
        },
        profiles={
            "paper": {"size": 240, "width": 1.0, "epochs": 50, "batch": 8, "train_stride": 1},
            "cpu": {"size": 240, "width": 0.5, "epochs": 10, "batch": 8, "train_stride": 1},
            "small": {"size": 128, "width": 0.5, "epochs": 6, "batch": 4, "train_stride": 1},
            "smoke": {"size": 32, "width": 0.25, "epochs": 2, "batch": 4, "train_stride": 16},
        },
        least=16,
        step=16,
        narrowest=16,
    ),
}

NEGATIVE_LEARNERS = ("cae", "fcae")
"""Baselines that can be kept from reconstructing known anomalies."""
_NEGATIVE_LEARNING = ("negative_weight", "negative_margin", "negative_frames", "negative_folder")


def baseline(method: str, profile: str) -> dict[str, Any]:
    """Return the settings that a baseline has at a profile, by name."""
    preset = BASELINE_PRESETS[method]
    return {**_COMMON, **preset.fixed, **preset.profiles[profile]}


def own_settings(method: str) -> frozenset[str]:
    """Return the names of all settings that a baseline has at any profile, or can have."""
    fixed = frozenset(name for profile in PROFILES for name in baseline(method, profile))
    return fixed | frozenset(_NEGATIVE_LEARNING if method in NEGATIVE_LEARNERS else ())


def negative_learning(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return what negative learning has besides its weight; nothing where no weight asks for it.

    The margin is a fifth of what leaving a square of the synthetic set out altogether would cost inside it.
    """
    if overrides.get("negative_weight") is None:
        return {}
    generated = {} if overrides.get("negative_folder") is not None else {"negative_frames": 64}
    return {"negative_margin": 0.1, **generated}
