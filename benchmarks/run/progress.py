"""A cell's progress as a file, so that whoever started the cell can show it."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.writing import replace_text

_INTERVAL = 0.5


class Progress:
    """Rewrites ``progress.json`` in a cell's work folder, atomically and at most twice a second."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.content: dict[str, Any] = {"phase": "frames", "epochs_done": [], "error": None}
        self._written = 0.0
        self._phase_begun = time.monotonic()

    def phase(self, name: str, **facts: Any) -> None:
        """Begin a phase; written at once."""
        self._phase_begun = time.monotonic()
        self.content |= {"phase": name, "batch": 0, "batches": 0, "seconds_left": None, **facts}
        self.write()

    def step(self, done: int, of: int, **facts: Any) -> None:
        """Note that ``done`` of ``of`` batches or clips of the phase are through."""
        self.content |= {"batch": done, "batches": of, **facts}
        if time.monotonic() - self._written >= _INTERVAL:
            self.write()

    def train_step(self, epoch: int, epochs: int, step: int, steps: int, losses: Mapping[str, float]) -> None:
        """Note a training step, and how long the rest of the training will take at this pace."""
        through = len(self.content["epochs_done"]) - self.content.get("resumed_epochs", 0) + step / steps
        elapsed = time.monotonic() - self._phase_begun
        left = (epochs - epoch + 1 - step / steps) * elapsed / through
        self.step(step, steps, epoch=epoch, epochs=epochs, losses=dict(losses), seconds_left=round(left, 1))

    def epoch_done(self, epochs: int, done: Sequence[Mapping[str, Any]]) -> None:
        """Note the end of an epoch, at once: on a GPU no step within one is reported. done: the epochs so far, of ``epochs``."""
        trained = len(done) - self.content.get("resumed_epochs", 0)
        elapsed = time.monotonic() - self._phase_begun
        left = round((epochs - len(done)) * elapsed / trained, 1) if trained else None
        last = {"epoch": len(done), "epochs": epochs, "batch": 1, "batches": 1, "losses": dict(done[-1]["losses"])}
        self.content |= {**last, "epochs_done": list(done), "seconds_left": left}
        self.write()

    def write(self) -> None:
        """Write now; raises StudyError if the disk refuses, and leaves nothing half-written."""
        self._written = time.monotonic()
        replace_text(self.path, json.dumps(self.content), sync=False)


def read_progress(path: Path) -> dict[str, Any] | None:
    """Return what a cell's progress file says; None where there is none, or none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
