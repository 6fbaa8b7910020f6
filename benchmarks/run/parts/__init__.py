"""Exchangeable parts of an autoencoder: task, backbone, memory, supervision. A factor of the study chooses each."""

import importlib
from types import ModuleType

from benchmarks.errors import StudyError

# A new part is one module and one line here.
BACKBONES = {"mnad": "benchmarks.run.parts.backbone_2d", "memae": "benchmarks.run.parts.backbone_3d"}
MEMORIES = {
    "none": "benchmarks.run.parts.memory_none",
    "mnad": "benchmarks.run.parts.memory_mnad",
    "memae": "benchmarks.run.parts.memory_memae",
}


def load_part(table: dict[str, str], name: str) -> ModuleType:
    """Import the module of a part by its name in a table; raises StudyError listing the valid names."""
    if name not in table:
        raise StudyError(f"Expected one of {', '.join(table)}, but got {name!r}; correct the settings.")
    return importlib.import_module(table[name])
