"""Inpainting of annotated regions."""

import numpy as np
import pytest

from synthetic.pool.dataset import render_frame, video_plan
from synthetic.pool.inpainting import inpaint_boxes
from synthetic.pool.scene import PoolSettings


class TestInpaintBoxes:
    def test_comes_nearer_to_the_empty_pool(self) -> None:
        """Over the pixels of swimmers the inpainted frames are much nearer to the same frames of an empty pool."""
        before = after = 0.0
        for plan in video_plan(PoolSettings(), "test")[:3]:
            for index in (22, 28):
                annotated, empty = render_frame(plan, index), render_frame(plan, index, swimmers=False)
                filled = inpaint_boxes(annotated.image, annotated.boxes)
                before += np.square(annotated.image.astype(float) - empty.image)[annotated.mask].sum()
                after += np.square(filled.astype(float) - empty.image)[annotated.mask].sum()
        assert before > 0
        assert after < 0.25 * before

    def test_leaves_the_rest_alone(self) -> None:
        """Pixels away from the boxes stay as they are, and without a box all do."""
        frame = render_frame(video_plan(PoolSettings(), "train")[0], 0).image
        filled = inpaint_boxes(frame, np.array([[50.0, 60.0, 90.0, 80.0]]), margin=2)
        changed = (filled != frame).any(axis=2)
        assert changed[60:80, 50:90].mean() > 0.9
        changed[58:82, 48:92] = False
        assert not changed.any()
        np.testing.assert_array_equal(inpaint_boxes(frame, np.empty((0, 4))), frame)

    @pytest.mark.parametrize("box", [[5, 5, 5, 9], [400, 5, 410, 9]])
    def test_refuses_a_box_that_marks_nothing(self, box: list[float]) -> None:
        """An empty box, or one outside the frame, is an error of the annotation."""
        with pytest.raises(ValueError, match="must lie in the frame"):
            inpaint_boxes(np.zeros((180, 320, 3), np.uint8), np.array([box], dtype=float))
