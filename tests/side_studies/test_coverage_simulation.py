import numpy as np
import pytest

from benchmarks.measure.statistics import VideoPairs
from side_studies.coverage import simulation
from side_studies.coverage.simulation import (
    LENGTHS,
    SEEDS,
    coverage_over_seeds,
    coverage_over_videos,
    draw_footage,
    run_differences,
    win_matrices,
)


class TestFootage:
    def test_has_ped2s_structure(self) -> None:
        """Twelve videos, 2,010 frames of which 1,648 are abnormal, four videos of one class."""
        footage = draw_footage(np.random.default_rng(0), bias=0.0)
        assert (footage.label.size, int(footage.label.sum())) == (2010, 1648)
        whole = [bool(footage.label[footage.video == video].all()) for video in range(len(LENGTHS))]
        assert sum(whole) == 4


class TestWinMatrices:
    def test_are_those_of_video_pairs(self) -> None:
        """Without ties the fast count is the project's own."""
        generator = np.random.default_rng(0)
        footage = draw_footage(generator, bias=0.0)
        scores = generator.normal(size=(2, footage.label.size))
        fast = win_matrices(scores, footage.label, footage.video, generator)
        for row, wins in zip(scores, fast, strict=True):
            names = np.array([f"{video:02d}" for video in footage.video])
            np.testing.assert_allclose(wins, VideoPairs.of(row, footage.label.astype(int), names).wins)


class TestRunDifferences:
    def test_a_larger_effect_gives_a_larger_difference(self) -> None:
        """The mean difference grows with the effect and is near 0 without one."""
        footage = draw_footage(np.random.default_rng(2), bias=0.0)
        means = [
            100 * run_differences(footage, 60, effect, np.random.default_rng(3)).by_seed().mean()
            for effect in (0.0, 0.1)
        ]
        assert abs(means[0]) < 2
        assert means[1] > means[0] + 2


class TestCoverage:
    @pytest.mark.parametrize("scenario", ["null", "two points"])
    def test_the_reported_interval_holds_the_truth(self, scenario: str) -> None:
        """A small seeded simulation: Student's t holds the truth about as often as it says, percentile does not."""
        rows = {(row.interval, row.seeds): row for row in coverage_over_seeds(scenario, 150, seed=4)}
        assert {seeds for _, seeds in rows} == set(SEEDS)
        # 150 studies: two standard errors are 3.6 points
        mean = np.mean([rows["student_t", seeds].covered for seeds in SEEDS])
        assert 0.92 < mean < 0.98
        assert rows["percentile", 3].covered < rows["student_t", 3].covered - 0.08
        if scenario == "null":
            assert rows["student_t", 3].effect == 0
            assert max(rows["student_t", seeds].reproduced for seeds in SEEDS) <= 0.05

    def test_a_second_look_errs_more_often_than_one(self) -> None:
        """Seeds added while nothing is decided leave the truth out at least as often as the first look alone."""
        rows = {(row.interval, row.seeds): row for row in coverage_over_seeds("null", 150, seed=4)}
        assert rows["3, 6, 12", 12].covered <= rows["3, 6", 6].covered <= rows["student_t", 3].covered
        assert rows["3, 6", 6].above + rows["3, 6", 6].below == pytest.approx(1 - rows["3, 6", 6].covered)

    def test_seeds_alone_do_not_speak_of_other_videos(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where videos differ, an interval over twelve seeds misses the truth of other videos more than one over both."""
        monkeypatch.setattr(simulation, "SEEDS", (12,))
        rows = {row.interval: row for row in coverage_over_videos("null, videos differ more", 60)}
        assert rows["student_t"].covered < rows["hierarchical_bootstrap"].covered
        assert rows["student_t"].covered < 0.8
