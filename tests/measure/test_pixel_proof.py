from dataclasses import replace

import numpy as np
import pytest

from benchmarks.measure.pixel_proof import linked_tracks, prove
from benchmarks.measure.regions import Regions, find_regions


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


class TestProve:
    def test_every_expectation_is_met(self, truth: list[Regions]) -> None:
        """All maps of a set with one track a video give what follows from its counts."""
        for proof in prove(truth):
            assert proof.holds, proof

    def test_expected_values_are_those_of_the_counts(self, truth: list[Regions]) -> None:
        """A fourth of the tracks is a fourth of TBDC; half of the regions half of RBDC and nothing of TBDC."""
        found = {proof.map: proof.expected for proof in prove(truth)}
        assert found["the mask without one track"]["tbdc"] == 0.75
        assert found["the mask without one track"]["rbdc"] == 0.75
        assert found["the mask without every second region"]["rbdc"] == 0.5
        assert found["the mask without every second region"]["tbdc"] == 1.0
        assert found["the mask, and a false region in every second frame"]["tbdc"] == 0.75

    def test_a_wrong_metric_is_told(self, truth: list[Regions]) -> None:
        """A proof whose metric is off by more than its tolerance does not hold, nor one that is undefined."""
        first = prove(truth)[0]
        for wrong in (0.999, None):
            assert not replace(first, measured=replace(first.measured, tbdc=wrong)).holds


class TestLinkedTracks:
    def test_tracks_that_overlap_are_found_again(self, truth: list[Regions]) -> None:
        """Where objects move by less than their length, linking finds the true tracks."""
        found = linked_tracks(truth)
        assert (found.true, found.linked, found.same) == (4, 4, True)

    def test_other_tracks_are_told(self, truth: list[Regions]) -> None:
        """Two true tracks that overlap from frame to frame are linked to one, which is not the same."""
        split = replace(truth[0], track=(np.arange(truth[0].area.size) >= 6).astype(np.int64))
        found = linked_tracks([split])
        assert (found.true, found.linked, found.same) == (2, 1, False)
