"""ONNX: the exported network gives torch's terms, for any batch."""

from pathlib import Path

import numpy as np
import pytest

from memory_vad.decode import pictures
from memory_vad.export import TOLERANCE, export_onnx
from memory_vad.model import Model, settings_for


class TestExportOnnx:
    @pytest.mark.parametrize("dynamic", [True, False])
    def test_agrees_with_scoring(self, model: Model, odd_clip: Path, tmp_path: Path, *, dynamic: bool) -> None:
        """The runtime gives the terms that scoring gives, to 1e-4, on real frames."""
        runtime = pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
        frames = np.stack([model.prepared(picture.image(grey=True)) for picture in pictures(odd_clip, 5)][:8])
        clips = np.moveaxis(np.lib.stride_tricks.sliding_window_view(frames, 5, axis=0), -1, 1)
        assert export_onnx(model, tmp_path / "m.onnx", clips, dynamic=dynamic) <= TOLERANCE
        session = runtime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
        found = dict(zip([o.name for o in session.get_outputs()], session.run(None, {"clips": clips}), strict=True))
        expected = model.score_clips(frames).terms
        for term, values in found.items():
            np.testing.assert_allclose(values, expected[term], rtol=1e-3)

    def test_memae(self, tmp_path: Path) -> None:
        """MemAE's volumes export as well."""
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
        small = {"size": 32, "width": 0.125, "items": 20, "shrink_threshold": 0.02}
        model = Model.build(settings_for("memae", "reconstruction", **small), 5)
        clips = np.random.default_rng(0).integers(0, 256, (2, 16, 32, 32, 1), dtype=np.uint8)
        assert export_onnx(model, tmp_path / "m.onnx", clips) <= TOLERANCE
