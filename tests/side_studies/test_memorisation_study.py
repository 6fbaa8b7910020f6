"""The memorisation study: its patches, its curves, and that it repeats itself."""

import numpy as np
import pandas as pd
import pytest
import torch

from side_studies.memorisation.study import REACH, REGULARISERS, SHARES, SIDE, Extent, cut_patches, run_study
from synthetic.similarity import shape_similarity

TINY = Extent(train=60, validation=20, videos=8, hidden=16, batch=20, learning_rate=1e-2, epochs=(1, 3))


@pytest.fixture(scope="module")
def curves() -> pd.DataFrame:
    """The study at a size that takes a second or two."""
    return run_study(TINY, range(1))


class TestCutPatches:
    def test_shapes_are_what_their_classes_say(self) -> None:
        """Nearly every patch is more like the shape of its class than like the other, noise or no noise."""
        train, validation = cut_patches(TINY, seed=0)
        assert train.pixels.shape == (60, SIDE, SIDE)
        assert train.classes.bincount().tolist() == [30, 30]
        assert validation.classes.bincount().tolist() == [10, 10]
        right = []
        for patch, square in zip(train.pixels.numpy(), train.classes.tolist(), strict=True):
            # The place is not kept: the centre of mass of what is bright stands for it.
            weight = np.clip(patch - 0.3, 0, None)
            rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
            centre = (float((weight * columns).sum() / weight.sum()), float((weight * rows).sum() / weight.sum()))
            like_circle, like_square = shape_similarity(patch, 5.0, 5.0 * np.sqrt(np.pi) / 2, centre)
            right.append((like_square > like_circle) == bool(square))
        assert np.mean(right) > 0.9

    def test_objects_lie_in_the_middle_of_their_patch(self) -> None:
        """The pixel in the middle belongs to the object, the corners do not."""
        train, _ = cut_patches(TINY, seed=0)
        assert float(train.pixels[:, REACH, REACH].mean()) > 0.8
        assert float(train.pixels[:, 0, 0].mean()) < 0.2

    def test_refuses_too_few_videos(self) -> None:
        """More patches than the videos hold is refused with both numbers."""
        with pytest.raises(ValueError, match="needs 2000 patches of each shape, but the videos hold"):
            cut_patches(Extent(train=4000, validation=1000, videos=8), seed=0)


class TestRunStudy:
    def test_has_a_row_per_condition_and_epoch(self, curves: pd.DataFrame) -> None:
        """Two tasks, every share of noise, every regulariser, every epoch that is read."""
        assert len(curves) == 2 * len(SHARES) * len(REGULARISERS) * len(TINY.epochs)
        assert not curves.duplicated(["task", "noise", "regulariser", "seed", "epoch"]).any()

    def test_leaves_out_what_does_not_exist(self, curves: pd.DataFrame) -> None:
        """No loss on noise without noise, none on clean targets where all are noise, no classes for an autoencoder."""
        assert curves["loss_noisy"].isna().equals(curves["noise"] == 0)
        assert curves["loss_clean"].isna().equals(curves["noise"] == 1)
        assert curves["critical_sample_ratio"].isna().equals(curves["task"] == "reconstruction")
        assert curves["validation_loss"].notna().all()

    def test_is_twice_the_same(self, curves: pd.DataFrame) -> None:
        """Another run in the same process gives the same numbers, whatever torch's own stream stands at."""
        torch.rand(5)
        pd.testing.assert_frame_equal(run_study(TINY, range(1)), curves, check_exact=True)

    def test_conditions_without_noise_learn_to_reconstruct(self, curves: pd.DataFrame) -> None:
        """Three epochs lower the error on clean patches, and not where every target is noise."""
        rebuilt = curves[(curves["task"] == "reconstruction") & (curves["regulariser"] == "none")]
        change = {
            noise: of["validation_loss"].iloc[-1] / of["validation_loss"].iloc[0]
            for noise, of in rebuilt.groupby("noise")
        }
        assert change[0.0] < 0.9
        assert change[0.0] < change[1.0]
