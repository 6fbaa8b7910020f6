"""Weights of others: files that `torch.save` wrote, read without running anything that is in them.

The released MNAD checkpoints are pickles of a whole module. A pickle is a program; here a restricted unpickler turns every
class of a network into an inert stub that only keeps attributes, rebuilds tensors by an allow-list, and refuses any other name.
"""

import collections
import pickle
import types
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.errors import StudyError
from benchmarks.run.contract import Method
from benchmarks.study.settings import Settings
from memory_vad.model import Model, settings_for

_ALLOWED = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    # How every file of torch.save rebuilds its tensors.
    **{
        ("torch._utils", name): getattr(torch._utils, name)  # noqa: SLF001 - see above
        for name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter")
    },
    ("torch", "Size"): torch.Size,
    ("torch", "device"): torch.device,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,
    ("builtins", "slice"): slice,
}
# Where the classes of published networks lie; the repositories call their folders so.
_NETWORK_MODULES = ("torch.nn.", "model.", "models.", "model", "models", "__main__", "utils")

_MNAD = {
    "encoder.moduleConv1": "encoder.level1",
    "encoder.moduleConv2": "encoder.level2",
    "encoder.moduleConv3": "encoder.level3",
    "encoder.moduleConv4": "encoder.level4",
    "decoder.moduleConv": "decoder.bottleneck",
    "decoder.moduleUpsample4": "decoder.upsample3",
    "decoder.moduleDeconv3": "decoder.level3",
    "decoder.moduleUpsample3": "decoder.upsample2",
    "decoder.moduleDeconv2": "decoder.level2",
    "decoder.moduleUpsample2": "decoder.upsample1",
    "decoder.moduleDeconv1": "decoder.level1",
}


class _Refused(pickle.UnpicklingError):
    """A name in a pickle that no network needs."""


class _Stub:
    """Stands for a class of somebody's network: takes any arguments, does nothing, keeps its state."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass


def _reconstruct(kind: Any, _base: Any = None, _state: Any = None) -> _Stub:
    """Stands for ``copyreg._reconstructor``: makes a stub, never anything else."""
    if not (isinstance(kind, type) and issubclass(kind, _Stub)):
        raise _Refused("an object that is no part of a network")
    return kind()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return what a name of the pickle stands for; raises UnpicklingError for one that no network needs."""
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        if (module, name) in (("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor")):
            return _reconstruct
        if (module, name) in (("builtins", "object"), ("__builtin__", "object")):
            return _Stub
        if module in ("torch", "torch.storage") and name.endswith("Storage"):
            return getattr(torch, name, None) or getattr(torch.storage, name)
        if module.startswith(_NETWORK_MODULES) and name.isidentifier():
            return type(name, (_Stub,), {"__module__": "memory_vad.official"})
        raise _Refused(f"{module}.{name}")


_PICKLE = types.SimpleNamespace(
    Unpickler=_Unpickler,
    load=lambda file, **options: _Unpickler(file, **options).load(),
    loads=pickle.loads,
    __name__="memory_vad.official",
)
del _PICKLE.loads  # nothing may be read past the restricted unpickler


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a `torch.save` file by dotted names: of a whole module, a state dict, or one tensor ("").

    DataParallel's prefix is taken off, tensors come to the CPU. Raises StudyError for a file that is none, or that names
    anything a network does not need; nothing in it is run.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old files carry sources of their classes, which are not ours
            content = torch.load(path, map_location="cpu", pickle_module=_PICKLE, weights_only=False)
    except _Refused as error:
        raise StudyError(
            f"Expected weights in {path}, but the file asks for {error}, which no network needs; nothing was run. Do not "
            "open it otherwise."
        ) from error
    except Exception as error:  # a torn or foreign file can break the reader anywhere
        raise StudyError(f"Expected a file of torch.save in {path}, but it cannot be read ({error}).") from error
    found: dict[str, Tensor] = {}
    _collect(content, "", found)
    if not found:
        raise StudyError(f"Expected tensors in {path}, but it holds none.")
    stripped = {_without_prefix(name): value.detach() for name, value in found.items()}
    return {name: value.float() if value.is_floating_point() else value for name, value in stripped.items()}


def _collect(content: Any, name: str, found: dict[str, Tensor]) -> None:
    if isinstance(content, Tensor):
        found[name] = content
    elif isinstance(content, _Stub):
        state = vars(content)
        for kind in ("_parameters", "_buffers", "_modules"):
            _collect(state.get(kind), name, found)
    elif isinstance(content, Mapping):
        for key, value in content.items():
            wrapped = name == "" and key in ("state_dict", "model", "net", "model_state_dict")
            _collect(value, name if wrapped else f"{name}.{key}".lstrip("."), found)


def _without_prefix(name: str) -> str:
    return ".".join(part for part in name.split(".") if part != "module")


def official_name(official: str, method: str) -> str | None:
    """Our name of a parameter or running statistic of the released networks; None for what nothing passes through.

    Raises KeyError for a name that is not of that network.
    """
    if method == "memae":
        if official == "mem_rep.memory.weight":
            return "memory.items"
        if official.startswith("decoder.9."):
            return official.replace("decoder.9.", "decoder.output.")
        part, index, rest = official.split(".", 2)
        return f"{part}.levels.{int(index) // 3}.{int(index) % 3}.{rest}"
    # The released encoder holds a batch norm that nothing passes through.
    if official.startswith("encoder.moduleBatchNorm."):
        return None
    if official.startswith("decoder.moduleDeconv1.6."):
        return official.replace("decoder.moduleDeconv1.6.", "decoder.output.")
    part, module, rest = official.split(".", 2)
    return f"{_MNAD[f'{part}.{module}']}.{rest}"


def import_official(
    path: Path, keys: Path | None = None, *, size: int = 256, fps: float = 10.0, task: str | None = None
) -> Model:
    """Return a model with the weights of a released MNAD, MemAE or RC2020 file, not calibrated.

    keys: MNAD's memory items (``keys.pt``), which its checkpoints hold apart. size: of the frames that it was trained on;
    channels, width, skips, items and whether there is a memory follow from the tensors. task: prediction or reconstruction
    by the number of input frames where None; RC2020's stacks of four noisy frames have to be named denoising.
    Raises StudyError where they fit no network of the study.
    """
    tensors = read_tensors(path)
    method = "memae" if "encoder.0.weight" in tensors else "mnad"
    state: dict[str, Tensor] = {}
    try:
        for name, value in tensors.items():
            ours = official_name(name, method)
            if ours is not None:
                state[ours] = value
    except (KeyError, ValueError) as error:
        raise StudyError(
            f"Expected the tensors of the released MNAD, RC2020 or MemAE network in {path}, but {name} is none of them."
        ) from error
    if keys is not None:
        items = read_tensors(keys)
        if len(items) != 1 or next(iter(items.values())).ndim != 2:
            raise StudyError(f"Expected one tensor (items, channels) in {keys}, but it holds {len(items)}.")
        state["memory.items"] = next(iter(items.values()))
    try:
        settings = _memae_settings(state, size) if method == "memae" else _mnad_settings(state, size, task, path)
    except KeyError as error:
        raise StudyError(f"Expected {error.args[0]} among the tensors of {path}, but it is missing.") from error
    model = Model.build(settings, fps)
    model.put(_with_counters(state, model.method), str(path))
    model.facts = {"imported": True, "data": f"imported from {path.name}", "tensors": len(state)}
    return model


def _memae_settings(state: Mapping[str, Tensor], size: int) -> Settings:
    """Read MemAE's geometry off the tensors' shapes; the threshold is the released code's."""
    width, channels = state["encoder.levels.0.0.weight"].shape[:2]
    own = {"items": len(state["memory.items"])} if "memory.items" in state else {"memory": "none"}
    return settings_for("memae", "reconstruction", size=size, channels=channels, width=width / 96, **own)


def _mnad_settings(state: Mapping[str, Tensor], size: int, task: str | None, path: Path) -> Settings:
    """Read MNAD's geometry off the tensors' shapes; raises StudyError where the items belong to another network."""
    width, given = state["encoder.level1.0.weight"].shape[:2]
    channels = len(state["decoder.output.weight"])
    task = task or ("prediction" if given == 4 * channels else "reconstruction")
    own: dict[str, Any] = {}
    with_memory = state["decoder.bottleneck.0.weight"].shape[1] > len(state["encoder.level4.3.weight"])
    if with_memory and "memory.items" not in state:
        raise StudyError(f"Expected MNAD's memory items next to {path}: give its keys.pt as the second file.")
    if not with_memory and "memory.items" in state:
        raise StudyError(f"Expected one file, for the network in {path} has no memory; leave the items out.")
    own |= {"items": len(state["memory.items"])} if with_memory else {"memory": "none"}
    # With skip connections the block after an upsampling takes twice what that gives. Without, the released code's
    # upsampling keeps the width and RC2020's halves it.
    raised, (leaving, entering) = (
        state["decoder.upsample3.0.weight"].shape[1],
        state["decoder.level3.0.weight"].shape[:2],
    )
    own["skip"] = entering == 2 * raised
    if not own["skip"]:
        own["upsampling"] = "halve" if raised == leaving else "keep"
    if task == "denoising":
        own |= {"noise": 0.0, "noise_frames": given // channels}  # clean frames in at test
    return settings_for("mnad", task, size=size, channels=channels, width=width / 64, **own)


def _with_counters(state: Mapping[str, Tensor], method: Method) -> dict[str, Tensor]:
    """Leave out tensors that our network has no place for: counters of batches."""
    own = method.state()
    return {name: value for name, value in state.items() if name in own or not name.endswith("num_batches_tracked")}
