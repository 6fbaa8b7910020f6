"""Figures on labelled footage: frames, events, and pixels where there are masks."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.errors import StudyError
from memory_vad.evaluate import evaluate_footage, evaluate_on_set
from memory_vad.model import Model
from tests.support.moving_clips import write_clip


class TestEvaluateFootage:
    def test_masks_give_pixel_metrics(self, model: Model, tmp_path: Path) -> None:
        """Masks are labels of frames, and of pixels: a mask of the odd stripes is better found than chance."""
        path = write_clip(tmp_path / "clip.mp4", 12, fps=10, odd=(6, 9))
        masks = np.zeros((120, 64, 96), np.uint8)
        for frame in range(60, 90):
            start = (37 * 2 * frame) % 48
            masks[frame, :, start : start + 32] = 1
        np.save(path.with_suffix(".npy"), masks)
        content = evaluate_footage(model, [path], per_hour=120)
        assert content["frame"]["micro_auc"] > 0.9
        assert content["pixel"]["pixel_auc"] > 0.6
        assert content["pixel"]["regions"] >= content["pixel"]["tracks"] > 0
        assert content["pixel"]["aupimo"] is not None

    def test_without_labels(self, model: Model, normal: Path) -> None:
        """Videos without labels are named: there is no AUC for them."""
        with pytest.raises(StudyError, match=r"a\.mp4.*no AUC"):
            evaluate_footage(model, [normal / "a.mp4"])


class TestEvaluateOnSet:
    def test_weights_that_name_no_set(self, model: Model, tmp_path: Path) -> None:
        """Weights of own footage belong to no set; one has to be named."""
        with pytest.raises(StudyError, match="--dataset"):
            evaluate_on_set(model, tmp_path, tmp_path)
