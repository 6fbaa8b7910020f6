"""Exchangeable parts of an autoencoder: task, backbone, memory, supervision. A factor of the study chooses each."""

import importlib
from collections.abc import Mapping
from types import ModuleType

from benchmarks.errors import StudyError
from benchmarks.study import settings as cards

BACKBONES = {name: card.backbone for name, card in cards.METHODS.items() if card.backbone}
MEMORIES = {name: card.part for name, card in cards.MEMORIES.items()}


def load_part(table: Mapping[str, str], name: str) -> ModuleType:
    """Import the module of a part by its name in a table; raises StudyError listing the valid names."""
    if name not in table:
        raise StudyError(f"Expected one of {', '.join(table)}, but got {name!r}; correct the settings.")
    return importlib.import_module(table[name])
