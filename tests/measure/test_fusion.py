from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.errors import StudyError
from benchmarks.measure.fusion import Score, fuse
from benchmarks.measure.normalise import Moments

Golden = Callable[[str], dict[str, np.ndarray]]
Ped2 = Callable[..., pd.DataFrame]


def mnad_score(alpha: float) -> Score:
    """MNAD's published score."""
    return Score("fused", {"psnr": alpha, "feature_distance": 1 - alpha})


class TestScore:
    def test_leaves_out_terms_of_weight_0(self) -> None:
        """At alpha = 1 (no memory) the feature distance is not asked for."""
        assert mnad_score(1.0).terms == ("psnr",)
        fuse(pd.DataFrame({"video": ["a", "a"], "psnr": [1.0, 2.0]}), mnad_score(1.0), "per_video")

    @pytest.mark.parametrize("weights", [{}, {"psnr": 0.0}, {"psnr": -1.0}, {"psnr": np.nan}, {"loudness": 1.0}])
    def test_refuses_weights_that_make_no_score(self, weights: dict[str, float]) -> None:
        """No weight above 0, a negative one, NaN and an unknown term are refused."""
        with pytest.raises(StudyError):
            Score("odd", weights)


class TestFuse:
    def test_golden_example(self, golden: Golden) -> None:
        """MNAD's example: normality is 1 - anomaly, and the AUC does not mind the orientation."""
        scores = golden("mnad_scores")
        frames = pd.DataFrame(
            {"video": "v", "psnr": scores["example_psnr"], "feature_distance": scores["example_distance"]}
        )
        anomaly = fuse(frames, mnad_score(float(scores["example_alpha"])), "per_video").values
        np.testing.assert_allclose(1 - anomaly, scores["example_score"], rtol=1e-5, atol=1e-7)
        assert roc_auc_score(scores["example_label"], anomaly) == pytest.approx(float(scores["example_auc"]), abs=1e-9)

    @pytest.mark.parametrize("task", ["pred", "recon"])
    def test_golden_trace(self, golden: Golden, task: str) -> None:
        """MNAD's evaluation of two videos: score within 2e-5, AUC within 1e-9."""
        trace = golden(f"mnad_eval_trace_{task}")
        frames = pd.DataFrame(
            {
                "video": trace["video_of_step"].astype(str),
                "psnr": trace["psnr"],
                "feature_distance": trace["feature_distance"],
            }
        )
        anomaly = fuse(frames, mnad_score(float(trace["alpha"])), "per_video").values
        np.testing.assert_allclose(1 - anomaly, trace["score"], rtol=0, atol=2e-5)
        label = trace["label_cropped"].astype(int)
        assert roc_auc_score(label, anomaly) == pytest.approx(float(trace["auc"]), abs=1e-9)

    def test_golden_memae(self, golden: Golden) -> None:
        """MemAE's regularity of three videos is 1 - anomaly of its clip error; labels are cropped [8:-7]."""
        scores = golden("memae_score")
        frames = pd.concat(
            pd.DataFrame(
                {
                    "video": str(number),
                    "mean_absolute_error": scores[f"error_video{number}"],
                    "label": scores[f"label_video{number}"][8:-7],
                }
            )
            for number in (1, 2, 3)
        )
        anomaly = fuse(frames, Score("mean_absolute_error", {"mean_absolute_error": 1.0}), "per_video").values
        np.testing.assert_allclose(1 - anomaly, scores["regularity"], rtol=0, atol=1e-9)
        assert roc_auc_score(frames["label"], anomaly) == pytest.approx(float(scores["auc"]), abs=1e-9)

    def test_does_not_depend_on_the_order_of_weights(self, ped2_frames: Ped2) -> None:
        """The same weights written the other way round give the same bits."""
        frames = ped2_frames(4)
        one = fuse(frames, Score("s", {"psnr": 0.6, "feature_distance": 0.4, "mse": 0.3}), "per_video").values
        two = fuse(frames, Score("s", {"mse": 0.3, "feature_distance": 0.4, "psnr": 0.6}), "per_video").values
        np.testing.assert_array_equal(one, two)

    def test_constant_term_leaves_the_other(self) -> None:
        """A constant PSNR adds nothing, so the score is the weighted distance, and the note says so."""
        frames = pd.DataFrame({"video": "v", "psnr": 30.0, "feature_distance": [0.0, 1.0, 2.0]})
        fused = fuse(frames, mnad_score(0.6), "per_video")
        np.testing.assert_allclose(fused.values, [0, 0.2, 0.4])
        assert fused.notes == ("psnr is constant in video v: it contributes 0",)

    def test_train_turns_the_calibration_as_well(self) -> None:
        """A PSNR below the training frames' mean is abnormal: frames and moments give the same positive score."""
        frames = pd.DataFrame({"video": "v", "psnr": [20.0, 30.0]})
        calibration = pd.DataFrame({"psnr": [29.0, 31.0]})
        score = Score("psnr", {"psnr": 1.0})
        fused = fuse(frames, score, "train", calibration).values
        np.testing.assert_array_equal(fused, [10.0, 0.0])
        np.testing.assert_array_equal(fuse(frames, score, "train", {"psnr": Moments(30.0, 1.0)}).values, fused)

    @pytest.mark.parametrize("missing", ["psnr", "video"])
    def test_names_the_column_that_is_missing(self, missing: str) -> None:
        """A table without the term or without videos is refused, naming the column."""
        frames = pd.DataFrame({"video": ["v"], "psnr": [1.0]}).drop(columns=missing)
        with pytest.raises(StudyError, match=f"Expected a column {missing}"):
            fuse(frames, Score("psnr", {"psnr": 1.0}), "per_video")

    @pytest.mark.parametrize("calibration", [None, pd.DataFrame({"mse": [1.0]}), {"mse": Moments(0.0, 1.0)}])
    def test_train_needs_the_same_term(self, calibration: Any) -> None:
        """Calibration that is missing, or holds other terms, is refused, naming the term."""
        frames = pd.DataFrame({"video": ["v", "v"], "psnr": [1.0, 2.0]})
        with pytest.raises(StudyError, match="psnr"):
            fuse(frames, Score("psnr", {"psnr": 1.0}), "train", calibration)
