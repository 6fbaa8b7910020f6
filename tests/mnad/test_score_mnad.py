"""MNAD's errors against the official ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import roc_auc_score

from benchmarks.measure.fusion import Score, fuse
from benchmarks.measure.metrics import frame_metrics
from benchmarks.measure.normalise import normalise
from benchmarks.measure.terms import psnr_from_mse
from mnad import score

Golden = Callable[[str], dict[str, np.ndarray[Any, Any]]]


class TestToFrames:
    def test_scales_in_float32(self) -> None:
        """All 256 levels equal float32(x) / float32(127.5) - float32(1), bit for bit."""
        levels = np.arange(256, dtype=np.uint8)
        expected = np.float32(levels) / np.float32(127.5) - np.float32(1)
        assert_array_equal(score.to_frames(torch.from_numpy(levels)), expected)

    def test_leaves_float_input_as_it_was(self) -> None:
        """The input is never changed in place."""
        frames = torch.full((2, 2), 100.0)
        score.to_frames(frames)
        assert_array_equal(frames, np.full((2, 2), 100.0))


class TestGolden:
    def test_mean_squared_error_and_psnr_equal_official(self, golden: Golden) -> None:
        """The error is taken on frames mapped to [0, 1]."""
        arrays = golden("mnad_scores")
        error = score.squared_error(torch.from_numpy(arrays["output"]), torch.from_numpy(arrays["target"]))
        mse = score.mean_squared_error(error)
        assert_allclose(mse, arrays["mse"], rtol=1e-5, atol=1e-7)
        assert_allclose(psnr_from_mse(mse.numpy()), arrays["psnr"], rtol=1e-5, atol=1e-7)

    def test_point_score_equals_official(self, golden: Golden) -> None:
        """The weighted error that decides the update; frame 0 loosely, since the official float32 weight cancels there."""
        arrays = golden("mnad_scores")
        error = score.squared_error(torch.from_numpy(arrays["output"]), torch.from_numpy(arrays["target"]))
        points = score.point_score(error)
        assert_allclose(points[1:], arrays["point_score"][1:], rtol=1e-5, atol=1e-7)
        assert_allclose(points[0], arrays["point_score"][0], rtol=1e-3)

    def test_example_of_normalisation_fusion_and_auc_equals_official(self, golden: Golden) -> None:
        """The official normality score is one minus ours, its area under the curve the same."""
        arrays = golden("mnad_scores")
        videos, alpha = ["01"] * 5, float(arrays["example_alpha"])
        terms = pd.DataFrame(
            {"video": videos, "psnr": arrays["example_psnr"], "feature_distance": arrays["example_distance"]}
        )
        psnr = normalise(arrays["example_psnr"], videos, "per_video").values
        distance = normalise(arrays["example_distance"], videos, "per_video").values
        assert_allclose(psnr, arrays["example_psnr_norm"], rtol=1e-5, atol=1e-7)
        assert_allclose(1 - distance, arrays["example_distance_norm_inverted"], rtol=1e-5, atol=1e-7)
        fused = fuse(terms, Score("fused", {"psnr": alpha, "feature_distance": 1 - alpha}), "per_video").values
        assert_allclose(1 - fused, arrays["example_score"], rtol=1e-5, atol=1e-7)
        area = frame_metrics(fused, arrays["example_label"], videos).micro_auc
        assert_allclose(area, arrays["example_auc"], atol=1e-9)
        assert_allclose(area, roc_auc_score(1 - arrays["example_label"], arrays["example_score"]), atol=1e-9)


class TestPointScore:
    def test_perfect_frame_scores_zero(self) -> None:
        """Where the official code divides 0 by 0, a perfect frame scores 0 and others are as they were."""
        error = torch.stack([torch.zeros(3, 4, 4), torch.full((3, 4, 4), 0.25)])
        assert_allclose(score.point_score(error), [0.0, 0.25], rtol=1e-6)

    def test_lies_between_mean_and_largest_error(self) -> None:
        """Large errors weigh more, so the weighted mean is above the mean and below the maximum."""
        error = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0))
        points = score.point_score(error)
        assert bool((points > score.mean_squared_error(error)).all())
        assert bool((points < error.flatten(1).amax(dim=1)).all())
