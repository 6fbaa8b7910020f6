from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmarks.errors import StudyError
from benchmarks.measure.normalise import Moments, Normalisation, normalise

Golden = Callable[[str], dict[str, np.ndarray]]
VIDEOS = np.array(["a"] * 4 + ["b"] * 3)
# whole numbers, so that an affine map keeps ties and order exactly
terms = arrays(np.float64, 7, elements=st.integers(-1000, 1000).map(float))


class TestNormalise:
    def test_golden(self, golden: Golden) -> None:
        """Min-max of PSNR and of distance agrees with MNAD's on its example."""
        scores = golden("mnad_scores")
        one_video = ["v"] * 5
        psnr = normalise(scores["example_psnr"], one_video, "per_video").values
        distance = normalise(scores["example_distance"], one_video, "per_video").values
        np.testing.assert_allclose(psnr, scores["example_psnr_norm"], rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(1 - distance, scores["example_distance_norm_inverted"], rtol=1e-5, atol=1e-7)

    def test_per_video_by_hand(self) -> None:
        """Each video has its own minimum and maximum."""
        values = normalise([0, 1, 2, 4, 10, 30, 20], VIDEOS, "per_video").values
        np.testing.assert_array_equal(values, [0, 0.25, 0.5, 1, 0, 1, 0.5])

    def test_global_by_hand(self) -> None:
        """All frames share one minimum and maximum."""
        values = normalise([0, 1, 2, 4, 10, 40, 20], VIDEOS, "global").values
        np.testing.assert_array_equal(values, [0, 0.025, 0.05, 0.1, 0.25, 1, 0.5])

    def test_train_by_hand(self) -> None:
        """The z-score uses the calibration frames alone, whose standard deviation is divided by n."""
        values = normalise([1, 3, 5, 7, 1, 3, 5], VIDEOS, "train", [1, 3, 5, 3]).values
        np.testing.assert_allclose(values, (np.array([1, 3, 5, 7, 1, 3, 5]) - 3) / np.sqrt(2))

    def test_train_takes_moments(self) -> None:
        """The moments of the calibration frames do as well as the frames, to the last digit."""
        x = np.linspace(0, 1, 7)
        calibration = [0.1, 0.7, 0.3]
        from_frames = normalise(x, VIDEOS, "train", calibration).values
        np.testing.assert_array_equal(normalise(x, VIDEOS, "train", Moments.of(calibration)).values, from_frames)

    def test_constant_video_contributes_nothing(self) -> None:
        """A constant video gives 0, the note names it, and the other video is not touched."""
        result = normalise([5, 5, 5, 5, 1, 2, 3], VIDEOS, "per_video", term="psnr")
        np.testing.assert_array_equal(result.values, [0, 0, 0, 0, 0, 0.5, 1])
        assert result.notes == ("psnr is constant in video a: it contributes 0",)

    def test_video_of_one_frame_is_constant(self) -> None:
        """A single frame has no range."""
        result = normalise([5.0, 1, 2], ["x", "y", "y"], "per_video")
        assert result.values.tolist() == [0, 0, 1]
        assert len(result.notes) == 1

    @pytest.mark.parametrize(("how", "calibration"), [("global", None), ("train", [0.1, 0.1, 0.1])])
    def test_constant_elsewhere_contributes_nothing(self, how: Normalisation, calibration: Any) -> None:
        """A term constant over all test frames, or over the calibration frames, gives 0 and a note."""
        values = [0.1] * 7 if how == "global" else np.arange(7.0)
        result = normalise(values, VIDEOS, how, calibration)
        np.testing.assert_array_equal(result.values, np.zeros(7))
        assert len(result.notes) == 1

    @given(terms, st.sampled_from(["per_video", "global"]))
    def test_lies_between_0_and_1(self, x: np.ndarray, how: Normalisation) -> None:
        """Min-max reaches both ends unless the term is constant, and never leaves [0, 1]."""
        values = normalise(x, VIDEOS, how).values
        assert values.min() >= 0
        assert values.max() <= 1
        if how == "global" and np.ptp(x) > 0:
            assert (values.min(), values.max()) == (0, 1)

    @given(terms, st.sampled_from([0.25, 2.0, 64.0]), st.integers(-100, 100))
    def test_does_not_depend_on_unit_and_origin(self, x: np.ndarray, scale: float, shift: int) -> None:
        """Min-max is the same for a term in another unit."""
        for how in ("per_video", "global"):
            np.testing.assert_allclose(
                normalise(scale * x + shift, VIDEOS, how).values, normalise(x, VIDEOS, how).values, atol=1e-12
            )

    @given(terms, st.permutations(range(7)), st.sampled_from(["per_video", "global", "train"]))
    def test_goes_with_the_frames(self, x: np.ndarray, order: list[int], how: Normalisation) -> None:
        """Frames in another order get the same values."""
        calibration = [0.0, 1.0, 4.0]
        straight = normalise(x, VIDEOS, how, calibration).values
        np.testing.assert_array_equal(normalise(x[order], VIDEOS[order], how, calibration).values, straight[order])

    @given(terms)
    def test_sign_turns_min_max_round(self, x: np.ndarray) -> None:
        """Min-max of -x is 1 - min-max of x in every video that is not constant: normality is 1 - anomaly."""
        up, down = normalise(x, VIDEOS, "per_video").values, normalise(-x, VIDEOS, "per_video").values
        for video in ("a", "b"):
            here = video == VIDEOS
            expected = 1 - up[here] if np.ptp(x[here]) > 0 else np.zeros(here.sum())
            np.testing.assert_allclose(down[here], expected, atol=1e-12)

    def test_train_asks_for_calibration(self) -> None:
        """Without calibration frames the sentence says what to do."""
        with pytest.raises(StudyError, match=r"calibration values of psnr.*hold out"):
            normalise([1, 2], ["a", "a"], "train", term="psnr")

    @pytest.mark.parametrize("calibration", [[], [1.0, np.nan], [[1.0, 2.0]]])
    def test_refuses_bad_calibration(self, calibration: Any) -> None:
        """Empty, non-finite and two-dimensional calibration is refused."""
        with pytest.raises(StudyError, match="finite calibration values"):
            normalise([1, 2], ["a", "a"], "train", calibration)

    def test_refuses_an_unknown_way(self) -> None:
        """An unknown normalisation is answered with the known ones."""
        with pytest.raises(StudyError, match="per_video, global, train"):
            normalise([1, 2], ["a", "a"], "sigmoid")

    @pytest.mark.parametrize(("values", "videos"), [([1, 2], ["a"]), ([], []), ([1, np.nan], ["a", "a"])])
    def test_refuses_what_does_not_fit(self, values: list[float], videos: list[str]) -> None:
        """Lengths that differ, nothing at all, and NaN are refused."""
        with pytest.raises(StudyError, match="finite values and a video for each"):
            normalise(values, videos, "per_video")
