"""MemAE's clip error against the official one, up to the published area under the curve."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.measure.fusion import Score, fuse
from benchmarks.measure.metrics import frame_metrics
from memae import score

Golden = Callable[[str], dict[str, np.ndarray[Any, Any]]]


class TestClipError:
    @pytest.mark.parametrize("channels", [1, 3])
    def test_equals_official(self, golden: Golden, channels: int) -> None:
        """The error is the mean over pixels of the norm over channels."""
        arrays = golden("memae_score")
        output, target = (torch.from_numpy(arrays[f"{name}_c{channels}"]) for name in ("recon", "frames"))
        assert_allclose(score.clip_error(output, target), arrays[f"error_c{channels}"], rtol=1e-5)

    def test_is_the_mean_absolute_error_for_grey(self, golden: Golden) -> None:
        """With one channel it is an absolute error, not a squared one."""
        arrays = golden("memae_score")
        output, target = torch.from_numpy(arrays["recon_c1"]), torch.from_numpy(arrays["frames_c1"])
        assert_allclose(score.clip_error(output, target), (output - target).abs().mean(dim=(1, 2, 3, 4)), rtol=1e-6)

    def test_regularity_and_auc_equal_official(self, golden: Golden) -> None:
        """One minus our score is the official regularity; labels of frame i + 8 give the official area."""
        arrays = golden("memae_score")
        videos = (1, 2, 3)
        errors = {video: arrays[f"error_video{video}"] for video in videos}
        labels = {video: arrays[f"label_video{video}"][8 : 8 + len(errors[video])] for video in videos}
        for video in videos:
            assert_array_equal(labels[video], arrays[f"label_video{video}"][8:-7])
        terms = pd.DataFrame(
            {
                "video": np.concatenate([[str(video)] * len(errors[video]) for video in videos]),
                "mean_absolute_error": np.concatenate(list(errors.values())),
            }
        )
        fused = fuse(terms, Score("mean_absolute_error", {"mean_absolute_error": 1.0}), "per_video").values
        assert_allclose(1 - fused, arrays["regularity"], atol=1e-9)
        area = frame_metrics(fused, np.concatenate(list(labels.values())), terms["video"]).micro_auc
        assert_allclose(area, arrays["auc"], atol=1e-9)


class TestSquaredClipError:
    def test_is_the_mean_of_squares(self) -> None:
        """Each clip has its own mean squared difference."""
        output, target = torch.zeros(2, 1, 4, 2, 2), torch.zeros(2, 1, 4, 2, 2)
        output[1] = 3
        assert score.squared_clip_error(output, target).tolist() == [0, 9]


class TestToClips:
    def test_scales_in_float32(self) -> None:
        """All 256 levels equal (float32(x) / 255 - 0.5) / 0.5, bit for bit."""
        levels = np.arange(256, dtype=np.uint8)
        expected = (np.float32(levels) / np.float32(255) - np.float32(0.5)) / np.float32(0.5)
        assert_array_equal(score.to_clips(torch.from_numpy(levels)), expected)
