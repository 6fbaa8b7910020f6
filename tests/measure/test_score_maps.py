import numpy as np
import pytest

from benchmarks.measure.score_maps import smooth


class TestSmooth:
    def test_a_bright_pixel_becomes_a_hill(self) -> None:
        """One pixel is spread by a standard deviation of a sixty-fourth of the side, frame by frame, keeping its sum."""
        maps = np.zeros((2, 128, 128), dtype=np.float32)
        maps[0, 60, 70] = 1.0
        hill, empty = smooth(maps)
        rows = np.arange(128) - 60
        assert hill.sum() == pytest.approx(1, abs=1e-5)
        assert (hill.sum(axis=1) * rows**2).sum() ** 0.5 == pytest.approx(2, rel=0.02)
        assert np.unravel_index(hill.argmax(), hill.shape) == (60, 70)
        assert not empty.any()

    def test_a_constant_stays(self) -> None:
        """Edges do not darken."""
        assert smooth(np.full((1, 32, 32), 0.5, np.float32)) == pytest.approx(0.5)
