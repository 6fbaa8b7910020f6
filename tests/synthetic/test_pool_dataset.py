"""Frames of the generated pool and their ground truth."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from multiprocessing import get_context

import numpy as np
import pytest

from synthetic.pool.dataset import (
    RenderedFrame,
    VideoPlan,
    camera_at,
    frame_labels,
    render_frame,
    swimmer_mask,
    video_plan,
)
from synthetic.pool.scene import PoolSettings

SMALL = PoolSettings(width=160, height=90, train_videos=2, train_frames=3, test_videos=4, test_frames=40)


@cache
def rendered() -> list[tuple[VideoPlan, int, RenderedFrame]]:
    """Every eighth frame of the small test split."""
    return [(plan, i, render_frame(plan, i)) for plan in video_plan(SMALL, "test") for i in range(0, plan.length, 8)]


def first_pixels(plan: VideoPlan) -> bytes:
    """A whole frame's bytes, for another process to send back."""
    return render_frame(plan, 2).image.tobytes()


class TestVideoPlan:
    def test_training_is_empty_and_every_fourth_test_video_too(self) -> None:
        """Nobody swims in training; in test all but each fourth video have swimmers, each in a lane of his own."""
        assert all(plan.swimmers == () for plan in video_plan(PoolSettings(), "train"))
        plans = video_plan(PoolSettings(), "test")
        assert [bool(plan.swimmers) for plan in plans] == [True, True, True, False] * 2
        for plan in plans:
            lanes = [swimmer.lane for swimmer in plan.swimmers]
            assert len(set(lanes)) == len(lanes)

    def test_annotated_training_has_swimmers(self) -> None:
        """Where asked for, training videos hold swimmers, to be inpainted."""
        assert all(plan.swimmers for plan in video_plan(replace(SMALL, train_swimmers=True), "train"))

    def test_unknown_split(self) -> None:
        """The valid splits are listed."""
        with pytest.raises(ValueError, match="train, test, got 'val'"):
            video_plan(SMALL, "val")  # type: ignore[arg-type]


class TestRenderFrame:
    def test_the_same_in_another_process(self) -> None:
        """A frame does not depend on the process that renders it, nor on what was rendered before."""
        plans = video_plan(SMALL, "test")[:2]
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            theirs = list(pool.map(first_pixels, pickle.loads(pickle.dumps(plans))))
        assert theirs == [first_pixels(plan) for plan in reversed(plans)][::-1]
        assert theirs[0] != theirs[1]

    def test_masks_boxes_and_labels_agree(self) -> None:
        """The mask alone is the frame's; boxes hold all of it and touch it on each side; a label says whether there is one."""
        for plan, index, frame in rendered():
            np.testing.assert_array_equal(swimmer_mask(plan, index), frame.mask)
            assert bool(len(frame.boxes)) == bool(frame.mask.any())
            held = np.zeros_like(frame.mask)
            for left, top, right, bottom in frame.boxes.astype(int):
                inside = frame.mask[top:bottom, left:right]
                assert inside[0].any()
                assert inside[-1].any()
                assert inside[:, 0].any()
                assert inside[:, -1].any()
                held[top:bottom, left:right] = True
            assert not (frame.mask & ~held).any()
        plan = video_plan(SMALL, "test")[0]
        labels = frame_labels(plan)
        seen = [frame.mask.any() for one, _, frame in rendered() if one == plan]
        np.testing.assert_array_equal(labels[::8], seen)
        assert 0 < labels.mean() < 1

    def test_swimmers_are_in_the_pool_and_change_nothing_else(self) -> None:
        """Outside the soft edge of swimmers the frame is that of the empty pool; they are seen, and in the water."""
        for plan, index, frame in rendered():
            empty = render_frame(plan, index, swimmers=False)
            assert not empty.mask.any()
            assert not (frame.mask & ~frame.region).any()
            changed = (frame.image != empty.image).any(axis=2)
            if frame.mask.any():
                assert changed[frame.mask].mean() > 0.9
            near = np.zeros_like(changed)
            for left, top, right, bottom in frame.boxes.astype(int):
                near[max(top - 3, 0) : bottom + 3, max(left - 3, 0) : right + 3] = True
            if not len(frame.boxes):  # one about to enter may show a pixel's edge
                assert changed.sum() < 20
            else:
                assert (changed & ~near).sum() < 20

    def test_pool_is_most_of_the_view_and_not_all(self) -> None:
        """Water fills half to nearly all of each frame, and is bluer than what lies around it."""
        for _, _, frame in rendered():
            assert 0.5 < frame.region.mean() < 0.97
            blue = frame.image[..., 0].astype(float) - frame.image[..., 2]
            assert blue[frame.region & ~frame.mask].mean() > blue[~frame.region].mean() + 40

    def test_water_moves_and_the_camera_hardly(self) -> None:
        """From frame to frame the picture changes, but the pool's outline by less than one pixel in a hundred."""
        plan = video_plan(SMALL, "test")[3]
        first, second = render_frame(plan, 0), render_frame(plan, 1)
        assert np.abs(first.image.astype(float) - second.image)[first.region].mean() > 3
        assert 0 <= (first.region != second.region).mean() < 0.01
        assert camera_at(plan, 0) != camera_at(plan, 1)

    def test_videos_and_seeds_differ(self) -> None:
        """Each video has colours and a camera of its own, and another seed makes another set."""
        plans = [*video_plan(SMALL, "train"), *video_plan(replace(SMALL, seed=1), "train")]
        means = np.array([render_frame(plan, 0).image.mean(axis=(0, 1)) for plan in plans])
        assert len(np.unique(means.round(1), axis=0)) == 4

    def test_beyond_the_video(self) -> None:
        """A frame that is not there is refused."""
        with pytest.raises(ValueError, match="from 0 to 39"):
            render_frame(video_plan(SMALL, "test")[0], 40)
