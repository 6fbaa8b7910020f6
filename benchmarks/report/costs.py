"""What memory costs, in a sentence: from the JSON of `benchmarks.perf.memory_cost` alone."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.errors import StudyError
from benchmarks.report.wording import signed

FILE: Final = Path("bench") / "memory_cost.json"
_METHODS: Final = {"mnad": "MNAD", "memae": "MemAE"}
_ASKED: Final = "**What does memory cost?**"


def memory_cost(results: Path) -> str:
    """Tell what the memory adds to time and parameters, at the published width; results: folder that holds FILE.

    Raises StudyError where the file is there and holds no costs.
    """
    source = results / FILE
    if not source.is_file():
        return f"{_ASKED} Not measured yet: `make bench`."
    try:
        costs = json.loads(source.read_text(encoding="utf-8"))["costs"]
        told = "; ".join(_told(cost) for cost in costs if cost["profile"] == "paper")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudyError(
            f"Expected what memory costs in {source}, but {error!r}; run python -m benchmarks.perf.memory_cost again."
        ) from error
    return (
        f"{_ASKED} Beside the same network without it, at the published width on one core, median of paired timings "
        f"(least to most): {told} ([`results/bench`](results/bench/README.md))."
    )


def _told(cost: Mapping[str, Any]) -> str:
    name = f"{_METHODS[cost['method']]} {cost['task']}"
    parameters = cost["parameters"]["own"] / cost["parameters"]["none"]
    times = f"{_more(cost['training'])} to train, {_more(cost['scoring'])} to score a frame"
    return f"{name} {times}, {_percent(parameters)} % parameters"


def _more(times: Mapping[str, Any]) -> str:
    """Times the time as per cent more of it: ``+12 % (+9 to +14)``."""
    return f"{_percent(times['median'])} % ({_percent(times['low'])} to {_percent(times['high'])})"


def _percent(times: float) -> str:
    return signed(100 * (times - 1), 0)
