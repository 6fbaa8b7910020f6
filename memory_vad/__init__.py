"""Memory-augmented anomaly detection on your own camera: train, score, watch, with a threshold that can be stated.

The names below are the whole API; the command `memory-vad` is made of them. Frames are (n, height, width, 3) uint8 in
B, G, R order, times are seconds, scores are in standard deviations of normal footage (high is abnormal). Whatever the user can put
right raises `StudyError`, one sentence.
"""

import importlib
from typing import TYPE_CHECKING, Any

from benchmarks.errors import StudyError

if TYPE_CHECKING:
    from memory_vad.calibration import Calibration
    from memory_vad.decode import pictures
    from memory_vad.events import Event, find_events
    from memory_vad.export import export_onnx
    from memory_vad.model import Model, settings_for
    from memory_vad.official import import_official
    from memory_vad.scoring import load, score_frames, score_video
    from memory_vad.training import calibrate, train

_HOMES = {
    "Calibration": "calibration",
    "Event": "events",
    "Model": "model",
    "calibrate": "training",
    "export_onnx": "export",
    "find_events": "events",
    "import_official": "official",
    "load": "scoring",
    "pictures": "decode",
    "score_frames": "scoring",
    "score_video": "scoring",
    "settings_for": "model",
    "train": "training",
}

__all__ = [
    "Calibration",
    "Event",
    "Model",
    "StudyError",
    "calibrate",
    "export_onnx",
    "find_events",
    "import_official",
    "load",
    "pictures",
    "score_frames",
    "score_video",
    "settings_for",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import a name's module when the name is first asked for, so that the package itself costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
