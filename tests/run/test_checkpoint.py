"""Checkpoints: what is loaded goes on as what was saved."""

from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.errors import StudyError
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.checkpoint import load_checkpoint, read_facts, save_checkpoint
from benchmarks.run.contract import Objective
from tests.support.methods import batch_of, made_up_clips, method_of

CASES = [
    {"method": "mnad", "task": "prediction"},
    {"method": "memae", "task": "reconstruction"},
    {"method": "memae", "task": "denoising", "memory": "mnad", "skip": True},
]


def step(method: MemoryAutoencoder, objective: Objective, number: int) -> None:
    """One training step on made-up clips."""
    losses = method.losses(batch_of(made_up_clips(method, 4, seed=number), epoch=1), objective.name)
    objective.optimiser.zero_grad(set_to_none=True)
    losses.total.backward()
    objective.optimiser.step()


@pytest.mark.parametrize("factors", CASES, ids=lambda factors: "-".join(map(str, factors.values())))
class TestResumption:
    def test_training_goes_on_bit_for_bit(self, factors: dict[str, Any], tmp_path: Path) -> None:
        """Saved between two steps and loaded into another method, training gives the weights of an unbroken run."""
        path = tmp_path / "checkpoint.safetensors"
        unbroken = method_of(**factors)
        (objective,) = unbroken.objectives()
        for number in range(2):
            step(unbroken, objective, number)
        objective.schedule.step()
        save_checkpoint(path, unbroken, [objective], {"epochs": [1]})
        resumed = method_of(**factors)
        (taken_up,) = resumed.objectives()
        assert load_checkpoint(path, resumed, [taken_up]) == {"epochs": [1]}
        assert taken_up.schedule.state_dict() == objective.schedule.state_dict()
        for number in range(2, 4):
            step(unbroken, objective, number)
            step(resumed, taken_up, number)
        expected = unbroken.state()
        assert all(torch.equal(value, expected[name]) for name, value in resumed.state().items())

    def test_moments_lie_in_memory_as_their_parameters_do(self, factors: dict[str, Any], tmp_path: Path) -> None:
        """The fused optimiser walks parameter and moments side by side, so their strides must agree."""
        path = tmp_path / "checkpoint.safetensors"
        saved = method_of(**factors)
        (objective,) = saved.objectives()
        step(saved, objective, 0)
        save_checkpoint(path, saved, [objective], {})
        loaded = method_of(**factors)
        (taken_up,) = loaded.objectives()
        load_checkpoint(path, loaded, [taken_up])
        for parameter, state in taken_up.optimiser.state.items():
            assert state["exp_avg"].stride() == parameter.stride()
            assert state["exp_avg_sq"].stride() == parameter.stride()


class TestFile:
    def test_holds_items_and_facts_without_pickles(self, tmp_path: Path) -> None:
        """Items are part of the file, facts can be read without the tensors, and no half-written file stays."""
        path = tmp_path / "work" / "checkpoint.safetensors"
        method = method_of(method="mnad", task="prediction")
        save_checkpoint(path, method, method.objectives(), {"epochs": [{"epoch": 1}], "identity": {"seed": 0}})
        assert read_facts(path) == {"epochs": [{"epoch": 1}], "identity": {"seed": 0}}
        assert [file.name for file in path.parent.iterdir()] == [path.name]
        other = method_of(seed=1, method="mnad", task="prediction")
        load_checkpoint(path, other)
        assert torch.equal(other.state()["memory.items"], method.state()["memory.items"])

    @pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\xff" * 100])
    def test_damaged_file_is_named(self, tmp_path: Path, content: bytes) -> None:
        """A file that is no checkpoint gets a sentence that names it and says what to do."""
        path = tmp_path / "checkpoint.safetensors"
        path.write_bytes(content)
        with pytest.raises(StudyError, match="delete it") as caught:
            read_facts(path)
        assert str(path) in str(caught.value)

    def test_disk_that_refuses_leaves_the_old_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """If the new checkpoint cannot be written, the last one is still whole."""
        path = tmp_path / "checkpoint.safetensors"
        method = method_of(method="mnad", task="prediction")
        save_checkpoint(path, method, method.objectives(), {"epochs": [1]})

        def full(tensors: object, file: Path, metadata: object) -> None:
            Path(file).write_bytes(b"half")
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("benchmarks.run.checkpoint.save_file", full)
        with pytest.raises(StudyError, match="No space left"):
            save_checkpoint(path, method, method.objectives(), {"epochs": [1, 2]})
        assert read_facts(path) == {"epochs": [1]}
        assert len(list(tmp_path.iterdir())) == 1

    def test_folder_that_is_a_file_is_named(self, tmp_path: Path) -> None:
        """A file where the folder should be gets a sentence, too."""
        (tmp_path / "work").write_text("in the way")
        method = method_of(method="mnad", task="prediction")
        with pytest.raises(StudyError, match="checkpoint"):
            save_checkpoint(tmp_path / "work" / "checkpoint.safetensors", method, (), {})
