import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from benchmarks.errors import StudyError
from benchmarks.measure import regions as regions_module
from benchmarks.measure.regions import components, find_regions

MASKS = arrays(np.bool_, st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6)))


def boxes(*frames: list[tuple[int, int]]) -> np.ndarray:
    """Masks 4 pixels high and 20 wide with full-height boxes from one column to before another, a list a frame."""
    masks = np.zeros((len(frames), 4, 20), dtype=bool)
    for mask, spans in zip(masks, frames, strict=True):
        for start, stop in spans:
            mask[:, start:stop] = True
    return masks


class TestComponents:
    @given(MASKS)
    def test_are_those_of_each_frame_alone(self, masks: np.ndarray) -> None:
        """Labels agree with SciPy's on each frame by itself, and areas with their pixels."""
        found = components(masks)
        pixel = np.flatnonzero(masks)
        labels = np.zeros(masks.size, dtype=int)
        labels[pixel] = found.at(pixel)
        assert np.array_equal(np.bincount(labels, minlength=1)[1:], found.area)
        for one, mask in zip(labels.reshape(masks.shape), masks, strict=True):
            expected, count = ndimage.label(mask, structure=np.ones((3, 3)))
            pairs = set(zip(one.ravel().tolist(), expected.ravel().tolist(), strict=True))
            assert len(pairs - {(0, 0)}) == count == len(np.unique(one[one > 0]))


class TestFindRegions:
    @given(MASKS)
    def test_hold_every_abnormal_pixel_once(self, masks: np.ndarray) -> None:
        """Pixels are the masks', areas count them, and a region lies in one frame."""
        regions = find_regions(masks, np.arange(len(masks)))
        assert np.array_equal(regions.pixel, np.flatnonzero(masks))
        assert np.array_equal(np.bincount(regions.region, minlength=regions.area.size), regions.area)
        size = masks.shape[1] * masks.shape[2]
        assert np.array_equal(regions.frame[regions.region], regions.pixel // size)
        assert sorted(set(regions.track.tolist())) == list(range(regions.tracks))

    @given(MASKS, st.integers(0, 2**4 - 1))
    def test_part_of_the_frames(self, masks: np.ndarray, bits: int) -> None:
        """`within` gives the pixels of some frames as if these were all, each with its region."""
        positions = np.array([frame for frame in range(len(masks)) if bits >> frame & 1], dtype=np.int64)
        regions = find_regions(masks, np.arange(len(masks)))
        pixel, region = regions.within(positions)
        assert np.array_equal(pixel, np.flatnonzero(masks[positions]))
        size = masks.shape[1] * masks.shape[2]
        assert np.array_equal(regions.frame[region], positions[pixel // size])

    @given(MASKS, st.integers(1, 9), st.integers(1, 9))
    def test_resized_to_maps(self, masks: np.ndarray, height: int, width: int) -> None:
        """A pixel of a resized region has its centre in the region; frames and tracks are kept."""
        regions = find_regions(masks, np.arange(len(masks)))
        resized = regions.resized(height, width)
        rows, columns = (
            [(2 * i + 1) * old // (2 * new) for i in range(new)]
            for old, new in zip(masks.shape[1:], (height, width), strict=True)
        )
        assert np.array_equal(resized.pixel, np.flatnonzero(masks[:, rows][:, :, columns]))
        assert np.array_equal(np.bincount(resized.region, minlength=resized.area.size), resized.area)
        assert np.array_equal(resized.frame[resized.region], resized.pixel // (height * width))
        assert set(resized.track.tolist()) == set(range(resized.tracks))
        assert resized.tracks <= regions.tracks
        same = regions.resized(*masks.shape[1:])
        for name in ("pixel", "region", "frame", "track", "area"):
            assert np.array_equal(getattr(same, name), getattr(regions, name))

    def test_a_region_stays_one_when_it_is_resized(self) -> None:
        """A thin link that falls between pixels does not make two regions of one."""
        masks = np.zeros((1, 6, 12), dtype=bool)
        masks[0, :, :3] = masks[0, :, 9:] = masks[0, 2, :] = True
        assert find_regions(masks, [0]).resized(2, 4).area.tolist() == [4]
        assert find_regions(masks, [0]).resized(3, 6).area.size == 1

    def test_long_videos_are_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Labelling a few frames at a time changes nothing."""
        masks = np.random.default_rng(0).random((11, 8, 9)) > 0.6
        whole = find_regions(masks, np.arange(11))
        monkeypatch.setattr(regions_module, "_FRAMES_AT_ONCE", 3)
        parts = find_regions(masks, np.arange(11))
        for name in ("pixel", "region", "frame", "track", "area"):
            assert np.array_equal(getattr(parts, name), getattr(whole, name))

    def test_overlap_goes_on_with_a_track(self) -> None:
        """Two boxes that move by less than their length are two tracks over all frames."""
        regions = find_regions(boxes([(0, 4), (10, 14)], [(2, 6), (9, 13)], [(4, 8), (8 + 4, 16)]), [5, 6, 7])
        assert regions.track.tolist() == [0, 1, 0, 1, 0, 1]

    def test_no_overlap_begins_a_track(self) -> None:
        """A box that jumps, or comes back after a frame without it, is a new track."""
        assert find_regions(boxes([(0, 4)], [(4, 8)]), [0, 1]).track.tolist() == [0, 1]
        assert find_regions(boxes([(0, 4)], [], [(0, 4)]), [0, 1, 2]).track.tolist() == [0, 1]

    def test_frames_between_that_were_not_scored_part_tracks(self) -> None:
        """Only neighbouring frame numbers are linked."""
        assert find_regions(boxes([(0, 4)], [(0, 4)]), [0, 2]).track.tolist() == [0, 1]

    def test_the_largest_sum_of_overlaps_decides(self) -> None:
        """Of two boxes that could go on with one track, the one that overlaps more does; the other begins one."""
        assert find_regions(boxes([(0, 10)], [(0, 2), (4, 10)]), [0, 1]).track.tolist() == [0, 1, 0]
        assert find_regions(boxes([(0, 2), (4, 10)], [(0, 10)]), [0, 1]).track.tolist() == [0, 1, 1]

    def test_known_objects_name_their_tracks(self) -> None:
        """With known centres a region has the track of the nearest one in its frame, jump or not."""
        masks = boxes([(0, 4), (10, 14)], [(0, 4)], [(16, 20)])
        centres = np.array([[5, 7, 0.1, 0.5], [5, 3, 0.6, 0.5], [6, 3, 0.1, 0.5], [7, 3, 0.9, 0.5], [8, 9, 0.5, 0.5]])
        regions = find_regions(masks, [5, 6, 7], centres)
        assert regions.track.tolist() == [1, 0, 0, 0]

    def test_a_region_without_an_object_is_refused(self) -> None:
        """A mask that the object table knows nothing of is named by its frame."""
        with pytest.raises(StudyError, match="frame 6"):
            find_regions(boxes([(0, 4)], [(0, 4)]), [5, 6], np.array([[5, 0, 0.1, 0.5]]))

    def test_frames_and_masks_must_match(self) -> None:
        """As many numbers as masks are wanted, and at least one."""
        with pytest.raises(StudyError, match="one number a mask"):
            find_regions(boxes([(0, 4)]), [0, 1])
        with pytest.raises(StudyError, match="n > 0 masks"):
            find_regions(boxes(), [])
