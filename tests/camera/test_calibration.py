"""Conformal p-values over blocks: the promise holds on exchangeable blocks, and what is missing is said."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.errors import StudyError
from benchmarks.measure.fusion import Score, fuse
from memory_vad.calibration import Calibration, score_of, sustained

WEIGHTS = {"psnr": 0.6, "feature_distance": 0.4}


def run_of(frames: int, seed: int) -> dict[str, np.ndarray]:
    """Autocorrelated terms of normal frames."""
    rng = np.random.default_rng(seed)
    noise = np.convolve(rng.normal(size=frames + 30), np.ones(31) / 31, mode="valid")
    return {"psnr": 30 - 10 * noise, "feature_distance": 0.01 + 0.002 * rng.normal(size=frames)}


class TestCalibration:
    def test_promise_holds_under_autocorrelation(self) -> None:
        """Events on footage like the calibration's come no more often than promised, averaged over calibrations."""
        promised, observed = 30.0, []
        for seed in range(20):
            calibration = Calibration.of([run_of(9000, seed)], WEIGHTS, 10)
            scores = calibration.score(run_of(36000, 1000 + seed))
            alarm = calibration.p_values(sustained(scores, calibration.sustained)) <= calibration.level(promised)
            at = np.flatnonzero(alarm)
            events = int(len(at) > 0) + int((np.diff(at) >= 100).sum())
            observed.append(events)  # an hour of frames
        assert np.mean(observed) <= promised
        assert np.mean(observed) > promised / 4  # a threshold that never alarms keeps any promise

    def test_score_is_the_studys_normalisation(self) -> None:
        """The score is the study's fused score under `train`, to the last digits."""
        held_out, test = run_of(500, 0), run_of(300, 1)
        calibration = Calibration.of([held_out], WEIGHTS, 10)
        table = pd.DataFrame({"video": "a", **test})
        expected = fuse(table, Score("fused", WEIGHTS), "train", pd.DataFrame(held_out)).values
        np.testing.assert_allclose(calibration.score(test), expected, rtol=1e-9)

    def test_missing_minutes(self) -> None:
        """Blocks of 10 s: one an hour takes 359 of them; 59 are there."""
        calibration = Calibration.of([run_of(5900, 0)], WEIGHTS, 10)
        assert len(calibration.maxima) == 59
        assert calibration.best_promise() == pytest.approx(6)
        assert calibration.missing_minutes(6) == 0
        assert calibration.missing_minutes(1) == pytest.approx(50)

    def test_p_values_are_ranks(self) -> None:
        """Nothing above: the smallest p. Below every block: 1. A monotone function of the score."""
        calibration = Calibration.of([run_of(1000, 0)], WEIGHTS, 10)
        p = calibration.p_values(np.array([1e9, calibration.maxima[0], -np.inf]))
        assert p.tolist() == pytest.approx([1 / 11, 2 / 11, 1])

    def test_threshold_is_where_alarms_begin(self) -> None:
        """Just above the threshold is an alarm, at it is none."""
        calibration = Calibration.of([run_of(6000, 0)], WEIGHTS, 10)
        threshold = calibration.threshold(60)
        p = calibration.p_values(np.array([threshold, threshold + 1e-9]))
        assert (p <= calibration.level(60)).tolist() == [False, True]

    def test_without_a_whole_block_there_is_no_alarm(self) -> None:
        """Footage shorter than a block gives no threshold, and no alarm at any score."""
        calibration = Calibration.of([run_of(50, 0)], WEIGHTS, 10)
        assert calibration.level(60) == 0
        assert calibration.threshold(60) == np.inf

    def test_survives_json(self) -> None:
        """What is written is what is read."""
        calibration = Calibration.of([run_of(1000, 0)], WEIGHTS, 10)
        assert Calibration.from_dict(calibration.to_dict()) == calibration

    def test_another_camera_is_noticed(self) -> None:
        """Scores far from the calibration's say that the weights are foreign; like ones say nothing."""
        calibration = Calibration.of([run_of(1000, 0)], WEIGHTS, 10)
        scores = calibration.score(run_of(500, 1))
        assert calibration.foreign(scores) is None
        assert "another camera" in str(calibration.foreign(scores + 20))

    def test_no_footage(self) -> None:
        """There is nothing to calibrate on."""
        with pytest.raises(StudyError, match="normal footage"):
            Calibration.of([], WEIGHTS, 10)

    @pytest.mark.parametrize("rate", [0, -1, np.inf, np.nan])
    def test_rates_are_above_nothing(self, rate: float) -> None:
        """A rate that cannot be is refused."""
        with pytest.raises(StudyError, match="rate above 0"):
            Calibration.of([run_of(500, 0)], WEIGHTS, 10).level(rate)


class TestScoreOf:
    def test_a_constant_term_adds_nothing(self) -> None:
        """A term without spread contributes 0, as in the study."""
        assert score_of({"mse": np.ones(3)}, {"mse": 1.0}, {"mse": (0.5, 0.0)}).tolist() == [0, 0, 0]


class TestSustained:
    def test_lowest_of_the_last_frames(self) -> None:
        """A score has to last; before there are enough frames there is none."""
        assert sustained(np.array([3.0, 1, 2, 5]), 2).tolist() == [-np.inf, 1, 1, 2]
