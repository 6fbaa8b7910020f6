import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from benchmarks.measure import detection
from benchmarks.measure.detection import area_to_one, detection_rates
from benchmarks.measure.regions import Regions, find_regions
from benchmarks.measure.score_levels import to_levels

SHAPE = (3, 6, 7)
MAPS = arrays(np.float32, SHAPE, elements=st.integers(0, 4).map(lambda number: number / 4))
MASKS = arrays(np.bool_, SHAPE)
Case = tuple[np.ndarray, np.ndarray]


def truth(masks: np.ndarray) -> Regions:
    """Regions of a video."""
    return find_regions(masks, np.arange(len(masks)))


def thresholds(*maps: np.ndarray) -> np.ndarray:
    """Every level of some maps."""
    return np.unique(np.concatenate([to_levels(one).ravel() for one in maps]))[::-1]


def areas(*cases: Case, alpha: float = 0.1, beta: float = 0.1) -> tuple[float, float]:
    """RBDC and TBDC of videos at every level."""
    maps, masks = zip(*cases, strict=True)
    regions = [truth(one) for one in masks]
    rates = detection_rates([to_levels(one) for one in maps], regions, thresholds(*maps), alpha, beta)
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
    """Area under the best rate at up to x, points joined by lines, in ten thousand strips."""
    inside = sorted(point for point in points if point[0] <= 1)
    corners = [(0.0, 0.0)]
    for x, rate in inside:
        corners.append((x, max(rate, corners[-1][1])))
    x, y = np.transpose([*corners, (1.0, corners[-1][1])])
    strips = (np.arange(10_000) + 0.5) / 10_000
    return float(np.interp(strips, x, y).mean())


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
        rates = detection_rates([to_levels(maps)], [truth(masks)], thresholds(maps), alpha, beta)
        found = zip(rates.false_per_frame, rates.regions, rates.tracks, strict=True)
        for (false, regions, tracks), slow in zip(found, slow_points(maps, masks, alpha, beta), strict=True):
            if slow[0] > 1:
                assert false == np.inf
            else:
                assert (false, regions, tracks) == pytest.approx(slow)

    @settings(max_examples=60)
    @given(MAPS, MASKS)
    def test_areas_follow_the_definition(self, maps: np.ndarray, masks: np.ndarray) -> None:
        """Both areas are those of the curves' words."""
        if not masks.any():
            return
        points = slow_points(maps, masks, 0.1, 0.1)
        expected = tuple(slow_area([(point[0], point[axis]) for point in points]) for axis in (1, 2))
        assert areas((maps, masks)) == pytest.approx(expected, abs=2e-3)

    def test_long_videos_are_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Labelling a few frames at a time changes nothing."""
        generator = np.random.default_rng(0)
        maps, masks = generator.random((11, 8, 9)).round(2), generator.random((11, 8, 9)) > 0.8
        whole = areas((maps, masks))
        monkeypatch.setattr(detection, "_FRAMES_AT_ONCE", 3)
        assert areas((maps, masks)) == whole

    def test_a_wide_region_may_find_two(self) -> None:
        """One detected region that overlaps two true ones enough detects both and is not false."""
        masks = frames((0, 10))
        masks[0, :, 12:22] = True
        maps = frames((0, 22)).astype(np.float32)
        rates = detection_rates([to_levels(maps)], [truth(masks)], thresholds(maps)[:1])
        assert (rates.false_per_frame[0], rates.regions[0]) == (0, 1)

    def test_iou_decides_at_beta(self) -> None:
        """A true region of 100 pixels is found by 10 of them, not by 9, which then are false."""
        masks = frames((0, 10), None)
        for pixels, expected in ((10, (0.0, 1.0)), (9, (0.5, 0.0))):
            maps = np.zeros(masks.shape, dtype=np.float32)
            maps[0, 0, :pixels] = 1.0
            rates = detection_rates([to_levels(maps)], [truth(masks)], thresholds(maps)[:1])
            assert (rates.false_per_frame[0], rates.regions[0]) == expected

    def test_alpha_decides_a_track(self) -> None:
        """A track of ten frames is found by one of its regions; one of eleven is not, but its region still counts."""
        for length, expected in ((10, 1.0), (11, 0.0)):
            masks = frames(*[(0, 10)] * length)
            maps = np.zeros(masks.shape, dtype=np.float32)
            maps[0] = masks[0]
            rates = detection_rates([to_levels(maps)], [truth(masks)], thresholds(maps)[:1])
            assert rates.tracks[0] == expected
            assert rates.regions[0] == pytest.approx(1 / length)

    def test_normal_frames_count_among_the_frames(self) -> None:
        """False positives are divided by all frames, also those without anything true."""
        masks = frames((0, 10), None, None, None)
        maps = masks.astype(np.float32)
        maps[2, 5, 30] = maps[2, 5, 33] = 1.0
        rates = detection_rates([to_levels(maps)], [truth(masks)], thresholds(maps)[:1])
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
