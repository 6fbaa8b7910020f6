"""Weights as a file: what is written is what is read, and what does not fit is named."""

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.errors import StudyError
from memory_vad.model import Model, settings_for
from tests.camera.conftest import SMALL


class TestModel:
    def test_scores_survive_saving(self, model: Model, tmp_path: Path) -> None:
        """A model scores alike after it was written and read."""
        frames = np.random.default_rng(0).integers(0, 256, (9, 32, 32, 1), dtype=np.uint8)
        model.save(tmp_path / "w.safetensors")
        again = Model.load(tmp_path / "w.safetensors")
        for term, values in model.score_clips(frames).terms.items():
            assert np.array_equal(values, again.score_clips(frames).terms[term])

    def test_bfloat16_halves_the_file(self, model: Model, tmp_path: Path) -> None:
        """Rounded weights take half the room and load as float32."""
        model.save(tmp_path / "w.safetensors", dtype=torch.bfloat16)
        model.save(tmp_path / "f.safetensors")
        assert (tmp_path / "w.safetensors").stat().st_size < 0.55 * (tmp_path / "f.safetensors").stat().st_size
        assert Model.load(tmp_path / "w.safetensors").method.state()["encoder.level1.0.weight"].dtype == torch.float32

    def test_scores_need_nothing_but_their_clip(self, model: Model) -> None:
        """A frame's score is the same whatever was scored before."""
        frames = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 1), dtype=np.uint8)
        whole = model.score_clips(frames).terms["mse"]
        np.testing.assert_allclose(model.score_clips(frames[10:]).terms["mse"], whole[10:], rtol=1e-5)

    def test_not_weights(self, tmp_path: Path) -> None:
        """A missing file and a file of something else are one sentence each."""
        with pytest.raises(StudyError, match="does not exist"):
            Model.load(tmp_path / "absent.safetensors")
        (tmp_path / "w.safetensors").write_bytes(b"hello")
        with pytest.raises(StudyError, match=r"w\.safetensors"):
            Model.load(tmp_path / "w.safetensors")

    @pytest.mark.parametrize("change", [{"width": 0.25}, {"channels": 3}])
    def test_another_geometry(self, model: Model, change: dict[str, float]) -> None:
        """Weights of another width or number of channels are refused, with the tensor and both shapes."""
        other = Model.build(settings_for("mnad", "prediction", **{**SMALL, **change}), 5)
        with pytest.raises(StudyError, match="another size, width or number of channels"):
            other.put(model.method.state(), "w")

    def test_another_method(self, model: Model) -> None:
        """Weights of another method are refused, naming a tensor."""
        other = Model.build(
            settings_for("memae", "reconstruction", size=32, width=0.125, items=20, shrink_threshold=0.02), 5
        )
        with pytest.raises(StudyError, match="missing"):
            other.put(model.method.state(), "w")

    def test_frames_of_another_shape(self, model: Model) -> None:
        """The sentence says which shape is taken."""
        with pytest.raises(StudyError, match=r"\(n, 32, 32, 1\)"):
            model.score_clips(np.zeros((9, 16, 16, 1), np.uint8))
        with pytest.raises(StudyError, match="at least 5 frames"):
            model.score_clips(np.zeros((4, 32, 32, 1), np.uint8))
