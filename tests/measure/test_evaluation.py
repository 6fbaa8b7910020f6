import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.errors import StudyError
from benchmarks.measure.evaluation import headline, measure_variant
from benchmarks.measure.fusion import Score, fuse
from benchmarks.measure.metrics import frame_metrics
from benchmarks.measure.normalise import Moments, Normalisation
from benchmarks.measure.terms import PSNR_CAP, read_terms, round_terms, write_terms

Ped2 = Callable[..., pd.DataFrame]

SCORES = (Score("fused", {"psnr": 0.6, "feature_distance": 0.4}), Score("psnr", {"psnr": 1}), Score("mse", {"mse": 1}))
TERMS = ["psnr", "feature_distance", "mse"]


def leaves(node: object) -> Iterator[object]:
    """All values of a nested dict."""
    if isinstance(node, dict):
        for child in node.values():
            yield from leaves(child)
    else:
        yield node


@pytest.fixture
def frames(ped2_frames: Ped2) -> pd.DataFrame:
    """Ped2's scored frames as the record's table has them."""
    return round_terms(ped2_frames(4))


class TestMeasureVariant:
    def test_measures_every_score_under_every_normalisation(self, frames: pd.DataFrame) -> None:
        """The piece of the record is score -> normalisation -> metric, all of it JSON."""
        measured = measure_variant(frames, frames[TERMS], SCORES)
        assert list(measured.metrics) == ["fused", "psnr", "mse"]
        for by_normalisation in measured.metrics.values():
            assert list(by_normalisation) == ["per_video", "global", "train"]
        assert json.loads(json.dumps(measured.metrics, allow_nan=False)) == measured.metrics
        assert measured.notes == []
        assert measured.kinds == {}

    def test_rounds_to_six_decimals(self, frames: pd.DataFrame) -> None:
        """Floats have six decimals, counts stay whole."""
        measured = measure_variant(frames, frames[TERMS], SCORES)
        values = list(leaves(measured.metrics))
        assert all(value == round(value, 6) for value in values if isinstance(value, float))
        assert measured.metrics["psnr"]["global"]["macro_videos"] == 8
        area = frame_metrics(fuse(frames, SCORES[0], "global").values, frames["label"], frames["video"]).micro_auc
        assert measured.metrics["fused"]["global"]["micro_auc"] == round(area, 6)

    def test_one_monotone_term_does_not_mind_global_or_train(self, frames: pd.DataFrame) -> None:
        """A single term has the same AUC under min-max of all frames and under a z-score."""
        metrics = measure_variant(frames, frames[TERMS], SCORES).metrics["mse"]
        assert metrics["global"]["micro_auc"] == metrics["train"]["micro_auc"]
        assert metrics["global"]["micro_auc"] != metrics["per_video"]["micro_auc"]

    def test_is_the_same_from_the_written_table(self, frames: pd.DataFrame, tmp_path: Path) -> None:
        """Metrics made again from the compressed table are equal to the last digit."""
        write_terms(frames, tmp_path / "seed-0.csv.gz")
        again = measure_variant(read_terms(tmp_path / "seed-0.csv.gz"), frames[TERMS], SCORES)
        assert again == measure_variant(frames, frames[TERMS], SCORES)

    def test_moments_do_as_well_as_frames(self, frames: pd.DataFrame) -> None:
        """A record that keeps mean and standard deviation of the calibration gives the same numbers."""
        moments = {term: Moments.of(frames[term]) for term in TERMS}
        assert measure_variant(frames, moments, SCORES) == measure_variant(frames, frames[TERMS], SCORES)

    def test_without_calibration(self, frames: pd.DataFrame) -> None:
        """Train is left out, and a note says so."""
        measured = measure_variant(frames, None, SCORES)
        assert list(measured.metrics["fused"]) == ["per_video", "global"]
        assert measured.notes == ["no calibration frames: the normalisation train is left out"]

    def test_notes_a_constant_term_once(self, frames: pd.DataFrame) -> None:
        """A term that is constant in a video is noted with normalisation and video, once for all scores."""
        frames.loc[frames["video"] == "08", "psnr"] = 30.0
        notes = measure_variant(frames, frames[TERMS], SCORES).notes
        assert notes == ["per_video: psnr is constant in video 08: it contributes 0"]

    def test_notes_perfect_frames(self, frames: pd.DataFrame) -> None:
        """Frames at the cap of PSNR are counted in a note."""
        frames.loc[:2, "psnr"] = PSNR_CAP
        assert measure_variant(frames, frames[TERMS], SCORES).notes == [
            "psnr reaches its cap of 100 dB in 3 of 1962 frames"
        ]

    @pytest.mark.parametrize("how", ["per_video", "global"])
    def test_kinds_of_the_first_score(self, frames: pd.DataFrame, how: Normalisation) -> None:
        """AUC by kind is that of the first score, under the normalisation asked for."""
        frames["kind"] = (frames["label"] * (1 + frames["frame"] % 3)).astype(np.uint8)
        measured = measure_variant(frames, None, SCORES, kinds_how=how)
        micro = measured.metrics["fused"][how]["micro_auc"]
        shares = [int((frames["kind"] == kind).sum()) for kind in (1, 2, 3)]
        assert list(measured.kinds) == ["spatial", "temporal", "spatio_temporal"]
        # all kinds stand against the same normal frames, so the micro AUC is their mean by frames
        assert np.average(list(measured.kinds.values()), weights=shares) == pytest.approx(micro, abs=2e-6)

    @pytest.mark.parametrize("scores", [[], [SCORES[0], SCORES[0]]])
    def test_refuses_no_score_and_doubles(self, frames: pd.DataFrame, scores: list[Score]) -> None:
        """No score at all, or two of one name, would leave a hole in the record."""
        with pytest.raises(StudyError, match="at least one score and no name twice"):
            measure_variant(frames, None, scores)


class TestHeadline:
    def test_holds_the_micro_auc_inside_its_interval(self, frames: pd.DataFrame) -> None:
        """The headline repeats the record's figure and adds its interval."""
        main = headline(frames, SCORES[0], "per_video", draws=200)
        low, high = main.pop("interval")
        micro = measure_variant(frames, None, SCORES).metrics["fused"]["per_video"]["micro_auc"]
        assert main == {"score": "fused", "normalisation": "per_video", "micro_auc": micro}
        assert low < micro < high

    def test_is_the_same_each_time(self, frames: pd.DataFrame) -> None:
        """The interval's draws are seeded."""
        assert headline(frames, SCORES[0], "global", draws=50) == headline(frames, SCORES[0], "global", draws=50)

    def test_is_none_where_undefined(self, frames: pd.DataFrame) -> None:
        """Without normal frames there is neither AUC nor interval."""
        main = headline(frames[frames["label"] == 1], SCORES[0], "per_video", draws=50)
        assert (main["micro_auc"], main["interval"]) == (None, None)
