"""Pixel metrics of maps whose values follow from counts (tests/support/known_maps.py)."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.measure.regions import Regions, find_regions
from tests.support.known_maps import known_maps, linked, same_tracks


@pytest.fixture(scope="module")
def truth() -> list[Regions]:
    """Regions of four videos of 24 frames, in the middle of which a box of 4 x 4 pixels moves through 48 x 48."""
    videos = []
    for start in (8, 12, 16, 20):
        masks = np.zeros((24, 48, 48), dtype=bool)
        for frame in range(6, 18):
            masks[frame, start : start + 4, frame + 4 : frame + 8] = True
        videos.append(find_regions(masks, np.arange(24)))
    return videos


class TestKnownMaps:
    @pytest.mark.parametrize("index", range(8))
    def test_every_expectation_is_met(self, truth: list[Regions], index: int) -> None:
        """All maps of a set with one track a video give what follows from its counts."""
        known = known_maps(truth)
        assert len(known) == 8
        assert known[index].unmet(truth) == {}, known[index].name

    def test_expected_values_are_those_of_the_counts(self, truth: list[Regions]) -> None:
        """A fourth of the tracks is a fourth of TBDC; half of the regions half of RBDC and nothing of TBDC."""
        found = {known.name: known.expected for known in known_maps(truth)}
        assert found["the mask without one track"]["tbdc"] == 0.75
        assert found["the mask without one track"]["rbdc"] == 0.75
        assert found["the mask without every second region"]["rbdc"] == 0.5
        assert found["the mask without every second region"]["tbdc"] == 1.0
        assert found["the mask, and a false region in every second frame"]["tbdc"] == 0.75

    def test_a_value_that_is_not_met_is_named(self, truth: list[Regions]) -> None:
        """Another expectation than that of the counts is not met, nor is one of a metric that is undefined."""
        first = known_maps(truth)[0]
        assert replace(first, expected=first.expected | {"tbdc": 0.999}).unmet(truth) == {"tbdc": (0.999, 1.0)}
        nothing = find_regions(np.zeros(truth[0].shape, dtype=bool), np.arange(24))
        assert set(first.unmet([nothing] * 4)) == {"pixel_auc", "pro", "rbdc", "tbdc"}


class TestLinked:
    def test_tracks_that_overlap_are_found_again(self, truth: list[Regions]) -> None:
        """Where objects move by less than their length, linking finds the true tracks."""
        assert same_tracks(truth, linked(truth))
        assert [own.tracks for own in linked(truth)] == [1, 1, 1, 1]

    def test_other_tracks_are_told(self, truth: list[Regions]) -> None:
        """Two true tracks that overlap from frame to frame are linked to one, which is not the same."""
        split = [replace(truth[0], track=(np.arange(truth[0].area.size) >= 6).astype(np.int64))]
        assert [own.tracks for own in linked(split)] == [1]
        assert not same_tracks(split, linked(split))
