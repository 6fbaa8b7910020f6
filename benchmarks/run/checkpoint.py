"""Checkpoints as safetensors: nothing is unpickled, and a file is either whole or not there."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from benchmarks.errors import StudyError
from benchmarks.run.contract import Method, Objective
from benchmarks.writing import replaced_whole

_METHOD = "method."
_OPTIMISER = "optimiser."


def save_checkpoint(path: Path, method: Method, objectives: Sequence[Objective], facts: Mapping[str, Any]) -> None:
    """Write the method, its optimisers and schedules, and facts (JSON) to ``path``, atomically.

    Random states are not needed: every stream is fixed by its name (`benchmarks.run.streams`).
    Raises StudyError if the disk refuses.
    """
    tensors = {_METHOD + name: tensor.detach().cpu().contiguous() for name, tensor in method.state().items()}
    described: list[dict[str, Any]] = []
    for number, objective in enumerate(objectives):
        state = objective.optimiser.state_dict()
        for index, entries in state["state"].items():
            for name, value in entries.items():
                tensors[f"{_OPTIMISER}{number}.{index}.{name}"] = value.detach().cpu().contiguous()
        described.append({"groups": state["param_groups"], "schedule": objective.schedule.state_dict()})
    metadata = {"facts": json.dumps(facts), "objectives": json.dumps(described)}
    try:
        with replaced_whole(path) as temporary:
            save_file(tensors, temporary, metadata)
    except SafetensorError as error:
        raise StudyError(f"Expected to write {path}, but {error}; free space there and go on.") from error


def read_facts(path: Path) -> dict[str, Any]:
    """Return the facts of a checkpoint; raises StudyError if the file is damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            facts: dict[str, Any] = json.loads(file.metadata()["facts"])
            return facts
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise StudyError(
            f"Expected a checkpoint in {path}, but it cannot be read ({error}); delete it and run the cell again."
        ) from error


def load_checkpoint(path: Path, method: Method, objectives: Sequence[Objective] = ()) -> dict[str, Any]:
    """Restore a method, and its optimisers and schedules if given; return the facts."""
    facts = read_facts(path)
    with safe_open(path, framework="pt") as file:
        described = json.loads(file.metadata()["objectives"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    method.load({name.removeprefix(_METHOD): value for name, value in tensors.items() if name.startswith(_METHOD)})
    for number, objective in enumerate(objectives):
        prefix = f"{_OPTIMISER}{number}."
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith(prefix):
                index, entry = name.removeprefix(prefix).split(".", 1)
                state.setdefault(int(index), {})[entry] = value
        objective.optimiser.load_state_dict({"state": state, "param_groups": described[number]["groups"]})
        # The fused optimiser walks parameter and moments side by side in memory: their layouts must agree.
        for parameter, moments in objective.optimiser.state.items():
            for name, value in moments.items():
                if value.shape == parameter.shape:
                    moments[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
        objective.schedule.load_state_dict(described[number]["schedule"])
    return facts
