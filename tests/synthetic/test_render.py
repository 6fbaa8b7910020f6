"""Drawing of the shapes."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.render import background, circle_coverage, draw, square_coverage, to_grey

sub_pixel = st.floats(0, 1, exclude_max=True)


def centre_of_mass(patch: npt.NDArray[np.floating]) -> tuple[float, float]:
    """Centre (x, y) in continuous pixels."""
    rows, columns = (np.arange(length) + 0.5 for length in patch.shape)
    return float((patch.sum(0) * columns).sum() / patch.sum()), float((patch.sum(1) * rows).sum() / patch.sum())


class TestCoverage:
    """Circles and squares at sub-pixel places."""

    @given(sub_pixel, sub_pixel, st.floats(2, 10))
    def test_area_is_that_of_the_shape(self, x: float, y: float, radius: float) -> None:
        """A circle's sum is its area, wherever it lies, and so is that of the square of equal area: within 1 %."""
        pixels, half = math.ceil(2 * radius) + 2, radius * math.sqrt(math.pi) / 2
        place = np.array([x + radius]), np.array([y + radius])
        circle, square = circle_coverage(*place, radius, pixels).sum(), square_coverage(*place, half, pixels).sum()
        assert circle == pytest.approx(math.pi * radius**2, rel=2e-3)
        assert square == pytest.approx(math.pi * radius**2, rel=1e-9)

    # Below a half side of 3.2 the pixel grid itself (not the drawing) shifts a square's centre of mass by more.
    @given(sub_pixel, sub_pixel, st.floats(3.2, 10), st.booleans())
    def test_centre_of_mass_is_the_place(self, x: float, y: float, half: float, square: bool) -> None:
        """The place can be read back to a fiftieth of a pixel."""
        cover = square_coverage if square else circle_coverage
        patch = cover(np.array([x + half]), np.array([y + half]), half, math.ceil(2 * half) + 2)[0]
        assert centre_of_mass(patch) == pytest.approx((x + half, y + half), abs=0.02)

    def test_inside_is_full_and_outside_empty(self) -> None:
        """Pixels wholly inside are covered by 1, wholly outside by 0, and only edges lie between."""
        circle = circle_coverage(np.array([6.0]), np.array([6.0]), 5.0, 12)[0]
        rows, columns = np.mgrid[:12, :12] + 0.5
        distance = np.hypot(rows - 6, columns - 6)
        assert (circle[distance < 4.2] == 1).all()
        assert (circle[distance > 5.8] == 0).all()
        assert circle.max() <= 1

    def test_circle_is_round(self) -> None:
        """The same circle comes out of a quarter turn."""
        circle = circle_coverage(np.array([6.0]), np.array([6.0]), 5.0, 12)[0]
        np.testing.assert_allclose(circle, circle.T, atol=0.02)


class TestDraw:
    """Objects in frames."""

    def test_frames_of_their_own(self) -> None:
        """Each object is drawn in its own frame at its own place, and masked where it covers half a pixel."""
        visible, masks = np.ones((3, 32, 32), np.float32), np.zeros((3, 32, 32), np.bool_)
        place = np.array([8.3, 20.7]), np.array([9.1, 15.5])
        draw(visible, np.array([0, 2]), place, 4.0, square=False, masks=masks)
        assert centre_of_mass(1 - visible[0]) == pytest.approx((8.3, 9.1), abs=0.02)
        assert centre_of_mass(1 - visible[2]) == pytest.approx((20.7, 15.5), abs=0.02)
        assert (visible[1] == 1).all()
        np.testing.assert_array_equal(masks, visible <= 0.5)

    @pytest.mark.parametrize(
        ("x", "y", "share"), [(0, 16, 0.5), (16, 32, 0.5), (32, 0, 0.25), (-9, 16, 0), (16, 50, 0)]
    )
    def test_cut_at_the_edge(self, x: float, y: float, share: float) -> None:
        """What lies outside the frame is not drawn, and nothing comes in at the other side."""
        visible = np.ones((1, 32, 32), np.float32)
        draw(visible, np.array([0]), (np.array([float(x)]), np.array([float(y)])), 4.0, square=True)
        assert (1 - visible).sum() == pytest.approx(share * 64)

    def test_no_object(self) -> None:
        """Nothing to draw changes nothing."""
        visible = np.ones((1, 8, 8), np.float32)
        draw(visible, np.array([], dtype=np.int64), (np.array([]), np.array([])), 2.0, square=True)
        assert (visible == 1).all()


class TestBackground:
    """Flat or textured background."""

    def test_flat_without_texture(self) -> None:
        """Texture 0 is one grey level."""
        assert (background(16, 32, 0, np.random.default_rng(0)) == 32).all()

    def test_texture_has_its_amplitude_and_is_smooth(self) -> None:
        """Standard deviation as set about the level; neighbours are alike."""
        behind = background(128, 100, 8, np.random.default_rng(0))
        assert (behind.mean(), behind.std()) == pytest.approx((100, 8), rel=1e-3)
        assert np.abs(np.diff(behind, axis=0)).mean() < 4


class TestToGrey:
    """Rounding."""

    def test_rounds_and_clips(self) -> None:
        """To the nearest level, within 0 and 255."""
        assert to_grey(np.array([-3, 0.4, 0.6, 254.6, 300], np.float32)).tolist() == [0, 0, 1, 255, 255]
