"""Building the method of a cell: the class that its card names."""

import importlib

import torch

from benchmarks.errors import StudyError
from benchmarks.run.contract import Method
from benchmarks.study.settings import METHODS, Settings


def build(settings: Settings, seed: int, device: torch.device) -> Method:
    """Build the method of a cell; raises StudyError listing the known methods for an unknown one."""
    if settings.method not in METHODS:
        raise StudyError(f"Expected a method among {', '.join(METHODS)}, but got {settings.method!r}.")
    module, name = METHODS[settings.method].run.split(":")
    kind = getattr(importlib.import_module(module), name)
    if settings.negative_weight is not None:
        from benchmarks.run.negative_learning import limited  # brings pandas and the known anomalies

        kind = limited(kind)
    method: Method = kind(settings, seed, device)
    return method
