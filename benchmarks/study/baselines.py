"""Cards of the baselines: what each fixes, and what a profile makes of it.

The profile `paper` has the input size and the optimiser settings of the source document (or of the paper that it cites,
where it has none); the other profiles scale size, width and length. A baseline has no other preset than `official`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.study.cards import OwnSettings, declared, setting
from benchmarks.study.methods import MethodCard

_COMMON: Mapping[str, Any] = {"channels": 1, "precision": "float32", "schedule": "constant"}


@dataclass(frozen=True, kw_only=True)
class BaselineSettings(OwnSettings):
    """Settings of baselines. Which of them a baseline has follows from its card: those that ``fixed`` or a profile names."""

    bottleneck: int = setting(needed=False)
    weight_decay: float = setting(least=0, needed=False)
    frames_as: Literal["sequence", "channels"] = setting(needed=False)
    # clips whose frames lie 1, 2, ... so many apart, all of them to train on
    temporal_strides: int = setting(needed=False)
    adversarial_learning_rate: float = setting(least=0, needed=False)
    shrunk_size: int = setting(needed=False)
    # pixels of a patch's side, how far patches lie apart, and how many are drawn to fit
    patch: int = setting(needed=False)
    patch_stride: int = setting(needed=False)
    patches: int = setting(needed=False)
    backbone: Literal["vgg19", "efficientnet_lite0", "random", "self_supervised"] = setting(needed=False)
    kernels: Literal["3-5-7-9", "3-5-9"] = setting(needed=False)
    dropout: float = setting(needed=False)
    augmentation: bool = setting(needed=False)
    # where the method looks; everywhere unless set
    region: Literal["pool"] = setting(needed=False)
    # what is done to the target outside the region
    target_corruption: Literal["gaussian", "bounded_gaussian", "inverted", "modulo_shift"] = setting(needed=False)
    # at test, pixels brighter than so many standard deviations get the mean colour
    bright_spots: float = setting(needed=False)
    # at test, what the range of frames is shrunk to
    luminosity: float = setting(needed=False)


@dataclass(frozen=True, kw_only=True)
class NegativeSettings(OwnSettings):
    """Negative learning: known anomalies that are not to be reconstructed, generated or in a folder of the user's.

    negative_margin: squared error, frames in [0, 1], from which on an anomaly is left alone
    """

    negative_weight: float = setting(needed=False)
    negative_margin: float = setting(needed=False)
    negative_frames: int = setting(needed=False)
    negative_folder: str = setting(needed=False)


@dataclass(frozen=True, kw_only=True)
class BaselineCard(MethodCard):
    """A baseline. negative: whether it can be kept from reconstructing known anomalies."""

    kind: Literal["autoencoder", "baseline", "learning-free"] = "baseline"
    negative: bool = False

    def geometry(self, profile: str) -> dict[str, Any]:
        """Return all that a profile sets."""
        return {**_COMMON, **super().geometry(profile)}

    def setting_names(self) -> frozenset[str]:
        """Return those that it has at any profile, and those of negative learning where it knows that."""
        named = frozenset(self.fixed).union(*self.profiles.values()) & declared(BaselineSettings).keys()
        return named | frozenset(declared(NegativeSettings) if self.negative else ())


BASELINE_CARDS: Mapping[str, BaselineCard] = {
    # Seed 001: 100x100, batch 32, 30 epochs, Adam 1e-4 with weight decay 1e-5, a bottleneck of 2000.
    "cae": BaselineCard(
        printed="CAE",
        run="benchmarks.run.baselines.cae:Cae",
        clip_cost=(0.021, 0.005),
        negative=True,
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
    # In the 600 steps of `small` its rate of 1e-4 gives no output that follows the input, on normal frames held out.
    "stae": BaselineCard(
        printed="stacked-frames AE",
        run="benchmarks.run.baselines.stae:Stae",
        clip_cost=(0.1, 0.02),
        fixed={"learning_rate": 1e-4, "weight_decay": 1e-5, "error": "mean_absolute_error"},
        profiles={
            "paper": {"size": 227, "width": 1.0, "epochs": 30, "batch": 32, "train_stride": 1},
            "cpu": {"size": 227, "width": 0.25, "epochs": 6, "batch": 8, "train_stride": 4},
            "small": {"size": 115, "width": 0.25, "epochs": 8, "batch": 8, "train_stride": 4, "learning_rate": 1e-3},
            "smoke": {"size": 83, "width": 0.03125, "epochs": 2, "batch": 4, "train_stride": 32},
        },
        least=83,
        step=16,
        narrowest=128,
    ),
    # Chong and Tay 2017: ten frames at 227x227, Adam at its default rate, batch 64, at most 50 epochs. Strides 1 to 4 are
    # the third document's (the paper has 1 to 3).
    "convlstm_ae": BaselineCard(
        printed="ConvLSTM AE",
        run="benchmarks.run.baselines.convlstm_ae:ConvLstmAe",
        clip_cost=(0.09, 0.025),
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
    # The first document gives no training; that of the ConvLSTM autoencoder, with which it is compared, is taken.
    "lstm_vector_ae": BaselineCard(
        printed="LSTM vector AE",
        run="benchmarks.run.baselines.lstm_vector_ae:LstmVectorAe",
        clip_cost=(0.065, 0.02),
        fixed={"learning_rate": 1e-3, "bottleneck": 32, "error": "mse"},
        profiles={
            "paper": {"size": 227, "width": 1.0, "epochs": 50, "batch": 64, "train_stride": 1},
            "cpu": {"size": 227, "width": 0.25, "epochs": 6, "batch": 8, "train_stride": 4},
            "small": {"size": 115, "width": 0.25, "epochs": 16, "batch": 8, "train_stride": 2},
            "smoke": {"size": 43, "width": 0.125, "epochs": 2, "batch": 4, "train_stride": 32},
        },
        least=27,
        step=8,
        narrowest=64,
    ),
    # Seed 004's reference is a thesis of which only the abstract could be read, so sizes and rates are ours: at a rate of
    # 1e-3 the adversarial steps overran reconstruction. ``bottleneck`` is the code.
    "aae": BaselineCard(
        printed="adversarial AE",
        run="benchmarks.run.baselines.aae:AdversarialAutoencoder",
        clip_cost=(0.034, 0.005),
        fixed={"learning_rate": 1e-3, "adversarial_learning_rate": 1e-4, "bottleneck": 32, "error": "mse"},
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
    # Seed 000 gives no sizes: these are ours. A batch is a chunk of frames, the bottleneck the number of components.
    "pca": BaselineCard(
        printed="PCA",
        run="benchmarks.run.baselines.pca:Pca",
        clip_cost=(0.0, 0.0001),
        draws=False,
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
    "rbm_patches": BaselineCard(
        printed="RBM on patches",
        run="benchmarks.run.baselines.rbm_patches:RbmPatches",
        clip_cost=(0.0, 0.0002),
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
    "dfr": BaselineCard(
        printed="DFR",
        run="benchmarks.run.baselines.dfr:DeepFeatureReconstruction",
        clip_cost=(0.128, 0.042),
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
    "fcae": BaselineCard(
        printed="fully convolutional AE",
        run="benchmarks.run.baselines.fcae:Fcae",
        clip_cost=(0.005, 0.001),
        negative=True,
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


def negative_learning(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return what negative learning has besides its weight; nothing where no weight asks for it.

    The margin is a fifth of what leaving a square of the synthetic set out altogether would cost inside it.
    """
    if overrides.get("negative_weight") is None:
        return {}
    generated = {} if overrides.get("negative_folder") is not None else {"negative_frames": 64}
    return {"negative_margin": 0.1, **generated}
