import dataclasses
import random
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import auc, roc_curve

from benchmarks.errors import StudyError
from benchmarks.measure.inputs import scored_frames
from benchmarks.measure.metrics import auc_by_kind, frame_metrics, video_aucs

Ped2 = Callable[..., pd.DataFrame]
Frames = tuple[np.ndarray, np.ndarray, np.ndarray]

frames = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 1), st.sampled_from("abc")), min_size=2, max_size=40).map(
    lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True))
)


def pairwise_auc(scores: np.ndarray, label: np.ndarray) -> float:
    """The definition: chance that an abnormal frame scores above a normal one, ties as half."""
    difference = scores[label == 1][:, None] - scores[label == 0][None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


def public_padded_auc(scores: np.ndarray, label: np.ndarray) -> float:
    """What public code does to one video."""
    fpr, tpr, _ = roc_curve(np.array([0, *label, 1]), np.array([0, *scores, 1]))
    return float(auc(fpr, tpr))


class TestFrameMetrics:
    @settings(max_examples=40)
    @given(frames)
    def test_micro_auc_is_the_pairwise_definition(self, data: Frames) -> None:
        """Micro AUC counts pairs over all frames, and is None when one class is missing."""
        scores, label, video = data
        measured = frame_metrics(scores, label, video).micro_auc
        if label.min() == label.max():
            assert measured is None
        else:
            assert measured == pytest.approx(pairwise_auc(scores, label))

    @settings(max_examples=40)
    @given(frames, st.randoms(use_true_random=False))
    def test_order_of_frames_does_not_matter(self, data: Frames, shuffler: random.Random) -> None:
        """Every metric is the same for frames in another order."""
        order = list(range(len(data[0])))
        shuffler.shuffle(order)
        straight = dataclasses.asdict(frame_metrics(*data))
        shuffled = dataclasses.asdict(frame_metrics(*(column[order] for column in data)))
        assert shuffled == pytest.approx(straight)

    @settings(max_examples=40)
    @given(frames)
    def test_ranks_are_all_that_counts(self, data: Frames) -> None:
        """A monotone transform leaves everything as it is but delta_s, and the padded mean while it stays in [0, 1]."""
        scores, label, video = data
        one = dataclasses.asdict(frame_metrics(scores / 10 + 0.1, label, video))
        two = dataclasses.asdict(frame_metrics((scores / 10 + 0.1) ** 3, label, video))
        one.pop("delta_s")
        two.pop("delta_s")
        assert two == pytest.approx(one)

    @settings(max_examples=40)
    @given(frames)
    def test_turned_round(self, data: Frames) -> None:
        """Scores of normality with labels of normality give the same AUCs and EER: one orientation is enough."""
        scores, label, video = data
        one, two = frame_metrics(scores, label, video), frame_metrics(-scores, 1 - label, video)
        for name in ("micro_auc", "macro_auc", "eer"):
            assert getattr(one, name) == pytest.approx(getattr(two, name))

    @settings(max_examples=40)
    @given(frames, st.integers(2, 4))
    def test_frames_taken_several_times(self, data: Frames, times: int) -> None:
        """Repeating every frame equally changes no metric that is a rate, but for the weight of the added pads."""
        one = dataclasses.asdict(frame_metrics(*data))
        two = dataclasses.asdict(frame_metrics(*(np.repeat(column, times) for column in data)))
        one.pop("macro_auc_padded")
        two.pop("macro_auc_padded")
        assert two == pytest.approx(one)

    @settings(max_examples=40)
    @given(frames)
    def test_no_metric_is_nan(self, data: Frames) -> None:
        """What is undefined is None, never NaN."""
        for value in dataclasses.asdict(frame_metrics(*data)).values():
            assert value is None or np.isfinite(value)

    def test_one_class_overall(self) -> None:
        """Without a normal frame the rates are None; prevalence and the padded mean remain."""
        measured = frame_metrics([0.25, 0.5], [1, 1], ["a", "a"])
        assert measured.prevalence == 1.0
        assert measured.macro_videos == 0
        assert measured.videos_of_one_class == 1
        assert measured.macro_auc_padded == 1.0
        undefined = {name for name, value in dataclasses.asdict(measured).items() if value is None}
        assert undefined == {"micro_auc", "macro_auc", "eer", "average_precision", "delta_s", "fpr_at_95_tpr"}

    def test_perfect_and_worst(self) -> None:
        """A perfect score has AUC 1, EER 0 and no false positives; the opposite one the reverse."""
        good = frame_metrics([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], ["a"] * 4)
        bad = frame_metrics([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1], ["a"] * 4)
        assert (good.micro_auc, good.eer, good.average_precision, good.fpr_at_95_tpr) == (1, 0, 1, 0)
        assert (bad.micro_auc, bad.eer, bad.fpr_at_95_tpr) == (0, 1, 1)
        assert good.delta_s == pytest.approx(0.7)
        assert bad.delta_s == pytest.approx(-0.7)

    def test_constant_score_is_chance(self) -> None:
        """A score that says nothing has AUC and EER of one half, AP of the prevalence and delta_s 0."""
        measured = frame_metrics(np.zeros(10), [0] * 3 + [1] * 7, ["a"] * 10)
        assert (measured.micro_auc, measured.macro_auc, measured.eer) == (0.5, 0.5, 0.5)
        assert measured.average_precision == pytest.approx(0.7)
        assert (measured.delta_s, measured.fpr_at_95_tpr) == (0, 1)

    def test_eer_by_hand(self) -> None:
        """Two of four normal frames above the threshold that misses two of four abnormal ones."""
        measured = frame_metrics([1, 2, 5, 6, 3, 4, 7, 8], [0, 0, 0, 0, 1, 1, 1, 1], ["a"] * 8)
        assert measured.eer == pytest.approx(0.5)
        assert frame_metrics([1, 2, 3, 5, 4, 6, 7, 8], [0] * 4 + [1] * 4, ["a"] * 8).eer == pytest.approx(0.25)

    def test_eer_between_two_thresholds(self) -> None:
        """Where no threshold has equal rates the crossing lies on the line between its neighbours."""
        # the curve runs (0, 0), (0, 0.5), (1, 0.5), (1, 1): 1 - tpr = fpr at fpr 0.5
        assert frame_metrics([1, 2, 3], [1, 0, 1], ["a"] * 3).eer == pytest.approx(0.5)
        # (0, 2/3), (1/2, 2/3): 1 - tpr = 1/3 = fpr in between
        assert frame_metrics([1, 2, 3, 4, 5], [0, 1, 0, 1, 1], ["a"] * 5).eer == pytest.approx(1 / 3)

    def test_fpr_at_95_tpr_by_hand(self) -> None:
        """Of twenty abnormal frames nineteen must be found, so one below all normal frames does no harm, two do."""
        label = np.array([0] * 10 + [1] * 20)
        one_low = np.array([*range(1, 11), 0, *range(20, 39)])
        two_low = np.array([*range(1, 11), 0, 0.5, *range(20, 38)])
        assert frame_metrics(one_low, label, ["a"] * 30).fpr_at_95_tpr == 0
        assert frame_metrics(two_low, label, ["a"] * 30).fpr_at_95_tpr == 1

    @pytest.mark.parametrize(("first", "last", "count", "macro"), [(0, 0, 2010, 8), (4, 0, 1962, 8), (8, 7, 1830, 7)])
    def test_videos_of_ped2(self, ped2_frames: Ped2, first: int, last: int, count: int, macro: int) -> None:
        """Ped2 has four videos of one class; cropped as MemAE's, video 3 becomes the fifth."""
        table = ped2_frames(first, last)
        measured = frame_metrics(table["mse"], table["label"], table["video"])
        assert len(table) == count
        assert (measured.macro_videos, measured.videos_of_one_class) == (macro, 12 - macro)
        if first == 0:
            assert measured.prevalence == pytest.approx(1648 / 2010)

    @pytest.mark.parametrize(
        ("anomaly", "label", "video", "words"),
        [
            ([], [], [], "n > 0 frames"),
            ([1.0], [0, 1], ["a", "a"], "n > 0 frames"),
            ([1.0, np.nan], [0, 1], ["a", "b"], "nan in video b"),
            ([1.0, 2.0], [0, 2], ["a", "a"], "labels 0"),
        ],
    )
    def test_refuses_what_does_not_fit(
        self, anomaly: list[float], label: list[int], video: list[str], words: str
    ) -> None:
        """Nothing, unequal lengths, NaN and strange labels each get their own sentence."""
        with pytest.raises(StudyError, match=words):
            frame_metrics(anomaly, label, video)


class TestVideoAucs:
    def test_each_video_by_itself(self) -> None:
        """Each video has its own area, in the order of the names; one of one class has none."""
        data = scored_frames([1, 2, 4, 3, 7, 8], [0, 1, 0, 1, 1, 1], ["b", "b", "a", "a", "c", "c"])
        np.testing.assert_array_equal(video_aucs(data), [0.0, 1.0, np.nan])

    def test_padded_by_hand(self) -> None:
        """A video all abnormal counts 1 unless a frame has score 0, which ties with the added normal frame."""
        data = scored_frames([0.2, 0.6, 0.0, 1.0], [1, 1, 1, 1], ["a", "a", "b", "b"])
        np.testing.assert_allclose(video_aucs(data, padded=True), [1.0, (0.5 + 2) / 3])

    def test_padded_all_normal_by_hand(self) -> None:
        """A video all normal counts 1 unless a frame has score 1, which ties with the added abnormal frame."""
        data = scored_frames([0.2, 1.0], [0, 0], ["a", "a"])
        np.testing.assert_allclose(video_aucs(data, padded=True), [(2 + 0.5) / 3])

    def test_padded_is_what_public_code_does(self, ped2_frames: Ped2) -> None:
        """On min-max scores the padded areas are those of public code, and their mean lies above the plain one."""
        table = ped2_frames(4)
        scores = (table["mse"] - table["mse"].min()) / np.ptp(table["mse"])
        data = scored_frames(scores, table["label"], table["video"])
        expected = [
            public_padded_auc(scores[table["video"] == name], table["label"][table["video"] == name])
            for name in data.names
        ]
        np.testing.assert_allclose(video_aucs(data, padded=True), expected)
        assert np.mean(expected) > np.nanmean(video_aucs(data))

    def test_padded_outside_0_and_1(self) -> None:
        """z-scores widen the pads, so that the added frames stay the lowest and the highest."""
        data = scored_frames([-3.0, -2.0, 5.0], [1, 1, 1], ["a"] * 3)
        np.testing.assert_allclose(video_aucs(data, padded=True), [(0.5 + 3) / 4])


class TestAucByKind:
    def test_by_hand(self) -> None:
        """Each kind stands against all normal frames, and a kind without frames is None."""
        areas = auc_by_kind([1, 2, 3, 0], [0, 0, 1, 1], [0, 0, 1, 2], ["a"] * 4)
        assert areas == {"spatial": 1.0, "temporal": 0.0, "spatio_temporal": None}

    def test_one_kind_is_the_micro_auc(self, ped2_frames: Ped2) -> None:
        """With a single kind of anomaly its AUC is the micro AUC."""
        table = ped2_frames(4)
        areas = auc_by_kind(table["mse"], table["label"], 3 * table["label"], table["video"])
        micro = frame_metrics(table["mse"], table["label"], table["video"]).micro_auc
        assert areas["spatio_temporal"] == pytest.approx(micro)

    def test_refuses_kinds_that_contradict_labels(self) -> None:
        """A normal frame of a kind is refused, naming its video."""
        with pytest.raises(StudyError, match="mismatch in video b"):
            auc_by_kind([1, 2], [1, 0], [1, 2], ["a", "b"])

    @pytest.mark.parametrize("kinds", [[0, 4], [0]])
    def test_refuses_what_is_no_kind(self, kinds: list[int]) -> None:
        """Unknown numbers and another length are refused."""
        with pytest.raises(StudyError, match="a kind from 0 to 3"):
            auc_by_kind([1, 2], [0, 1], kinds, ["a", "a"])
