"""Boxes of masks, IoU, matching, precision and recall."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.measure.boxes import BoxScores, boxes_of_mask, intersection_over_union, match, score_boxes

BOXES = st.lists(
    st.tuples(*[st.integers(0, 6)] * 2, *[st.integers(1, 6)] * 2).map(
        lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
    ),
    max_size=4,
).map(lambda boxes: np.array(boxes, dtype=np.float64).reshape(-1, 4))


class TestBoxesOfMask:
    def test_a_box_for_each_piece(self) -> None:
        """Pieces that touch at a corner are one; small ones can be left out; an empty mask has none."""
        mask = np.zeros((10, 12), bool)
        mask[1:3, 2:5] = True
        mask[3, 5] = True
        mask[8, 9] = True
        np.testing.assert_array_equal(boxes_of_mask(mask), [[2, 1, 6, 4], [9, 8, 10, 9]])
        np.testing.assert_array_equal(boxes_of_mask(mask, smallest=2), [[2, 1, 6, 4]])
        assert boxes_of_mask(np.zeros((4, 4), bool)).shape == (0, 4)


class TestIntersectionOverUnion:
    def test_known_values(self) -> None:
        """The same box has 1, one half of it a half, a box beside it 0."""
        box = np.array([[0.0, 0.0, 4.0, 2.0]])
        others = np.array([[0.0, 0.0, 4.0, 2.0], [0.0, 0.0, 2.0, 2.0], [4.0, 0.0, 6.0, 2.0]])
        np.testing.assert_allclose(intersection_over_union(box, others), [[1, 0.5, 0]])

    @given(BOXES, BOXES, st.floats(0.5, 5))
    def test_symmetric_and_free_of_scale(self, first: np.ndarray, second: np.ndarray, scale: float) -> None:
        """Order does not matter, nor the unit of either axis."""
        overlap = intersection_over_union(first, second)
        np.testing.assert_allclose(intersection_over_union(second, first).T, overlap)
        stretch = [scale, 1, scale, 1]
        np.testing.assert_allclose(intersection_over_union(first * stretch, second * stretch), overlap)


class TestMatch:
    @given(BOXES, BOXES, st.sampled_from([0.1, 0.25, 0.5]))
    @settings(max_examples=80)
    def test_one_to_one_and_as_many_as_any_assignment(
        self, found: np.ndarray, true: np.ndarray, threshold: float
    ) -> None:
        """No box is used twice, each pair overlaps enough, and no assignment has more pairs, or as many of more IoU."""
        pairs = match(found, true, threshold)
        overlap = intersection_over_union(found, true)
        for side in range(2):
            assert len({pair[side] for pair in pairs}) == len(pairs)
        assert all(overlap[pair] >= threshold for pair in pairs)
        short, long = sorted((len(found), len(true)))
        best = (0, 0.0)
        for chosen in itertools.permutations(range(long), short):
            tried = [(i, j) if len(found) <= len(true) else (j, i) for i, j in enumerate(chosen)]
            worth = [overlap[pair] for pair in tried if overlap[pair] >= threshold]
            best = max(best, (len(worth), sum(worth)))
        assert len(pairs) == best[0]
        assert sum(overlap[pair] for pair in pairs) == pytest.approx(best[1])


class TestBoxScores:
    def test_rates(self) -> None:
        """Precision over the found, recall over the true, F1 between them."""
        scores = BoxScores(matched=3, found=4, true=6)
        assert (scores.precision, scores.recall) == (0.75, 0.5)
        assert scores.f1 == pytest.approx(0.6)

    def test_undefined_rates_are_none(self) -> None:
        """Nothing found has no precision, nothing to find no recall, neither no F1."""
        assert BoxScores(0, 0, 2).to_dict() == {
            "matched": 0, "found": 0, "true": 2, "precision": None, "recall": 0.0, "f1": 0.0
        }  # fmt: skip
        assert BoxScores(0, 3, 0).recall is None
        assert BoxScores(0, 0, 0).f1 is None


class TestScoreBoxes:
    def test_counts_over_frames(self) -> None:
        """A box matches within its own frame alone; a fifth column (heat) is ignored."""
        box = np.array([[0.0, 0.0, 4.0, 4.0, 0.9]])
        none = np.empty((0, 5))
        scores = score_boxes([box, none, box], [box[:, :4], box[:, :4], none[:, :4]], 0.5)
        assert scores == BoxScores(matched=1, found=2, true=2)
