"""Weights of others: golden outputs from files in the official form, and a malicious pickle that runs nothing."""

import os
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.errors import StudyError
from memory_vad.model import Model, settings_for
from memory_vad.official import _MNAD, import_official, read_tensors
from tests.support.official_names import Arrays

GOLDEN = Path(__file__).parents[1] / "golden"


def golden(name: str) -> Arrays:
    """The arrays of a golden file."""
    return dict(np.load(GOLDEN / f"{name}.npz"))


def official_module(arrays: Arrays, monkeypatch: pytest.MonkeyPatch, *, parallel: bool = False) -> nn.Module:
    """A module of somebody's class that holds these arrays under their names, as the released files are pickled."""
    package, module = types.ModuleType("model"), types.ModuleType("model.final_future_prediction")
    kind = type("convAE", (nn.Module,), {"__module__": module.__name__, "__qualname__": "convAE"})
    module.convAE = kind  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "model", package)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    network = kind()
    for name, value in arrays.items():
        *path, last = name.split(".")
        place = network
        for part in path:
            if part not in place._modules:
                place.add_module(part, nn.Sequential())
            place = place._modules[part]
        tensor = torch.from_numpy(np.asarray(value))
        if last in ("weight", "bias"):
            place.register_parameter(last, nn.Parameter(tensor))
        else:
            place.register_buffer(last, tensor)
    return nn.DataParallel(network) if parallel else network


def released_names(model: Model) -> Arrays:
    """An MNAD model's arrays under the names that the released networks give them."""
    official = {ours: theirs for theirs, ours in _MNAD.items()}
    found: dict[str, np.ndarray[Any, Any]] = {}
    for name, value in model.method.state().items():
        part, level, rest = name.split(".", 2) if name.count(".") > 1 else (name, "", "")
        if level == "output":
            found[f"decoder.moduleDeconv1.6.{rest}"] = value.numpy()
        elif part != "memory.items":
            found[f"{official[f'{part}.{level}']}.{rest}"] = value.numpy()
    return found


class TestImportOfficial:
    @pytest.mark.parametrize(
        ("form", "task"),
        [
            ("module", "prediction"),
            ("module", "reconstruction"),
            ("legacy module", "prediction"),
            ("parallel module", "reconstruction"),
            ("state dict", "prediction"),
            ("module on a GPU", "prediction"),
        ],
    )
    def test_mnad_gives_the_golden_scores(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, task: str
    ) -> None:
        """A whole module, an old file, DataParallel, a state dict and GPU tensors give the official network's errors."""
        trace = golden("mnad_eval_trace_pred" if task == "prediction" else "mnad_eval_trace_recon")
        arrays = {name[8:]: value for name, value in trace.items() if name.startswith("weights.")}
        content: Any = official_module(arrays, monkeypatch, parallel="parallel" in form)
        if form == "state dict":
            content = {"state_dict": {f"module.{name}": value for name, value in content.state_dict().items()}}
        if "GPU" in form:
            monkeypatch.setattr(torch.serialization, "location_tag", lambda _: "cuda:0")
        torch.save(content, tmp_path / "model.pth", _use_new_zipfile_serialization="legacy" not in form)
        torch.save(torch.from_numpy(np.asarray(trace["items_init"])), tmp_path / "keys.pt")
        monkeypatch.undo()  # the class is gone, as on a user's machine
        model = import_official(tmp_path / "model.pth", tmp_path / "keys.pt", size=64)
        assert (model.settings.method, model.settings.task, model.settings.width) == ("mnad", task, 0.125)
        assert model.facts["imported"]
        terms = model.score_clips(trace["frames_uint8_video1"]).terms
        # The first step meets the items as they were given; later ones, in the trace, updated ones.
        np.testing.assert_allclose(terms["mse"][0], trace["mse"][0], rtol=2e-5)
        np.testing.assert_allclose(terms["feature_distance"][0], trace["feature_distance"][0], rtol=2e-5)

    @pytest.mark.parametrize("prefix", ["", "module."])
    def test_memae_gives_the_golden_error(self, tmp_path: Path, prefix: str) -> None:
        """MemAE's state dict, DataParallel's as well, gives the official network's error."""
        state = {f"{prefix}{name}": torch.from_numpy(value) for name, value in golden("memae_weights").items()}
        torch.save(state, tmp_path / "model.pt")
        model = import_official(tmp_path / "model.pt", size=32)
        assert (model.settings.method, model.settings.items, model.settings.width) == ("memae", 20, 0.125)
        trace = golden("memae_forward_eval")
        error = model.score_clips(trace["clip_uint8"][..., None]).terms["mse"]
        # The official error is that of frames in [-1, 1], ours of frames in [0, 1].
        np.testing.assert_allclose(error, trace["mse"] / 4, rtol=2e-5)

    @pytest.mark.parametrize(
        ("task", "options"),
        [
            ("reconstruction", {"skip": False, "upsampling": "halve"}),
            ("reconstruction", {"skip": False, "upsampling": "halve", "memory": "none"}),
            ("prediction", {"memory": "none"}),
            ("denoising", {"noise": 0.0, "noise_frames": 4}),
        ],
    )
    def test_networks_of_rc2020(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str, options: dict[str, Any]
    ) -> None:
        """Its narrow decoder, its networks without memory and its stacks of noisy frames are known by their tensors."""
        settings = settings_for("mnad", task, size=32, width=0.125, channels=1, **options)
        ours = Model.build(settings, 10, seed=1)
        torch.save(official_module(released_names(ours), monkeypatch), tmp_path / "model.pth")
        items = ours.method.state().get("memory.items")
        if items is not None:
            torch.save(items, tmp_path / "keys.pt")
        keys = None if items is None else tmp_path / "keys.pt"
        given = import_official(tmp_path / "model.pth", keys, size=32, task=task if task == "denoising" else None)
        assert given.settings == settings
        frames = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 1), dtype=np.uint8)
        np.testing.assert_array_equal(given.score_clips(frames).terms["mse"], ours.score_clips(frames).terms["mse"])

    def test_items_of_another_network(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Items for a network without a memory are refused, whatever the file holds."""
        ours = Model.build(
            settings_for("mnad", "prediction", size=32, width=0.125, channels=1, memory="none"), 10, seed=1
        )
        torch.save(official_module(released_names(ours), monkeypatch), tmp_path / "model.pth")
        torch.save(torch.zeros(10, 64), tmp_path / "keys.pt")
        with pytest.raises(StudyError, match="has no memory"):
            import_official(tmp_path / "model.pth", tmp_path / "keys.pt", size=32)

    def test_a_missing_keys_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """MNAD's items lie apart: the sentence asks for them."""
        torch.save(official_module(golden("mnad_weights_pred"), monkeypatch), tmp_path / "model.pth")
        with pytest.raises(StudyError, match=r"keys\.pt"):
            import_official(tmp_path / "model.pth", size=64)

    def test_another_network(self, tmp_path: Path) -> None:
        """Tensors of another network are named."""
        torch.save({"layer1.weight": torch.zeros(3)}, tmp_path / "model.pth")
        with pytest.raises(StudyError, match=r"layer1\.weight"):
            import_official(tmp_path / "model.pth")


class _Malicious:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (self.command,)


class TestReadTensors:
    @pytest.mark.parametrize("new_format", [True, False])
    def test_nothing_in_a_pickle_is_run(self, tmp_path: Path, *, new_format: bool) -> None:
        """A file that asks for os.system is refused, and its command does not run."""
        trap = tmp_path / "trap"
        torch.save({"a": _Malicious(f"touch {trap}")}, tmp_path / "m.pth", _use_new_zipfile_serialization=new_format)
        with pytest.raises(StudyError, match="nothing was run"):
            read_tensors(tmp_path / "m.pth")
        assert not trap.exists()

    @pytest.mark.parametrize(
        "call", [("builtins", "eval"), ("builtins", "getattr"), ("torch.storage", "_load_from_bytes")]
    )
    def test_other_ways_in(self, tmp_path: Path, call: tuple[str, str]) -> None:
        """Names that could lead on to anything are refused by themselves."""
        code = b"\x80\x02c" + "\n".join(call).encode() + b"\nU\x011\x85R."
        (tmp_path / "m.pth").write_bytes(code)
        with pytest.raises(StudyError, match=r"m\.pth"):
            read_tensors(tmp_path / "m.pth")

    def test_not_a_file_of_torch(self, tmp_path: Path) -> None:
        """Something else is one sentence."""
        (tmp_path / "m.pth").write_bytes(b"hello")
        with pytest.raises(StudyError, match=r"torch\.save"):
            read_tensors(tmp_path / "m.pth")
