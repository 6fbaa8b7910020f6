"""Heat maps, bright spots, luminosity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.heat_map import heat_map, shrink_luminosity, suppress_bright_spots

ERROR = np.random.default_rng(0).random((12, 16)).astype(np.float32)


class TestHeatMap:
    @given(st.floats(0.2, 4), st.floats(1e-3, 1e3))
    def test_is_in_range_and_free_of_scale(self, exponent: float, scale: float) -> None:
        """Heat is in [0, 1] with its top at 1, whatever unit the error has."""
        heat = heat_map(ERROR, exponent)
        assert heat.min() >= 0
        assert heat.max() == 1
        np.testing.assert_allclose(heat_map(np.float32(scale) * ERROR, exponent), heat, rtol=1e-4, atol=1e-6)

    def test_exponent_darkens_the_background(self) -> None:
        """Above 1, what is below the peak loses; the order stays."""
        plain, steep = heat_map(ERROR), heat_map(ERROR, 3.0)
        assert (steep <= plain).all()
        np.testing.assert_array_equal(np.argsort(steep, axis=None), np.argsort(plain, axis=None))

    def test_one_peak_for_all_frames(self) -> None:
        """With a peak given, a frame of little error has little heat, and heat never exceeds 1."""
        assert heat_map(ERROR, peak=10.0).max() <= 0.1
        assert heat_map(20 * ERROR, peak=10.0).max() == 1

    def test_region(self) -> None:
        """Outside the region there is no heat, and its errors do not set the peak."""
        region = np.zeros(ERROR.shape, bool)
        region[:6] = True
        raised = np.where(region, ERROR, 100).astype(np.float32)
        heat = heat_map(raised, region=region)
        assert (heat[~region] == 0).all()
        assert heat.max() == 1

    def test_no_error_no_heat(self) -> None:
        """A perfect frame is black, not undefined."""
        assert (heat_map(np.zeros((4, 4), np.float32)) == 0).all()

    @pytest.mark.parametrize(("exponent", "peak", "sign"), [(0.0, None, 1), (1.0, 0.0, 1), (1.0, None, -1)])
    def test_refuses_what_has_no_heat(self, exponent: float, peak: float | None, sign: int) -> None:
        """Exponents and peaks not above 0, and negative errors."""
        with pytest.raises(ValueError, match="Expected"):
            heat_map(sign * ERROR, exponent, peak=peak)


class TestSuppressBrightSpots:
    @pytest.mark.parametrize("channels", [1, 3])
    def test_sets_bright_spots_to_the_mean(self, channels: int) -> None:
        """A reflection becomes the mean colour, the rest stays."""
        frame = np.full((20, 20, channels), 0.4, np.float32)
        frame[::2] += 0.02
        frame[5:7, 5:7] = 1.0
        spotless = suppress_bright_spots(frame)
        np.testing.assert_allclose(
            spotless[5:7, 5:7], np.broadcast_to(frame.mean(axis=(0, 1)), (2, 2, channels)), rtol=1e-5, atol=1e-6
        )
        frame[5:7, 5:7] = spotless[5:7, 5:7]
        np.testing.assert_array_equal(spotless, frame)

    def test_only_in_the_region(self) -> None:
        """What is bright outside the region stays, and does not move the mean."""
        frame = np.full((20, 20, 3), 0.4, np.float32)
        frame[::2] += 0.02
        frame[:4] = 1.0
        region = np.ones((20, 20), bool)
        region[:4] = False
        np.testing.assert_array_equal(suppress_bright_spots(frame, region), frame)
        nowhere = np.zeros((20, 20), bool)
        np.testing.assert_array_equal(suppress_bright_spots(frame, nowhere), frame)


class TestShrinkLuminosity:
    def test_scales(self) -> None:
        """[0, 1] becomes [0, top]."""
        frame = np.array([[[0.0], [1.0]]], np.float32)
        np.testing.assert_allclose(shrink_luminosity(frame, 0.8).ravel(), [0, 0.8])

    @pytest.mark.parametrize("top", [0.0, 1.1])
    def test_refuses_what_is_no_smaller_range(self, top: float) -> None:
        """The top is above 0 and at most 1."""
        with pytest.raises(ValueError, match="above 0 and at most 1"):
            shrink_luminosity(np.zeros((1, 1, 1), np.float32), top)
