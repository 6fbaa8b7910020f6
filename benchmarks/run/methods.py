"""Which class runs a method. A new method is one module and one line here."""

import importlib

import torch

from benchmarks.errors import StudyError
from benchmarks.run.contract import Method
from benchmarks.run.negative_learning import limited
from benchmarks.study.settings import Settings

METHODS = {
    "mnad": "benchmarks.run.autoencoder:MemoryAutoencoder",
    "memae": "benchmarks.run.autoencoder:MemoryAutoencoder",
    "cae": "benchmarks.run.baselines.cae:Cae",
    "stae": "benchmarks.run.baselines.stae:Stae",
    "convlstm_ae": "benchmarks.run.baselines.convlstm_ae:ConvLstmAe",
    "pca": "benchmarks.run.baselines.pca:Pca",
    "rbm_patches": "benchmarks.run.baselines.rbm_patches:RbmPatches",
    "dfr": "benchmarks.run.baselines.dfr:DeepFeatureReconstruction",
    "lstm_vector_ae": "benchmarks.run.baselines.lstm_vector_ae:LstmVectorAe",
    "aae": "benchmarks.run.baselines.aae:AdversarialAutoencoder",
    "fcae": "benchmarks.run.baselines.fcae:Fcae",
    "mean_frame": "benchmarks.run.learning_free:MeanFrame",
    "frame_difference": "benchmarks.run.learning_free:FrameDifference",
    "clock": "benchmarks.run.learning_free:Clock",
}


def build(settings: Settings, seed: int, device: torch.device) -> Method:
    """Build the method of a cell; raises StudyError listing the known methods for an unknown one."""
    if settings.method not in METHODS:
        raise StudyError(f"Expected a method among {', '.join(METHODS)}, but got {settings.method!r}.")
    module, name = METHODS[settings.method].split(":")
    kind = getattr(importlib.import_module(module), name)
    if settings.negative_weight is not None:
        kind = limited(kind)
    method: Method = kind(settings, seed, device)
    return method
