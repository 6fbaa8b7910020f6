"""Checkpoints as safetensors: nothing is unpickled, and a file is either whole or not there."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from benchmarks.errors import StudyError
from benchmarks.reading import DIGEST, expected, parse_json, refuse_special
from benchmarks.run.contract import Method, Objective
from benchmarks.writing import replaced_whole

_METHOD = "method."
_OPTIMISER = "optimiser."
_REMEDY = "delete it and run the cell again"


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
    metadata[DIGEST] = _digest(tensors, metadata)
    try:
        with replaced_whole(path) as temporary:
            save_file(tensors, temporary, metadata)
    except SafetensorError as error:
        raise StudyError(f"Expected to write {path}, but {error}; free space there and go on.") from error


def read_facts(path: Path) -> dict[str, Any]:
    """Return the facts of a checkpoint; raises StudyError if the file is damaged."""
    facts: dict[str, Any] = _read(path)[0]
    return facts


def load_checkpoint(path: Path, method: Method, objectives: Sequence[Objective] = ()) -> dict[str, Any]:
    """Restore a method, and its optimisers and schedules if given; return the facts.

    Raises StudyError if the file is damaged, not what was written, or of another method.
    """
    facts, described, tensors = _read(path)
    with expected("a checkpoint of this run", path, _REMEDY):
        _restore(method, objectives, described, tensors)
    return facts


def _read(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, torch.Tensor]]:
    """Return facts, optimisers' settings and tensors, checked against the digest (old checkpoints have none)."""
    with expected("a checkpoint", path, _REMEDY):
        refuse_special(path)
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        if metadata.pop(DIGEST, found := _digest(tensors, metadata)) != found:
            raise ValueError("it is not what was written: its digest is another")
        facts, described = parse_json(metadata["facts"]), parse_json(metadata["objectives"])
        if not isinstance(facts, dict) or not isinstance(described, list):
            raise ValueError("its facts are no table")
        return facts, described, tensors


def _digest(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> str:
    """SHA-256 (hex) of every tensor's name, type, shape and bytes, and of the metadata but for a digest."""
    digest = hashlib.sha256(repr(sorted((name, text) for name, text in metadata.items() if name != DIGEST)).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _restore(
    method: Method,
    objectives: Sequence[Objective],
    described: Sequence[Mapping[str, Any]],
    tensors: Mapping[str, torch.Tensor],
) -> None:
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
