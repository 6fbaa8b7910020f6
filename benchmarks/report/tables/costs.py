"""What memory costs in time and parameters: from the JSON of `benchmarks.perf.memory_cost` alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.errors import StudyError

FILE: Final = Path("bench") / "memory_cost.json"


@dataclass(frozen=True)
class Cost:
    """With memory over without: time of a training step, time of a scored frame, parameters."""

    training: float
    scoring: float
    parameters: float


def memory_costs(results: Path) -> dict[tuple[str, str, str], Cost]:
    """Return what memory costs: (method, task, profile) -> medians of paired timings; {} where nothing was measured.

    results: folder that holds FILE. Raises StudyError where the file is there and holds no costs.
    """
    source = results / FILE
    if not source.is_file():
        return {}
    try:
        costs = json.loads(source.read_text(encoding="utf-8"))["costs"]
        return {(cost["method"], cost["task"], cost["profile"]): _cost(cost) for cost in costs}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudyError(
            f"Expected what memory costs in {source}, but {error!r}; run python -m benchmarks.perf.memory_cost again."
        ) from error


def _cost(cost: Mapping[str, Any]) -> Cost:
    parameters = cost["parameters"]
    return Cost(cost["training"]["median"], cost["scoring"]["median"], parameters["own"] / parameters["none"])
