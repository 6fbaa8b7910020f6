import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from benchmarks.measure.detection import DetectionRates, area_to_one, detection_rates
from benchmarks.measure.regions import Regions, find_regions
from benchmarks.measure.score_levels import to_levels

SHAPE = (3, 6, 7)
MAPS = arrays(np.float32, SHAPE, elements=st.integers(0, 4).map(lambda number: number / 4))
MASKS = arrays(np.bool_, SHAPE)
Case = tuple[np.ndarray, np.ndarray]


def truth(masks: np.ndarray) -> Regions:
    """Regions of a video."""
    return find_regions(masks, np.arange(len(masks)))


def rates_of(*cases: Case, alpha: float = 0.1, beta: float = 0.1) -> DetectionRates:
    """Rates of videos at every level."""
    maps, masks = zip(*cases, strict=True)
    return detection_rates([to_levels(one) for one in maps], [truth(one) for one in masks], alpha, beta)


def areas(*cases: Case, alpha: float = 0.1, beta: float = 0.1) -> tuple[float, float]:
    """RBDC and TBDC of videos."""
    rates = rates_of(*cases, alpha=alpha, beta=beta)
    return area_to_one(rates.false_per_frame, rates.regions), area_to_one(rates.false_per_frame, rates.tracks)


def slow_points(maps: np.ndarray, masks: np.ndarray, alpha: float, beta: float) -> list[tuple[float, float, float]]:
    """False positives per frame and both rates at every level, by the criteria's words, set by set."""
    eight, own = np.ones((3, 3)), truth(masks)
    points = []
    for threshold in sorted(set(maps.ravel().tolist()), reverse=True):
        false, found = 0, []
        for frame in range(len(maps)):
            labels, number = ndimage.label(maps[frame] >= threshold, structure=eight)
            detected = [set(np.flatnonzero(labels == label).tolist()) for label in range(1, number + 1)]
            size = masks[frame].size
            true = {
                index: set((own.pixel[own.region == index] - frame * size).tolist())
                for index in np.flatnonzero(own.frame == frame).tolist()
            }
            matches = {
                (one, index)
                for one, pixels in enumerate(detected)
                for index, others in true.items()
                if len(pixels & others) / len(pixels | others) >= beta
            }
            found += [index for _, index in matches]
            false += number - len({one for one, _ in matches})
        share = [np.mean([index in found for index in np.flatnonzero(own.track == t)]) for t in range(own.tracks)]
        points.append((false / len(maps), len(set(found)) / own.area.size, float(np.mean(np.array(share) >= alpha))))
    return points


def slow_area(points: list[tuple[float, float]]) -> float:
    """Area under the best rate at up to x, points joined by lines, trapezoid after trapezoid."""
    x, rate, area = 0.0, 0.0, 0.0
    for next_x, next_rate in [*sorted(point for point in points if point[0] <= 1), (1.0, 0.0)]:
        best = max(rate, next_rate)
        area += (next_x - x) * (rate + best) / 2
        x, rate = next_x, best
    return area


def frames(*spans: tuple[int, int] | None) -> np.ndarray:
    """Masks 10 by 40 with one 10 by n box a frame, from one column to before another, or none."""
    masks = np.zeros((len(spans), 10, 40), dtype=bool)
    for mask, span in zip(masks, spans, strict=True):
        if span is not None:
            mask[:, slice(*span)] = True
    return masks


class TestDetectionRates:
    @settings(max_examples=60)
    @given(MAPS, MASKS, st.sampled_from([0.1, 0.5]), st.sampled_from([0.1, 0.5]))
    def test_follow_the_definition(self, maps: np.ndarray, masks: np.ndarray, alpha: float, beta: float) -> None:
        """At every threshold false positives and both rates are those of the definition followed set by set."""
        if not masks.any():
            return
        rates = rates_of((maps, masks), alpha=alpha, beta=beta)
        found = np.column_stack([rates.false_per_frame, rates.regions, rates.tracks])
        np.testing.assert_allclose(found, slow_points(maps, masks, alpha, beta), rtol=1e-12)

    @settings(max_examples=60)
    @given(MAPS, MASKS)
    def test_areas_follow_the_definition(self, maps: np.ndarray, masks: np.ndarray) -> None:
        """Both areas are those of the criterion with every distinct value as a threshold."""
        if not masks.any():
            return
        points = slow_points(maps, masks, 0.1, 0.1)
        expected = tuple(slow_area([(point[0], point[axis]) for point in points]) for axis in (1, 2))
        assert areas((maps, masks)) == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize("smooth", [0.0, 1.5])
    @pytest.mark.parametrize("seed", range(3))
    def test_areas_with_hundreds_of_levels(self, seed: int, smooth: float) -> None:
        """The same on noisy and on smooth maps in which hardly two pixels are equal and objects move."""
        generator = np.random.default_rng(seed)
        masks = np.zeros((8, 14, 14), dtype=bool)
        for frame in range(2, 7):
            masks[frame, 2:6, frame : frame + 4] = masks[frame, 9:12, 10 - frame : 13 - frame] = True
        maps = generator.random(masks.shape)
        if smooth:
            maps = ndimage.gaussian_filter(maps, (0, smooth, smooth))
        maps = (maps + 0.6 * maps.std() * seed * masks).astype(np.float32)
        # compared on the levels themselves: float16 makes some pixels equal
        points = slow_points(to_levels(maps).astype(np.float32), masks, 0.1, 0.1)
        assert len(points) > 500
        expected = tuple(slow_area([(point[0], point[axis]) for point in points]) for axis in (1, 2))
        assert areas((maps, masks)) == pytest.approx(expected, abs=1e-12)

    def test_the_smallest_input_that_a_grid_gets_wrong(self) -> None:
        """Twenty frames with a square each, in ten of them true: .775 by the public code, .7175 on 61 thresholds.

        Four such frames are .875.
        """
        for count, expected in ((20, 0.775), (4, 0.875)):
            masks, maps = np.zeros((2, count, 10, 10))
            masks[: count // 2, 2:5, 2:5] = 1
            for frame in range(count):
                own = frame % (count // 2)
                maps[frame, 2:5, 2:5] = 0.5 + 0.4 * own / 20 - 0.001 * (frame >= count // 2)
            assert areas((maps, masks > 0))[0] == pytest.approx(expected, abs=1e-12)

    def test_rates_stand_at_every_level(self) -> None:
        """Thresholds are the distinct levels of all videos, highest first."""
        maps = np.array([[[0.0, 0.5]], [[0.25, 0.5]]], dtype=np.float32)
        rates = detection_rates([to_levels(maps[:1]), to_levels(maps[1:])], [truth(maps[:1] > 0), truth(maps[1:] > 0)])
        assert np.array_equal(rates.thresholds, to_levels([0.5, 0.25, 0.0]))

    def test_a_wide_region_may_find_two(self) -> None:
        """One detected region that overlaps two true ones enough detects both and is not false."""
        masks = frames((0, 10))
        masks[0, :, 12:22] = True
        maps = frames((0, 22)).astype(np.float32)
        rates = rates_of((maps, masks))
        assert (rates.false_per_frame[0], rates.regions[0]) == (0, 1)

    def test_iou_decides_at_beta(self) -> None:
        """A true region of 100 pixels is found by 10 of them, not by 9, which then are false."""
        masks = frames((0, 10), None)
        for pixels, expected in ((10, (0.0, 1.0)), (9, (0.5, 0.0))):
            maps = np.zeros(masks.shape, dtype=np.float32)
            maps[0, 0, :pixels] = 1.0
            rates = rates_of((maps, masks))
            assert (rates.false_per_frame[0], rates.regions[0]) == expected

    def test_alpha_decides_a_track(self) -> None:
        """A track of ten frames is found by one of its regions; one of eleven is not, but its region still counts."""
        for length, expected in ((10, 1.0), (11, 0.0)):
            masks = frames(*[(0, 10)] * length)
            maps = np.zeros(masks.shape, dtype=np.float32)
            maps[0] = masks[0]
            rates = rates_of((maps, masks))
            assert rates.tracks[0] == expected
            assert rates.regions[0] == pytest.approx(1 / length)

    def test_normal_frames_count_among_the_frames(self) -> None:
        """False positives are divided by all frames, also those without anything true."""
        masks = frames((0, 10), None, None, None)
        maps = masks.astype(np.float32)
        maps[2, 5, 30] = maps[2, 5, 33] = 1.0
        rates = rates_of((maps, masks))
        assert (rates.false_per_frame[0], rates.regions[0]) == (0.5, 1)


class TestAreaToOne:
    def test_a_false_region_in_every_second_frame(self) -> None:
        """All found at half a false positive a frame: a line up to there, then 1: three quarters."""
        assert area_to_one(np.array([0.5]), np.array([1.0])) == 0.75

    def test_points_beyond_one_are_dropped(self) -> None:
        """What is found at more than one false positive a frame earns nothing; the last rate goes on to 1."""
        assert area_to_one(np.array([0.0, 1.5, np.inf]), np.array([0.4, 0.9, np.nan])) == 0.4

    def test_the_best_threshold_counts(self) -> None:
        """A lower threshold that finds less takes nothing away."""
        assert area_to_one(np.array([0.0, 0.5, 1.0]), np.array([0.8, 0.2, 0.1])) == 0.8

    def test_nothing_found(self) -> None:
        """Without a threshold below one false positive a frame, nothing is found."""
        assert area_to_one(np.array([np.inf]), np.array([np.nan])) == 0.0

    @given(st.permutations(range(4)))
    def test_order_of_thresholds(self, order: list[int]) -> None:
        """The points may come in any order."""
        false, rate = np.array([0.0, 0.2, 0.2, 0.9]), np.array([0.1, 0.3, 0.6, 0.7])
        assert area_to_one(false[order], rate[order]) == pytest.approx(area_to_one(false, rate))


class TestCriteria:
    def test_a_perfect_map(self) -> None:
        """The mask as map gives 1 in both."""
        masks = frames((0, 10), (4, 14), None, (20, 23))
        assert areas((masks.astype(np.float32), masks)) == (1.0, 1.0)

    def test_a_missed_track(self) -> None:
        """Three of four regions and one of two tracks are found, without a false one."""
        masks = frames((0, 3), (0, 3), (0, 3), None, (20, 23))
        maps = masks.astype(np.float32)
        maps[4] = 0
        assert areas((maps, masks)) == (0.75, 0.5)

    def test_chance(self) -> None:
        """A constant map is one region a frame: false where the true ones are small, never found."""
        masks = frames((0, 3), None)
        assert areas((np.full(masks.shape, 0.5, np.float32), masks)) == (0.0, 0.0)

    def test_chance_with_large_objects(self) -> None:
        """A constant map finds objects of a tenth of the frame: the line to half a false positive a frame, then 1."""
        masks = frames((0, 4), None)
        assert areas((np.full(masks.shape, 0.5, np.float32), masks)) == (0.75, 0.75)

    @settings(max_examples=30)
    @given(MAPS, MASKS, MAPS, MASKS)
    def test_videos_frames_and_sides(self, a: np.ndarray, at: np.ndarray, b: np.ndarray, bt: np.ndarray) -> None:
        """Videos in another order, mirrored or under a monotone transform give the same; so do RBDC's frames reversed."""
        if not (at.any() or bt.any()):
            return
        value = areas((a, at), (b, bt))
        assert areas((b, bt), (a, at)) == pytest.approx(value)
        assert areas((a[:, ::-1], at[:, ::-1]), (b[:, :, ::-1], bt[:, :, ::-1])) == pytest.approx(value)
        assert areas((np.exp(a), at), (np.exp(b), bt)) == pytest.approx(value)
        assert areas((a[::-1], at[::-1]), (b, bt))[0] == pytest.approx(value[0])
